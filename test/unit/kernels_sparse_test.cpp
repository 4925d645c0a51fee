// Sparse vectors: every table against a map of the indices.

#include <cmath>
#include <limits>
#include <set>

#include "support/every_table.h"
#include "support/reference.h"

namespace {

using namespace vec::kernels;
using namespace vec::test;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Sparse {
  std::vector<std::int32_t> indices;
  std::vector<float> values;

  SparseView view() const { return {indices.data(), values.data(), indices.size()}; }
};

/// `count` pairs with indices below `range`.
Sparse random_sparse(std::mt19937& random, std::size_t count, std::int32_t range) {
  std::set<std::int32_t> indices;
  std::uniform_int_distribution<std::int32_t> uniform(0, range - 1);
  while (indices.size() < count) indices.insert(uniform(random));
  return {{indices.begin(), indices.end()}, random_floats(random, count)};
}

void expect_near_reference(const KernelTable& table, const Sparse& a, const Sparse& b) {
  const Misplaced<std::int32_t> at_a(a.indices, 1), at_b(b.indices, 2);
  const Misplaced<float> of_a(a.values, 3), of_b(b.values, 1);
  const SparseView x = {at_a.data(), of_a.data(), a.indices.size()};
  const SparseView y = {at_b.data(), of_b.data(), b.indices.size()};
  Sum l2, dot, l1;
  for (const auto& [index, pair] : joined(a.view(), b.view())) {
    l2.add((pair.first - pair.second) * (pair.first - pair.second));
    dot.add(pair.first * pair.second);
    l1.add(std::fabs(pair.first - pair.second));
  }
  const std::size_t n = a.indices.size() + b.indices.size();
  const auto where = testing::Message() << a.indices.size() << " and " << b.indices.size();
  EXPECT_NEAR(table.l2_squared_sparse(x, y), l2.value, l2.tolerance(n)) << where;
  EXPECT_NEAR(table.dot_sparse(x, y), dot.value, dot.tolerance(n)) << where;
  EXPECT_NEAR(table.l1_sparse(x, y), l1.value, l1.tolerance(n)) << where;
}

using SparseKernelsOf = EveryTable;

TEST_P(SparseKernelsOf, AgreeWithDoubleForAnyPairOfSizes) {
  std::mt19937 random(1);
  for (std::size_t n = 0; n <= 50; ++n) {
    for (std::size_t m = 0; m <= 50; ++m) {
      const std::int32_t range = static_cast<std::int32_t>(n + m + 2);  // about half are shared
      expect_near_reference(table(), random_sparse(random, n, range),
                            random_sparse(random, m, range));
    }
  }
}

TEST_P(SparseKernelsOf, AgreeWithDoubleForAnyOverlap) {
  std::mt19937 random(2);
  for (std::int32_t range : {300, 350, 500, 1000, 10000, 1000000000}) {
    for (int round = 0; round < 10; ++round) {
      expect_near_reference(table(), random_sparse(random, 300, range),
                            random_sparse(random, 251 + 7 * round % 50, range));
    }
  }
}

TEST_P(SparseKernelsOf, AgreeWithDoubleIfOneIsMuchLonger) {
  std::mt19937 random(3);
  for (std::size_t few : {0, 1, 2, 3, 15, 16, 17, 40}) {
    for (std::size_t many : {8, 129, 400, 1000, 3000}) {
      const std::int32_t range = static_cast<std::int32_t>(2 * many + few);
      const Sparse a = random_sparse(random, few, range), b = random_sparse(random, many, range);
      expect_near_reference(table(), a, b);
      expect_near_reference(table(), b, a);
    }
  }
}

TEST_P(SparseKernelsOf, EveryPlaceOfTheOneSharedIndexIsFound) {
  for (std::int32_t n : {1, 15, 16, 17, 40}) {
    Sparse even, odd;
    for (std::int32_t i = 0; i < n; ++i) {
      even.indices.push_back(2 * i);
      odd.indices.push_back(2 * i + 1);
      even.values.push_back(static_cast<float>(i + 1));
      odd.values.push_back(static_cast<float>(100 * (i + 1)));
    }
    EXPECT_EQ(table().dot_sparse(even.view(), odd.view()), 0);
    for (std::int32_t i = 0; i < n; ++i) {
      for (std::int32_t other : {i - 1, i}) {  // 2 * i is free between the odd ones there
        if (other < 0) continue;
        Sparse changed = odd;
        changed.indices[static_cast<std::size_t>(other)] = 2 * i;
        const float wanted =
            even.values[static_cast<std::size_t>(i)] * odd.values[static_cast<std::size_t>(other)];
        EXPECT_EQ(table().dot_sparse(even.view(), changed.view()), wanted) << n << " " << i;
        EXPECT_EQ(table().dot_sparse(changed.view(), even.view()), wanted) << n << " " << i;
      }
    }
  }
}

TEST_P(SparseKernelsOf, OnlySharedIndicesMeetInTheInnerProduct) {
  for (std::int32_t n : {1, 20, 500}) {
    Sparse a, b;
    for (std::int32_t i = 0; i < n; ++i) {
      a.indices.push_back(i);
      a.values.push_back(i % 2 == 0 ? kInf : kNan);
    }
    b.indices = {n, n + 1};
    b.values = {1, 2};
    EXPECT_EQ(table().dot_sparse(a.view(), b.view()), 0);
    EXPECT_EQ(table().dot_sparse(b.view(), a.view()), 0);
  }
}

TEST_P(SparseKernelsOf, NanInfinityAndOverflowShow) {
  const Sparse nan = {{3}, {kNan}}, inf = {{3}, {kInf}}, big = {{3}, {3e38f}},
               small = {{3}, {-3e38f}};
  const Sparse other = {{5}, {1}};
  EXPECT_TRUE(std::isnan(table().l2_squared_sparse(nan.view(), other.view())));
  EXPECT_TRUE(std::isnan(table().l1_sparse(other.view(), nan.view())));
  EXPECT_TRUE(std::isnan(table().dot_sparse(nan.view(), nan.view())));
  EXPECT_EQ(table().l2_squared_sparse(inf.view(), other.view()), kInf);
  EXPECT_EQ(table().l2_squared_sparse(big.view(), small.view()), kInf);
  EXPECT_EQ(table().dot_sparse(big.view(), small.view()), -kInf);
  EXPECT_EQ(table().l1_sparse(big.view(), small.view()), kInf);
}

TEST_P(SparseKernelsOf, EmptyVectorsAreZero) {
  const Sparse none, some = {{1, 7}, {3, 4}};
  EXPECT_EQ(table().l2_squared_sparse(none.view(), none.view()), 0);
  EXPECT_EQ(table().l2_squared_sparse(none.view(), some.view()), 25);
  EXPECT_EQ(table().dot_sparse(some.view(), none.view()), 0);
  EXPECT_EQ(table().l1_sparse(some.view(), none.view()), 7);
}

VEC_FOR_EVERY_TABLE(SparseKernelsOf);

}  // namespace

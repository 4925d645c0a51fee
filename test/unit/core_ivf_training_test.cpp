#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <set>
#include <vector>

#include "core/ivf/assign.h"
#include "core/ivf/kmeans.h"
#include "core/ivf/nearest.h"
#include "core/rng.h"
#include "kernels/kernels.h"
#include "support/hnsw_data.h"

namespace vec::ivf {
namespace {

using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }
void no_check() {}

TEST(Kmeans, TakesEveryDistinctValueIfThereAreNoMoreThanLists) {
  const auto format = codes::choose_format(codes::Element::kBit, codes::Metric::kHamming, 3);
  Samples samples(format, heap());
  for (int i = 0; i < 100; ++i) {
    const auto bits = static_cast<std::uint8_t>((i % 8) << 5);
    codes::Value value{};
    value.bits = &bits;
    ASSERT_TRUE(samples.add(value));
  }
  Rng rng(1);
  const CenterCodes centers = train(samples, 100, rng, no_check, heap());
  ASSERT_EQ(centers.size(), 100U);
  std::set<std::byte> first(centers.begin(), centers.begin() + 8);
  EXPECT_EQ(first.size(), 8U);
  for (const std::byte center : centers) EXPECT_EQ(center & std::byte{0x1F}, std::byte{0});
}

TEST(Kmeans, ManagesWithoutSamples) {
  for (const auto& format : test::list_formats()) {
    Samples samples(format, heap());
    Rng rng(1);
    const CenterCodes centers = train(samples, 7, rng, no_check, heap());
    EXPECT_EQ(centers.size(), 7 * center_format(format).code_bytes);
  }
}

TEST(Kmeans, LeavesOutWhatHasNoDirection) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kCosine, 3);
  Samples samples(format, heap());
  const float zero[3] = {0, 0, 0};
  const float three[3] = {0, 3, 0};
  codes::Value value{};
  value.floats = zero;
  EXPECT_FALSE(samples.add(value));
  value.floats = three;
  EXPECT_TRUE(samples.add(value));
  EXPECT_EQ(samples.size(), 1U);
  Rng rng(1);
  const CenterCodes centers = train(samples, 1, rng, no_check, heap());
  float center[3];
  std::memcpy(center, centers.data(), sizeof center);
  EXPECT_EQ(center[1], 1);
}

TEST(Kmeans, FindsClusters) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 64);
  for (const double scale : {1e-30, 1e-3, 1.0, 1e18, 1e37}) {
    Samples samples(format, heap());
    Rng rng(1);
    std::vector<float> row(64);
    for (int i = 0; i < 400; ++i) {
      for (std::size_t d = 0; d < row.size(); ++d) {
        row[d] = static_cast<float>(
            scale * ((i % 8 == static_cast<int>(d % 8) ? 1 : 0) + 0.01 * rng.uniform()));
      }
      codes::Value value{};
      value.floats = row.data();
      samples.add(value);
    }
    const CenterCodes codes = train(samples, 8, rng, no_check, heap());
    std::set<std::size_t> clusters;
    for (std::size_t list = 0; list < 8; ++list) {
      float center[64];
      std::memcpy(center, codes.data() + list * sizeof center, sizeof center);
      const auto top = std::max_element(center, center + 8) - center;
      EXPECT_NEAR(center[top] / scale, 1.005, 0.01) << scale;
      clusters.insert(static_cast<std::size_t>(top));
    }
    EXPECT_EQ(clusters.size(), 8U) << scale;
  }
}

TEST(Kmeans, LeavesNoListEmptyThatCouldHaveRows) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 40);
  const Values values(format, 60, 4);
  Samples samples(format, heap());
  for (std::size_t i = 0; i < values.size(); ++i) samples.add(values[i]);
  Rng rng(3);
  const CenterCodes centers = train(samples, 50, rng, no_check, heap());
  Assigner assigner(format, centers, heap());
  for (std::size_t i = 0; i < values.size(); ++i) assigner.add(values[i]);
  std::vector<ListNo> lists(kRowBlock);
  assigner.assign(lists.data());
  EXPECT_GE(std::set<ListNo>(lists.begin(), lists.begin() + 60).size(), 45U);
}

/// Memory with zeros behind each piece, which must stay.
class WatchedMemory : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t kBehind = 1024;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    auto* memory = static_cast<std::byte*>(heap()->allocate(bytes + kBehind, alignment));
    std::memset(memory + bytes, 0, kBehind);
    return memory;
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    const std::byte* behind = static_cast<std::byte*>(memory) + bytes;
    EXPECT_TRUE(std::all_of(behind, behind + kBehind, [](std::byte b) { return b == std::byte{}; }))
        << "written beyond the end";
    heap()->deallocate(memory, bytes + kBehind, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(Kmeans, ManagesWithRoundsThatTakeNobody) {
  // Nearer to most values than these are to one another: the zeros behind the candidates.
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 48);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    WatchedMemory memory;
    Samples samples(format, &memory);
    std::vector<float> row(format.dims);
    for (int i = 0; i < 300; ++i) {
      for (float& x : row) x = static_cast<float>(rng.uniform() - 0.5);
      codes::Value value{};
      value.floats = row.data();
      samples.add(value);
    }
    for (const std::size_t lists : {1, 2, 3}) {
      EXPECT_EQ(train(samples, lists, rng, no_check, &memory).size(),
                lists * center_format(format).code_bytes);
    }
  }
}

TEST(Assigner, IsRightFarFromTheOrigin) {
  // Squares of the values are larger than the squared distances by more than floats can tell.
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 48);
  Rng rng(9);
  std::vector<std::vector<float>> rows(200, std::vector<float>(48));
  for (auto& row : rows) {
    for (float& x : row) x = static_cast<float>(5000 + rng.uniform());
  }
  CenterCodes centers(heap());
  for (std::size_t i = 0; i < 20; ++i) {
    const auto* bytes = reinterpret_cast<const std::byte*>(rows[i].data());
    centers.insert(centers.end(), bytes, bytes + 48 * sizeof(float));
  }
  Assigner assigner(format, centers, heap());
  for (std::size_t i = 0; i < 100; ++i) {
    codes::Value value{};
    value.floats = rows[i].data();
    assigner.add(value);
  }
  std::vector<ListNo> lists(kRowBlock);
  assigner.assign(lists.data());
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(lists[i], i);
}

/// Rows and centers that small integers find easy, hard, and next to impossible to tell apart.
struct NearestCase {
  const char* name;
  double offset;   // of everything
  double heaps;    // distance of the heaps that values lie in; 0 for one heap
  double spread;   // within a heap
  double longest;  // a value now and then is so many times as long
};
constexpr NearestCase kNearestCases[] = {
    {"around zero", 0, 0, 1, 1},
    {"all positive", 0.5, 0, 1, 1},
    {"far away", 5000, 0, 1, 1},
    {"heaps", 0, 100, 0.01, 1},
    {"some long", 0, 0, 1, 1000},
    {"tiny", 0, 0, 1e-13, 1},
    {"huge", 0, 0, 1e13, 1},
    {"nearly equal", 1, 0, 1e-6, 1},
    {"too long for squares", 0, 0, 1, 1e30},
};

constexpr std::size_t kRows = 150;

/// `count` centers and after them kRows rows, the first of which is the first center.
std::vector<float> centers_and_rows(const NearestCase& data, std::size_t count, std::size_t dims,
                                    Rng& rng) {
  std::vector<float> values((count + kRows) * dims);
  for (std::size_t i = 0; i < count + kRows; ++i) {
    const double heap = data.heaps * static_cast<double>(rng.below(3));
    const double longer = rng.below(20) == 0 ? data.longest : 1;
    for (std::size_t d = 0; d < dims; ++d) {
      const double x = data.offset + heap + data.spread * (rng.uniform() - 0.5);
      values[i * dims + d] = static_cast<float>(x * longer);
    }
  }
  std::copy_n(values.data(), dims, values.data() + count * dims);
  return values;
}

TEST(NearestFinder, LeavesOutNoCenterThatMayBeNearestWithAnyTable) {
  const std::string before = kernels::active().name;
  Rng rng(4);
  for (const NearestCase& data : kNearestCases) {
    for (const auto& [count, dims] : {std::pair{1U, 50U}, {31U, 24U}, {64U, 127U}, {300U, 33U}}) {
      const std::vector<float> values = centers_and_rows(data, count, dims, rng);
      const float* rows = values.data() + count * dims;
      std::vector<float> origin(dims, static_cast<float>(data.offset));
      for (const auto* table : kernels::available()) {
        ASSERT_TRUE(kernels::choose(table->name));
        for (const By by : {By::kDistance, By::kProduct}) {
          NearestFinder finder(dims, by, heap());
          finder.set_origin(origin.data());
          finder.set_rows(rows, kRows);
          finder.set_centers(values.data(), count);
          const auto& kernel = kernels::active();
          std::size_t seen = 0;
          const auto check = [&](std::size_t i, std::span<const std::uint32_t> found) {
            ++seen;
            const float* row = rows + i * dims;
            std::set<std::uint32_t> centers(found.begin(), found.end());
            ASSERT_EQ(centers.size(), found.size());
            if (centers.empty()) {
              ASSERT_GT(data.longest, 1e20) << data.name;
              return;
            }
            ASSERT_LT(*centers.rbegin(), count);
            const auto exact = [&](std::size_t c) {
              double sum = 0;
              for (std::size_t d = 0; d < dims; ++d) {
                const double x = row[d], y = values[c * dims + d];
                sum += by == By::kDistance ? (x - y) * (x - y) : -x * y;
              }
              return sum;
            };
            const auto operators = [&](std::size_t c) {
              const float* center = values.data() + c * dims;
              return by == By::kDistance ? kernel.l2_squared_f32(row, center, dims)
                                         : -kernel.dot_f32(row, center, dims);
            };
            std::uint32_t nearest = 0, of_operator = 0;
            for (std::uint32_t c = 1; c < count; ++c) {
              if (exact(c) < exact(nearest)) nearest = c;
              if (operators(c) < operators(of_operator)) of_operator = c;
            }
            EXPECT_TRUE(centers.contains(nearest)) << data.name << ", " << table->name;
            EXPECT_TRUE(centers.contains(of_operator)) << data.name << ", " << table->name;
          };
          finder.find(0, kRows, true, check);
          EXPECT_EQ(seen, kRows);
          finder.find(kRows - 22, kRows, true, check);
          EXPECT_EQ(seen, kRows + 22);
        }
      }
    }
  }
  ASSERT_TRUE(kernels::choose(before.c_str()));
}

/// Exact where codes might be wrong by more than a third.
TEST(NearestFinder, KnowsAboutHowFarEachCenterIsWithAnyTable) {
  const std::string before = kernels::active().name;
  Rng rng(5);
  for (const NearestCase& data : kNearestCases) {
    for (const auto& [count, dims] : {std::pair{1U, 50U}, {64U, 127U}, {300U, 33U}}) {
      const std::vector<float> values = centers_and_rows(data, count, dims, rng);
      const float* rows = values.data() + count * dims;
      const std::vector<float> origin(dims, static_cast<float>(data.offset));
      std::vector<float> distances(count);
      for (const auto* table : kernels::available()) {
        ASSERT_TRUE(kernels::choose(table->name));
        NearestFinder finder(dims, By::kDistance, heap());
        finder.set_origin(origin.data());
        finder.set_rows(rows, kRows);
        finder.set_centers(values.data(), count);
        for (std::size_t i = 0; i < kRows; ++i) {
          finder.squared_distances(i, distances.data());
          for (std::size_t c = 0; c < count; ++c) {
            const double exact =
                kernels::active().l2_squared_f32(rows + i * dims, values.data() + c * dims, dims);
            if (std::isinf(exact)) continue;  // such rows are no samples
            EXPECT_NEAR(distances[c], exact, exact / 3) << data.name << ", " << table->name;
          }
          if (i == 0) {
            EXPECT_EQ(distances[0], 0) << data.name << ", " << table->name;
          }
        }
      }
    }
  }
  ASSERT_TRUE(kernels::choose(before.c_str()));
}

TEST(NearestFinder, LeavesFewCentersWhateverTheValuesHaveInCommon) {
  const std::string before = kernels::active().name;
  ASSERT_TRUE(kernels::choose(nullptr));
  if (kernels::active().dot_u7_panels == kernels::by_name("scalar")->dot_u7_panels) {
    ASSERT_TRUE(kernels::choose(before.c_str()));
    GTEST_SKIP() << "Eigen multiplies rows as they are";
  }
  Rng rng(6);
  constexpr std::size_t kDims = 128, kCenters = 200, kMany = 300;
  for (const double offset : {0.0, 1000.0}) {
    std::vector<float> values((kCenters + kMany) * kDims);
    for (float& x : values) x = static_cast<float>(offset + rng.uniform());
    // Rows near a center each, as after training.
    for (std::size_t i = kCenters * kDims; i < values.size(); ++i) {
      values[i] = static_cast<float>(values[i % (kCenters * kDims)] + 0.3 * (values[i] - offset));
    }
    const std::vector<float> origin(kDims, static_cast<float>(offset));
    NearestFinder finder(kDims, By::kDistance, heap());
    finder.set_origin(origin.data());
    finder.set_rows(values.data() + kCenters * kDims, kMany);
    finder.set_centers(values.data(), kCenters);
    std::size_t found = 0;
    const auto count = [&](std::size_t, std::span<const std::uint32_t> some) {
      found += some.size();
    };
    finder.find(0, kMany, true, count);
    EXPECT_LT(found, 2 * kMany) << offset;
  }
  ASSERT_TRUE(kernels::choose(before.c_str()));
}

}  // namespace
}  // namespace vec::ivf

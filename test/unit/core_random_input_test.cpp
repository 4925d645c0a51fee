// Random text and binary input of every type, valid and broken, from a fixed seed.
//
// VECTOR_RANDOM_INPUTS is how many of each kind; 10000000 takes a few minutes, best in a build with
// -DVECTOR_SANITIZE=ON:
//   VECTOR_RANDOM_INPUTS=10000000 vector_unit_tests --gtest_filter='RandomInput.*'

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/input_properties.h"
#include "support/random_literals.h"

namespace vec::test {
namespace {

long input_count() {
  const char* wanted = std::getenv("VECTOR_RANDOM_INPUTS");
  return wanted != nullptr ? std::atol(wanted) : 100'000;
}

/// Calls `check` with inputs from `make`.  A good part must be taken and a good part refused, or
/// the generator tests nothing.
template <class Make, class Check>
void run(std::uint64_t seed, Make make, Check check) {
  RandomInput random(seed);
  const long n = input_count();
  long taken = 0;
  for (long i = 0; i < n; ++i) {
    const auto input = make(random);
    try {
      taken += check(input);
    } catch (const std::logic_error& error) {
      FAIL() << "input " << i << ": " << error.what() << ": "
             << testing::PrintToString(input).substr(0, 2000);
    }
  }
  EXPECT_GT(taken, n / 10);
  EXPECT_LT(taken, n - n / 10);
}

const auto dense_literal = [](RandomInput& random) { return random.dense_literal(); };

TEST(RandomInput, VectorText) {
  run(1, dense_literal, [](const std::string& s) { return check_dense_text<float>(s.c_str()); });
}

TEST(RandomInput, HalfvecText) {
  run(2, dense_literal, [](const std::string& s) { return check_dense_text<HalfBits>(s.c_str()); });
}

TEST(RandomInput, SparsevecText) {
  run(3, [](RandomInput& random) { return random.sparse_literal(); },
      [](const std::string& s) { return check_sparse_text(s.c_str()); });
}

TEST(RandomInput, VectorBinary) {
  run(4, [](RandomInput& random) { return random.dense_message(4); },
      [](const auto& bytes) { return check_dense_message<float>(bytes); });
}

TEST(RandomInput, HalfvecBinary) {
  run(5, [](RandomInput& random) { return random.dense_message(2); },
      [](const auto& bytes) { return check_dense_message<HalfBits>(bytes); });
}

TEST(RandomInput, SparsevecBinary) {
  run(6, [](RandomInput& random) { return random.sparse_message(); },
      [](const auto& bytes) { return check_sparse_message(bytes); });
}

}  // namespace
}  // namespace vec::test

// 8-bit codes: every table against whole numbers and double.

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "support/every_table.h"
#include "support/reference.h"

namespace {

using namespace vec::kernels;
using namespace vec::test;

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::int16_t>;

/// Words small enough for any length tried: 255 * 2000 * 4000 < 2^31.
Words random_words(std::mt19937& random, std::size_t n) {
  std::uniform_int_distribution<int> uniform(-4000, 4000);
  Words words(n);
  for (std::int16_t& word : words) word = static_cast<std::int16_t>(uniform(random));
  return words;
}

std::int64_t exact_dot(const Bytes& a, const auto& b) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::int64_t{a[i]} * b[i];
  return sum;
}

struct Bounded {
  double value = 0, tolerance = 0;
};

Bounded exact_l1(const std::vector<float>& query, const Bytes& code, float lo, float step) {
  Bounded result;
  for (std::size_t i = 0; i < code.size(); ++i) {
    result.value += std::fabs(query[i] - (double{lo} + double{step} * code[i]));
    result.tolerance += std::fabs(query[i]) + std::fabs(lo) + 255.0 * std::fabs(step);
  }
  result.tolerance *= (static_cast<double>(code.size()) + 4) * 0x1p-23;
  return result;
}

Bounded exact_l1(const Bytes& a, float a_lo, float a_step, const Bytes& b, float b_lo,
                 float b_step) {
  std::vector<float> none(a.size(), 0);
  Bounded result = exact_l1(none, a, a_lo, a_step);
  result.tolerance += exact_l1(none, b, b_lo, b_step).tolerance;
  result.value = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    result.value +=
        std::fabs((double{a_lo} + double{a_step} * a[i]) - (double{b_lo} + double{b_step} * b[i]));
  }
  return result;
}

using CodeKernelsOf = EveryTable;

TEST_P(CodeKernelsOf, ProductsAreExactAtEveryLengthAndPlace) {
  std::mt19937 random(1);
  for (std::size_t n : lengths()) {
    const Bytes a = random_bytes(random, n), b = random_bytes(random, n);
    const Words q = random_words(random, n);
    for (std::size_t offset = 0; offset <= 3; ++offset) {
      const Misplaced<std::uint8_t> at_a(a, offset), at_b(b, 2 * offset);
      const Misplaced<std::int16_t> at_q(q, offset);
      ASSERT_EQ(table().dot_u8_i16(at_a.data(), at_q.data(), n), exact_dot(a, q)) << n;
      ASSERT_EQ(table().dot_u8_u8(at_a.data(), at_b.data(), n), exact_dot(a, b)) << n;
      ASSERT_EQ(table().sum_u8(at_a.data(), n), exact_dot(a, Bytes(n, 1))) << n;
    }
  }
}

TEST_P(CodeKernelsOf, ProductsAreExactAtTheLimits) {
  const Bytes full(16000, 255);
  EXPECT_EQ(table().dot_u8_u8(full.data(), full.data(), 16000), 16000 * 65025);
  EXPECT_EQ(table().sum_u8(full.data(), 16000), 16000u * 255u);
  for (std::int16_t extreme : {std::int16_t{32767}, std::int16_t{-32768}}) {
    for (std::size_t n : {1, 2, 31, 64, 257}) {  // 255 * 257 * 32768 is just below 2^31
      const Words q(n, extreme);
      EXPECT_EQ(table().dot_u8_i16(full.data(), q.data(), n),
                255 * static_cast<std::int32_t>(n) * extreme)
          << n;
    }
  }
}

TEST_P(CodeKernelsOf, L1AgreesWithDoubleAtEveryLengthAndPlace) {
  std::mt19937 random(2);
  for (std::size_t n : lengths()) {
    const std::vector<float> query = random_floats(random, n);
    const Bytes a = random_bytes(random, n), b = random_bytes(random, n);
    const float lo = -0.9f, step = 0.0071f, other_lo = -1.2f, other_step = 0.0099f;
    const Bounded to_query = exact_l1(query, a, lo, step);
    const Bounded to_code = exact_l1(a, lo, step, b, other_lo, other_step);
    for (std::size_t offset = 0; offset <= 3; ++offset) {
      const Misplaced<float> at_query(query, offset);
      const Misplaced<std::uint8_t> at_a(a, offset), at_b(b, 2 * offset);
      ASSERT_NEAR(table().l1_f32_u8(at_query.data(), at_a.data(), lo, step, n), to_query.value,
                  to_query.tolerance);
      ASSERT_NEAR(table().l1_u8_u8(at_a.data(), lo, step, at_b.data(), other_lo, other_step, n),
                  to_code.value, to_code.tolerance);
    }
  }
}

TEST_P(CodeKernelsOf, L1OfUnusedLanesIsNothing) {
  // lo far from zero: a lane beyond the end would add it.
  for (std::size_t n = 0; n <= 70; ++n) {
    const std::vector<float> query(n, 1000);
    const Bytes code(n, 0);
    EXPECT_EQ(table().l1_f32_u8(query.data(), code.data(), 1000, 1, n), 0) << n;
    EXPECT_EQ(table().l1_u8_u8(code.data(), 1000, 1, code.data(), -1000, 1, n),
              2000 * static_cast<float>(n));
    const float inf = std::numeric_limits<float>::infinity();
    EXPECT_EQ(table().l1_f32_u8(query.data(), code.data(), -inf, 1, n), n == 0 ? 0 : inf);
  }
}

TEST_P(CodeKernelsOf, ABatchGivesWhatSingleCallsGive) {
  std::mt19937 random(3);
  for (std::size_t n : {0, 1, 7, 8, 16, 31, 33, 63, 64, 65, 100, 128, 200, 384, 768, 1536, 2000}) {
    const Words words = random_words(random, n);
    const std::vector<float> query = random_floats(random, n);
    for (std::size_t count = 0; count <= 21; ++count) {
      std::vector<Bytes> bytes;
      for (std::size_t k = 0; k < count; ++k) bytes.push_back(random_bytes(random, n));
      std::vector<const std::uint8_t*> codes;
      for (const Bytes& code : bytes) codes.push_back(code.data());
      const std::vector<float> lo = random_floats(random, count);
      const std::vector<float> step = random_floats(random, count, 0, 0.01f);
      std::vector<std::int32_t> dots(count + 1, -7);
      std::vector<float> distances(count + 1, -7);
      table().dot_u8_i16_batch(codes.data(), count, words.data(), n, dots.data());
      table().l1_f32_u8_batch(query.data(), codes.data(), lo.data(), step.data(), count, n,
                              distances.data());
      for (std::size_t k = 0; k < count; ++k) {
        ASSERT_EQ(dots[k], exact_dot(bytes[k], words)) << n << " " << k;
        ASSERT_EQ(distances[k], table().l1_f32_u8(query.data(), codes[k], lo[k], step[k], n))
            << n << " " << k;
      }
      ASSERT_EQ(dots[count], -7);
      ASSERT_EQ(distances[count], -7);
    }
  }
}

TEST_P(CodeKernelsOf, HalvesOfBytesAreMultipliedEachWithItsOwn) {
  std::mt19937 random(5);
  for (std::size_t bytes = 0; bytes <= 300; ++bytes) {
    const std::size_t blocks = (bytes + 63) / 64;
    std::vector<std::int8_t> query(blocks * 128);
    for (auto& element : query) element = static_cast<std::int8_t>(int(random() % 255) - 127);
    // The largest sums there are, of either sign.
    if (bytes % 3 == 0) query.assign(query.size(), bytes % 2 == 0 ? 127 : -127);
    for (const std::size_t count : {0, 1, 3, 4, 5, 8, 11}) {
      std::vector<Bytes> codes;
      for (std::size_t k = 0; k < count; ++k) codes.push_back(random_bytes(random, bytes));
      if (count == 5) codes[4].assign(bytes, 255);
      std::vector<std::unique_ptr<Misplaced<std::uint8_t>>> placed;
      std::vector<const std::uint8_t*> pointers;
      for (std::size_t k = 0; k < count; ++k) {
        placed.push_back(std::make_unique<Misplaced<std::uint8_t>>(codes[k], k));
        pointers.push_back(placed.back()->data());
      }
      std::vector<std::int32_t> sums(count + 1, -7);
      table().dot_u4_i8_batch(pointers.data(), count, query.data(), bytes, sums.data());
      for (std::size_t k = 0; k < count; ++k) {
        std::int32_t expected = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
          const std::size_t low = i / 64 * 128 + i % 64;
          expected += codes[k][i] % 16 * query[low] + codes[k][i] / 16 * query[low + 64];
        }
        ASSERT_EQ(sums[k], expected) << bytes << ' ' << k;
      }
      ASSERT_EQ(sums[count], -7);
    }
  }
}

TEST_P(CodeKernelsOf, HalvesOfLevelsAreMultipliedAsTheLevels) {
  std::mt19937 random(7);
  for (std::size_t n = 0; n <= 600; ++n) {
    Bytes levels = random_bytes(random, n);
    std::vector<std::int16_t> query = random_words(random, n);
    if (n % 3 == 0) levels.assign(n, 255);
    Bytes high((n + 1) / 2), low(high.size());
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t begin = i / 128 * 128;
      const std::size_t half = (std::min<std::size_t>(128, n - begin) + 1) / 2;
      const bool second = i - begin >= half;
      const std::size_t byte = begin / 2 + (second ? i - begin - half : i - begin);
      high[byte] = static_cast<std::uint8_t>(high[byte] | levels[i] / 16 << (second ? 4 : 0));
      low[byte] = static_cast<std::uint8_t>(low[byte] | levels[i] % 16 << (second ? 4 : 0));
    }
    const Misplaced<std::uint8_t> at_high(high, n % 5);
    const Misplaced<std::uint8_t> at_low(low, n % 7);
    ASSERT_EQ(table().dot_u4_u4_i16(at_high.data(), at_low.data(), query.data(), n),
              exact_dot(levels, query))
        << n;
  }
}

TEST_P(CodeKernelsOf, DecodedSumsAreThoseOfDoubles) {
  std::mt19937 random(6);
  for (std::size_t n : lengths()) {
    const std::vector<float> x = random_floats(random, n);
    const Bytes code = random_bytes(random, n);
    for (const int shift : {0, 4}) {
      const Misplaced<float> at_x(x, shift == 0 ? 0 : 1);
      const Misplaced<std::uint8_t> at_code(code, 3);
      const double lo = -1.25, step = shift == 0 ? 0.0101 : 0.17;
      double norm = 0, error = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double decoded = lo + step * (code[i] >> shift);
        norm += decoded * decoded;
        error += (x[i] - decoded) * (x[i] - decoded);
      }
      const DecodedSums sums =
          table().decoded_sums(at_x.data(), at_code.data(), n, lo, step, shift);
      EXPECT_NEAR(sums.norm_squared, norm, 1e-12 * norm) << n;
      EXPECT_NEAR(sums.error_squared, error, 1e-12 * error) << n;
    }
  }
}

TEST_P(CodeKernelsOf, HadamardIsTheMatrix) {
  std::mt19937 random(7);
  for (std::size_t n = 16; n <= 4096; n *= 2) {
    const std::vector<float> x = random_floats(random, n);
    const Bytes signs = random_bytes(random, n / 8);
    std::vector<float> result = x;
    Misplaced<float> at_result(result, 1);
    table().hadamard_f32(at_result.data(), n, signs.data(), 0.25f);
    std::memcpy(result.data(), at_result.data(), n * sizeof(float));
    std::vector<float> scalar = x;
    available().back()->hadamard_f32(scalar.data(), n, signs.data(), 0.25f);
    EXPECT_EQ(result, scalar) << "not the same on every table";
    for (std::size_t row = 0; row < n; row += n / 8) {
      double expected = 0, terms = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const bool negative = std::popcount(row & i) % 2 != (signs[i / 8] >> i % 8 & 1);
        expected += 0.25 * (negative ? -double{x[i]} : double{x[i]});
        terms += std::fabs(x[i]);
      }
      EXPECT_NEAR(result[row], expected, 1e-6 * terms) << n << ' ' << row;
    }
  }
}

/// round_i16 and round_i8.
template <class Integer, class Kernel>
void expect_rounded(Kernel kernel, std::mt19937& random, std::size_t n, double inverse) {
  constexpr double kMost = std::numeric_limits<Integer>::max();
  const double scale = 1.01 / inverse;  // need not be its inverse
  std::vector<float> x = random_floats(random, n);
  if (n > 2) x[n / 2] = static_cast<float>(2.5 / inverse);  // a tie
  const Misplaced<float> at_x(x, n % 2 == 0 ? 0 : 3);
  std::vector<Integer> out(n + 1, Integer{99});
  const RoundedSums sums = kernel(at_x.data(), n, scale, inverse, out.data());
  ASSERT_EQ(out[n], 99) << "written beyond the end";
  double error = 0, sum = 0, norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double expected = std::clamp(std::nearbyint(x[i] * inverse), -kMost, kMost);
    ASSERT_EQ(out[i], expected) << n << ' ' << i;
    error += (x[i] - scale * expected) * (x[i] - scale * expected);
    sum += expected;
    norm += expected * expected;
  }
  EXPECT_NEAR(sums.error_squared, error, 1e-12 * error) << n;
  EXPECT_EQ(sums.sum, sum) << n;
  EXPECT_NEAR(sums.norm_squared, norm, 1e-12 * norm) << n;
}

TEST_P(CodeKernelsOf, RoundsToTheNearestInteger) {
  std::mt19937 random(8);
  for (std::size_t n : lengths()) {
    // The greatest factors lead out of the range.
    for (const double inverse : {1.0, 16.0, 300.0}) {
      expect_rounded<std::int8_t>(table().round_i8, random, n, inverse);
    }
    for (const double inverse : {1.0, 2048.0, 60000.0}) {
      expect_rounded<std::int16_t>(table().round_i16, random, n, inverse);
    }
  }
}

TEST_P(CodeKernelsOf, ScalesRoundingOnce) {
  std::mt19937 random(10);
  for (std::size_t n : lengths()) {
    for (const double factor : {1 / 3.0, -1e-20, 1e38}) {
      const std::vector<float> x = random_floats(random, n);
      std::vector<float> expected(n);
      for (std::size_t i = 0; i < n; ++i) expected[i] = static_cast<float>(x[i] * factor);
      const Misplaced<float> at_x(x, n % 2 == 0 ? 0 : 3);
      std::vector<float> out(n + 1, 99);
      table().scale_f32(at_x.data(), n, factor, out.data());
      ASSERT_EQ(out[n], 99) << "written beyond the end";
      out.pop_back();
      EXPECT_EQ(out, expected) << n << ' ' << factor;
      out = x;
      table().scale_f32(out.data(), n, factor, out.data());
      EXPECT_EQ(out, expected) << "in place, " << n << ' ' << factor;
    }
  }
}

TEST_P(CodeKernelsOf, AbsoluteSumIsOfDoubles) {
  std::mt19937 random(9);
  for (std::size_t n : lengths()) {
    const std::vector<float> x = random_floats(random, n);
    const Misplaced<float> at_x(x, 1);
    double sum = 0;
    for (const float element : x) sum += std::fabs(double{element});
    EXPECT_NEAR(table().absolute_sum_f32(at_x.data(), n), sum, 1e-12 * sum) << n;
  }
}

TEST_P(CodeKernelsOf, MinMaxFindsBothInEveryPlace) {
  std::mt19937 random(4);
  for (std::size_t n : lengths()) {
    for (std::size_t offset = 0; offset <= 3; ++offset) {
      std::vector<float> x = random_floats(random, n, 2, 3);  // zero is not among them
      if (n > 0 && offset > 0) {
        x[random() % n] = 9;
        x[random() % n] = 1;
      }
      const Misplaced<float> at_x(x, offset);
      float lo = -1, hi = -1;
      table().min_max_f32(at_x.data(), n, &lo, &hi);
      ASSERT_EQ(lo, n == 0 ? 0 : *std::min_element(x.begin(), x.end())) << n;
      ASSERT_EQ(hi, n == 0 ? 0 : *std::max_element(x.begin(), x.end())) << n;
    }
  }
  for (std::size_t n : {1, 3, 8, 17, 40}) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<float> x(n, 5);
      x[place] = -4;
      float lo, hi;
      table().min_max_f32(x.data(), n, &lo, &hi);
      EXPECT_EQ(lo, -4);
      EXPECT_EQ(hi, n == 1 ? -4 : 5);
      x.assign(n, -0.0f);
      x[place] = place % 2 == 0 ? 0.0f : -0.0f;
      table().min_max_f32(x.data(), n, &lo, &hi);
      EXPECT_FALSE(std::signbit(lo) || std::signbit(hi));
    }
  }
}

/// encode_u8's definition with the standard library's rounding.
std::uint8_t encoded(float x, float lo, float inverse_step) {
  const volatile float difference = x - lo;  // volatile: no operation may be fused
  const volatile float scaled = difference * inverse_step;
  const float value = scaled;
  if (!(value > 0)) return 0;
  return static_cast<std::uint8_t>(std::nearbyint(std::min(value, 255.0f)));
}

TEST_P(CodeKernelsOf, EncodingFollowsItsDefinitionToTheBit) {
  std::mt19937 random(5);
  for (std::size_t n : lengths()) {
    const std::vector<float> x = random_floats(random, n, -1.5f, 1.5f);
    const float lo = -1, inverse_step = 255.0f / 2.01f;
    const Misplaced<float> at_x(x, n % 4);
    const Misplaced<std::uint8_t> code(Bytes(n, 77), n % 3);
    table().encode_u8(at_x.data(), n, lo, inverse_step, code.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(code.data()[i], encoded(x[i], lo, inverse_step));
  }
}

TEST_P(CodeKernelsOf, EncodingRoundsTiesToEvenAndHoldsTheEnds) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> x = {-inf, inf, -3e38f, 3e38f, -0.0f, 0.0f, std::nanf(""), 1e-45f};
  for (int i = -3; i < 520; ++i) {
    const float at = static_cast<float>(i) / 2;
    for (float value : {at, std::nextafterf(at, inf), std::nextafterf(at, -inf)})
      x.push_back(value);
  }
  Bytes code(x.size());
  for (float inverse_step : {1.0f, 0.0f, inf}) {
    table().encode_u8(x.data(), x.size(), 0, inverse_step, code.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(code[i], encoded(x[i], 0, inverse_step)) << x[i] << " " << inverse_step;
    }
  }
}

VEC_FOR_EVERY_TABLE(CodeKernelsOf);

}  // namespace

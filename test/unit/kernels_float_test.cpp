// Dense vectors of float32 and binary16: every kernel of every table against double.

#include <cmath>
#include <limits>

#include "support/every_table.h"
#include "support/reference.h"

namespace {

using namespace vec::kernels;
using namespace vec::test;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();

/// The four sums of two vectors, for either element type.
struct Sums {
  float l2, dot, l1;
  CosineParts cosine;
  double norm_a;
};

Sums sums_f32(const KernelTable& table, const float* a, const float* b, std::size_t n) {
  return {table.l2_squared_f32(a, b, n), table.dot_f32(a, b, n), table.l1_f32(a, b, n),
          table.cosine_f32(a, b, n), table.norm_squared_f32(a, n)};
}

Sums sums_f16(const KernelTable& table, const HalfBits* a, const HalfBits* b, std::size_t n) {
  return {table.l2_squared_f16(a, b, n), table.dot_f16(a, b, n), table.l1_f16(a, b, n),
          table.cosine_f16(a, b, n), table.norm_squared_f16(a, n)};
}

void expect_near_reference(const Sums& got, const std::vector<float>& a,
                           const std::vector<float>& b) {
  const std::size_t n = a.size();
  const auto near = [n](double value, const Sum& wanted, const char* what) {
    EXPECT_NEAR(value, wanted.value, wanted.tolerance(n)) << what << ", n = " << n;
  };
  near(got.l2, l2_squared(a, b), "l2");
  near(got.dot, dot(a, b), "dot");
  near(got.l1, l1(a, b), "l1");
  near(got.cosine.dot, dot(a, b), "cosine dot");
  near(got.cosine.aa, dot(a, a), "cosine aa");
  near(got.cosine.bb, dot(b, b), "cosine bb");
  const double norm = dot(a, a).value;
  EXPECT_NEAR(got.norm_a, norm, norm * (static_cast<double>(n) + 2) * 0x1p-52) << "n = " << n;
}

void expect_same_bits(const Sums& x, const Sums& y) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.l2), std::bit_cast<std::uint32_t>(y.l2));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.dot), std::bit_cast<std::uint32_t>(y.dot));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.l1), std::bit_cast<std::uint32_t>(y.l1));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.cosine.dot), std::bit_cast<std::uint32_t>(y.cosine.dot));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.cosine.aa), std::bit_cast<std::uint32_t>(y.cosine.aa));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(x.cosine.bb), std::bit_cast<std::uint32_t>(y.cosine.bb));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(x.norm_a), std::bit_cast<std::uint64_t>(y.norm_a));
}

/// Halves and the floats they stand for.
struct HalfVector {
  std::vector<HalfBits> bits;
  std::vector<float> values;
};

HalfVector random_halves(std::mt19937& random, std::size_t n) {
  HalfVector result;
  for (float value : random_floats(random, n)) {
    result.bits.push_back(nearest_half(value));
    result.values.push_back(static_cast<float>(half_value(result.bits.back())));
  }
  return result;
}

using FloatKernelsOf = EveryTable;

TEST_P(FloatKernelsOf, F32AgreesWithDoubleAtEveryLengthAndPlace) {
  std::mt19937 random(1);
  for (std::size_t n : lengths()) {
    const std::vector<float> a = random_floats(random, n), b = random_floats(random, n);
    const Misplaced<float> a0(a, 0), b0(b, 0);
    const Sums placed = sums_f32(table(), a0.data(), b0.data(), n);
    expect_near_reference(placed, a, b);
    for (std::size_t offset = 1; offset <= 4; ++offset) {
      const Misplaced<float> a1(a, offset), b1(b, offset + 1);
      expect_same_bits(placed, sums_f32(table(), a1.data(), b1.data(), n));
    }
  }
}

TEST_P(FloatKernelsOf, F16AgreesWithDoubleAtEveryLengthAndPlace) {
  std::mt19937 random(2);
  for (std::size_t n : lengths()) {
    const HalfVector a = random_halves(random, n), b = random_halves(random, n);
    const Misplaced<HalfBits> a0(a.bits, 0), b0(b.bits, 0);
    const Sums placed = sums_f16(table(), a0.data(), b0.data(), n);
    expect_near_reference(placed, a.values, b.values);
    for (std::size_t offset = 1; offset <= 3; ++offset) {
      const Misplaced<HalfBits> a1(a.bits, offset), b1(b.bits, offset + 1);
      expect_same_bits(placed, sums_f16(table(), a1.data(), b1.data(), n));
    }
  }
}

TEST_P(FloatKernelsOf, AVectorIsAtNoDistanceFromItself) {
  std::mt19937 random(3);
  for (std::size_t n : lengths()) {
    const std::vector<float> a = random_floats(random, n, -1e6f, 1e6f);
    EXPECT_EQ(table().l2_squared_f32(a.data(), a.data(), n), 0);
    EXPECT_EQ(table().l1_f32(a.data(), a.data(), n), 0);
    const CosineParts parts = table().cosine_f32(a.data(), a.data(), n);
    EXPECT_EQ(parts.aa, parts.bb);
    EXPECT_EQ(parts.aa, parts.dot);
  }
}

TEST_P(FloatKernelsOf, ANanAnywhereMakesTheResultNan) {
  for (std::size_t n : {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129}) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<float> a(n, 1), b(n, 2);
      a[place] = kNan;
      const Sums sums = sums_f32(table(), a.data(), b.data(), n);
      EXPECT_TRUE(std::isnan(sums.l2) && std::isnan(sums.dot) && std::isnan(sums.l1)) << n;
      EXPECT_TRUE(std::isnan(sums.cosine.dot) && std::isnan(sums.cosine.aa)) << n;
      EXPECT_TRUE(std::isnan(sums.norm_a)) << n;
      EXPECT_EQ(sums.cosine.bb, 4.0f * static_cast<float>(n));

      std::vector<HalfBits> x(n, 0x3c00), y(n, 0x4000);
      x[place] = 0x7e00;
      const Sums halves = sums_f16(table(), x.data(), y.data(), n);
      EXPECT_TRUE(std::isnan(halves.l2) && std::isnan(halves.dot) && std::isnan(halves.l1)) << n;
      EXPECT_TRUE(std::isnan(halves.cosine.dot) && std::isnan(halves.cosine.aa)) << n;
      EXPECT_TRUE(std::isnan(halves.norm_a)) << n;
    }
  }
}

TEST_P(FloatKernelsOf, InfinityAndOverflowShow) {
  for (std::size_t n : {1, 3, 4, 7, 8, 9, 16, 31, 32, 64, 70}) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<float> a(n, 0), b(n, 0);
      a[place] = kInf;
      EXPECT_EQ(table().l2_squared_f32(a.data(), b.data(), n), kInf);
      EXPECT_EQ(table().l1_f32(a.data(), b.data(), n), kInf);
      EXPECT_TRUE(std::isnan(table().dot_f32(a.data(), b.data(), n)));  // inf * 0

      a[place] = 3e38f;
      b[place] = -3e38f;
      EXPECT_EQ(table().l2_squared_f32(a.data(), b.data(), n), kInf);
      EXPECT_EQ(table().l1_f32(a.data(), b.data(), n), kInf);
      EXPECT_EQ(table().dot_f32(a.data(), b.data(), n), -kInf);
      EXPECT_EQ(table().dot_f32(a.data(), a.data(), n), kInf);
      EXPECT_EQ(table().cosine_f32(a.data(), b.data(), n).aa, kInf);
      EXPECT_DOUBLE_EQ(table().norm_squared_f32(a.data(), n), double{3e38f} * 3e38f);
    }
  }
}

TEST_P(FloatKernelsOf, TheSumItselfMayOverflow) {
  for (std::size_t n : {2, 5, 16, 40, 100}) {
    const std::vector<float> a(n, kMax), b(n, 0);
    EXPECT_EQ(table().l1_f32(a.data(), b.data(), n), kInf) << n;
  }
}

TEST_P(FloatKernelsOf, SubnormalsAreNotFlushed) {
  for (std::size_t n : {1, 5, 16, 33, 100}) {
    const std::vector<float> a(n, kTiny), b(n, -kTiny), one(n, 1);
    EXPECT_EQ(table().l1_f32(a.data(), b.data(), n), 2 * static_cast<float>(n) * kTiny);
    EXPECT_EQ(table().dot_f32(a.data(), one.data(), n), static_cast<float>(n) * kTiny);
    EXPECT_EQ(table().norm_squared_f32(a.data(), n), static_cast<double>(n) * 0x1p-298);
    const std::vector<HalfBits> half(n, 0x0001), half_one(n, 0x3c00);
    EXPECT_EQ(table().dot_f16(half.data(), half_one.data(), n), static_cast<float>(n) * 0x1p-24f);
    EXPECT_EQ(table().norm_squared_f16(half.data(), n), static_cast<double>(n) * 0x1p-48);
  }
}

TEST_P(FloatKernelsOf, EveryHalfWidensExactly) {
  std::vector<HalfBits> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<HalfBits>(i);
  std::vector<float> floats(halves.size());
  table().f16_to_f32(halves.data(), floats.data(), halves.size());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const double wanted = half_value(halves[i]);
    if (std::isnan(wanted)) {
      EXPECT_TRUE(std::isnan(floats[i])) << i;
    } else {
      EXPECT_EQ(floats[i], wanted) << i;
      EXPECT_EQ(std::signbit(floats[i]), std::signbit(wanted)) << i;
    }
  }
}

TEST_P(FloatKernelsOf, FloatsNarrowToTheNearestHalf) {
  std::vector<float> floats = {
      0.0f,     -0.0f,    kInf,        -kInf,           kMax,      -kMax,    kTiny,       -kTiny,
      65504,    65519,    65519.99f,   65520,           65520.01f, 65536,    -65520,      1e30f,
      0x1p-24f, 0x1p-25f, -0x1.8p-25f, 0x1.000002p-25f, 0x1p-26f,  0x1p-14f, 0x1.ff8p-15f};
  // Every half, the midpoint above it, and the floats just beside either.
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    const float at = static_cast<float>(half_value(static_cast<HalfBits>(bits)));
    const float above =
        bits == 0x7bff ? 65536 : static_cast<float>(half_value(static_cast<HalfBits>(bits + 1)));
    const float middle = at + (above - at) / 2;
    for (float value : {at, middle}) {
      for (float beside : {value, std::nextafterf(value, kInf), std::nextafterf(value, -kInf)}) {
        floats.push_back(beside);
        floats.push_back(-beside);
      }
    }
  }
  std::mt19937 random(4);
  for (int i = 0; i < 200000; ++i) {
    const float any = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(any)) floats.push_back(any);
  }
  std::vector<HalfBits> halves(floats.size());
  table().f32_to_f16(floats.data(), halves.data(), floats.size());
  for (std::size_t i = 0; i < floats.size(); ++i) {
    ASSERT_EQ(halves[i], nearest_half(floats[i])) << floats[i];
  }
}

TEST_P(FloatKernelsOf, NanStaysNanWhenNarrowed) {
  for (std::uint32_t bits : {0x7f800001u, 0x7fc00000u, 0xffc00000u, 0x7fffffffu, 0xff801000u}) {
    const std::vector<float> from(5, std::bit_cast<float>(bits));
    std::vector<HalfBits> to(5);
    table().f32_to_f16(from.data(), to.data(), 5);
    for (HalfBits half : to) EXPECT_TRUE(std::isnan(half_value(half))) << std::hex << bits;
  }
}

TEST_P(FloatKernelsOf, ConversionsWriteWhatTheyShouldAndNoMore) {
  std::mt19937 random(5);
  for (std::size_t n = 0; n <= 70; ++n) {
    const HalfVector vector = random_halves(random, n);
    for (std::size_t offset = 0; offset <= 3; ++offset) {
      const Misplaced<HalfBits> halves(vector.bits, offset), back(vector.bits, 3 - offset);
      const Misplaced<float> floats(vector.values, offset);
      std::memset(static_cast<void*>(floats.data()), 0xff, n * sizeof(float));
      std::memset(static_cast<void*>(back.data()), 0xff, n * sizeof(HalfBits));
      table().f16_to_f32(halves.data(), floats.data(), n);
      EXPECT_TRUE(n == 0 || std::memcmp(floats.data(), vector.values.data(), n * 4) == 0) << n;
      table().f32_to_f16(floats.data(), back.data(), n);
      EXPECT_TRUE(n == 0 || std::memcmp(back.data(), vector.bits.data(), n * 2) == 0) << n;
    }
  }
}

VEC_FOR_EVERY_TABLE(FloatKernelsOf);

}  // namespace

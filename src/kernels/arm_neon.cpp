// kernels/arm_neon.cpp
//
// Dense vectors and bit strings with the base vector instructions of 64-bit ARM, which include the
// conversion between binary16 and float.  Little-endian only.
//
// Nothing is exported but the tables.

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr std::size_t kLanes = 4;

/// How to read four elements, or fewer than four followed by zeros, as floats.  As bytes, since
/// the address may be any.
struct F32 {
  using Element = float;
  static float32x4_t load(const float* from) {
    const void* const bytes = from;
    return vreinterpretq_f32_u8(vld1q_u8(static_cast<const std::uint8_t*>(bytes)));
  }
  static float32x4_t load_some(const float* from, std::size_t n) {
    float32x4_t lanes = vdupq_n_f32(0);
    __builtin_memcpy(&lanes, from, n * sizeof(float));
    return lanes;
  }
};

struct F16 {
  using Element = HalfBits;
  static float32x4_t load(const HalfBits* from) {
    const void* const bytes = from;
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(static_cast<const std::uint8_t*>(bytes))));
  }
  static float32x4_t load_some(const HalfBits* from, std::size_t n) {
    uint16x4_t lanes = vdup_n_u16(0);
    __builtin_memcpy(&lanes, from, n * sizeof(HalfBits));
    return vcvt_f32_f16(vreinterpret_f16_u16(lanes));
  }
};

/// The terms.  Both arguments zero add zero, which is what fills up a last vector.
struct SquaredDifference {
  static float32x4_t add(float32x4_t sum, float32x4_t a, float32x4_t b) {
    const float32x4_t difference = vsubq_f32(a, b);
    return vfmaq_f32(sum, difference, difference);
  }
};
struct Product {
  static float32x4_t add(float32x4_t sum, float32x4_t a, float32x4_t b) {
    return vfmaq_f32(sum, a, b);
  }
};
struct AbsoluteDifference {
  static float32x4_t add(float32x4_t sum, float32x4_t a, float32x4_t b) {
    return vaddq_f32(sum, vabdq_f32(a, b));
  }
};

template <class Format, class Term>
float sum(const typename Format::Element* a, const typename Format::Element* b,
          std::size_t n) noexcept {
  float32x4_t s0 = vdupq_n_f32(0), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = Term::add(s0, Format::load(a + i), Format::load(b + i));
    s1 = Term::add(s1, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
    s2 = Term::add(s2, Format::load(a + i + 2 * kLanes), Format::load(b + i + 2 * kLanes));
    s3 = Term::add(s3, Format::load(a + i + 3 * kLanes), Format::load(b + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) {
    s0 = Term::add(s0, Format::load(a + i), Format::load(b + i));
  }
  if (i < n) s1 = Term::add(s1, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  return vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
}

struct CosineSums {
  float32x4_t dot, aa, bb;
};

inline void add_cosine_terms(CosineSums& sums, float32x4_t a, float32x4_t b) {
  sums.dot = vfmaq_f32(sums.dot, a, b);
  sums.aa = vfmaq_f32(sums.aa, a, a);
  sums.bb = vfmaq_f32(sums.bb, b, b);
}

template <class Format>
CosineParts cosine(const typename Format::Element* a, const typename Format::Element* b,
                   std::size_t n) noexcept {
  const float32x4_t zero = vdupq_n_f32(0);
  CosineSums even = {zero, zero, zero}, odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    add_cosine_terms(odd, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    i += kLanes;
  }
  if (i < n) {
    add_cosine_terms(odd, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  }
  return {vaddvq_f32(vaddq_f32(even.dot, odd.dot)), vaddvq_f32(vaddq_f32(even.aa, odd.aa)),
          vaddvq_f32(vaddq_f32(even.bb, odd.bb))};
}

inline void add_squares(float64x2_t& low_sum, float64x2_t& high_sum, float32x4_t v) {
  const float64x2_t low = vcvt_f64_f32(vget_low_f32(v)), high = vcvt_high_f64_f32(v);
  low_sum = vfmaq_f64(low_sum, low, low);
  high_sum = vfmaq_f64(high_sum, high, high);
}

template <class Format>
double norm_squared(const typename Format::Element* a, std::size_t n) noexcept {
  float64x2_t s0 = vdupq_n_f64(0), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_squares(s0, s1, Format::load(a + i));
    add_squares(s2, s3, Format::load(a + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_squares(s0, s1, Format::load(a + i));
    i += kLanes;
  }
  if (i < n) add_squares(s2, s3, Format::load_some(a + i, n - i));
  return vaddvq_f64(vaddq_f64(vaddq_f64(s0, s1), vaddq_f64(s2, s3)));
}

void f16_to_f32(const HalfBits* from, float* to, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t rest = n - i < kLanes ? n - i : kLanes;
    const float32x4_t lanes = rest == kLanes ? F16::load(from + i) : F16::load_some(from + i, rest);
    __builtin_memcpy(to + i, &lanes, rest * sizeof(float));
  }
}

void f32_to_f16(const float* from, HalfBits* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const float16x4_t lanes = vcvt_f16_f32(F32::load(from + i));
    __builtin_memcpy(to + i, &lanes, sizeof lanes);
  }
  if (i < n) {
    const float16x4_t lanes = vcvt_f16_f32(F32::load_some(from + i, n - i));
    __builtin_memcpy(to + i, &lanes, (n - i) * sizeof(HalfBits));
  }
}

constexpr std::size_t kBytes = 16;

inline uint8x16_t load_bytes(const std::uint8_t* from, std::size_t n) {
  if (n >= kBytes) return vld1q_u8(from);
  uint8x16_t bytes = vdupq_n_u8(0);
  __builtin_memcpy(&bytes, from, n);
  return bytes;
}

/// Adds the one bits of each four bytes to a lane, which has room for 2^27 of these.
inline uint32x4_t add_ones(uint32x4_t sum, uint8x16_t v) {
  return vpadalq_u16(sum, vpaddlq_u8(vcntq_u8(v)));
}

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  uint32x4_t sum = vdupq_n_u32(0);
  for (std::size_t i = 0; i < n; i += kBytes) {
    sum = add_ones(sum, veorq_u8(load_bytes(a + i, n - i), load_bytes(b + i, n - i)));
  }
  return vaddlvq_u32(sum);
}

BitCounts bit_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  uint32x4_t both = vdupq_n_u32(0), either = both;
  for (std::size_t i = 0; i < n; i += kBytes) {
    const uint8x16_t x = load_bytes(a + i, n - i), y = load_bytes(b + i, n - i);
    both = add_ones(both, vandq_u8(x, y));
    either = add_ones(either, vorrq_u8(x, y));
  }
  return {vaddlvq_u32(both), vaddlvq_u32(either)};
}

}  // namespace

constinit const FloatKernels kNeonFloats = {
    .l2_squared_f32 = sum<F32, SquaredDifference>,
    .dot_f32 = sum<F32, Product>,
    .cosine_f32 = cosine<F32>,
    .l1_f32 = sum<F32, AbsoluteDifference>,
    .norm_squared_f32 = norm_squared<F32>,
    .l2_squared_f16 = sum<F16, SquaredDifference>,
    .dot_f16 = sum<F16, Product>,
    .cosine_f16 = cosine<F16>,
    .l1_f16 = sum<F16, AbsoluteDifference>,
    .norm_squared_f16 = norm_squared<F16>,
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
};

constinit const BitKernels kNeonBits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

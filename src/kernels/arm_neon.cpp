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

using Floats = float32x4_t;
using Doubles = float64x2_t;

constexpr std::size_t kLanes = 4;

/// How to read four elements, or fewer than four followed by zeros, as floats.  As bytes, since
/// the address may be any.
struct F32 {
  using Element = float;
  static Floats load(const float* from) {
    const void* const bytes = from;
    return vreinterpretq_f32_u8(vld1q_u8(static_cast<const std::uint8_t*>(bytes)));
  }
  static Floats load_some(const float* from, std::size_t n) {
    float32x4_t lanes = vdupq_n_f32(0);
    __builtin_memcpy(&lanes, from, n * sizeof(float));
    return lanes;
  }
};

struct F16 {
  using Element = HalfBits;
  static Floats load(const HalfBits* from) {
    const void* const bytes = from;
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(static_cast<const std::uint8_t*>(bytes))));
  }
  static Floats load_some(const HalfBits* from, std::size_t n) {
    uint16x4_t lanes = vdup_n_u16(0);
    __builtin_memcpy(&lanes, from, n * sizeof(HalfBits));
    return vcvt_f32_f16(vreinterpret_f16_u16(lanes));
  }
};

inline Floats zero_floats() { return vdupq_n_f32(0); }
inline Doubles zero_doubles() { return vdupq_n_f64(0); }
inline Floats add(Floats a, Floats b) { return vaddq_f32(a, b); }
inline Doubles add(Doubles a, Doubles b) { return vaddq_f64(a, b); }
inline Floats subtract(Floats a, Floats b) { return vsubq_f32(a, b); }
inline Floats absolute(Floats v) { return vabsq_f32(v); }
inline Floats multiply_add(Floats a, Floats b, Floats sum) { return vfmaq_f32(sum, a, b); }
inline void add_squares(Doubles& low_sum, Doubles& high_sum, Floats v) {
  const Doubles low = vcvt_f64_f32(vget_low_f32(v)), high = vcvt_high_f64_f32(v);
  low_sum = vfmaq_f64(low_sum, low, low);
  high_sum = vfmaq_f64(high_sum, high, high);
}
inline float sum_of_lanes(Floats v) { return vaddvq_f32(v); }
inline double sum_of_lanes(Doubles v) { return vaddvq_f64(v); }

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

#include "kernels/loops/float_sums.h"

}  // namespace

constinit const FloatKernels kNeonFloats = kFloatKernels;

constinit const BitKernels kNeonBits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

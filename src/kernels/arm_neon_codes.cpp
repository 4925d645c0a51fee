// kernels/arm_neon_codes.cpp
//
// 8-bit codes with the base vector instructions of 64-bit ARM.  Little-endian only.
//
// Nothing is exported but one table.

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Ints = int32x4_t;
using Floats = float32x4_t;

constexpr std::size_t kWords = 8;

inline Ints zero_ints() { return vdupq_n_s32(0); }

/// n elements, at most a vector of them, followed by zeros.
inline int16x8_t load_some_words(const std::int16_t* from, std::size_t n) {
  int16x8_t words = vdupq_n_s16(0);
  __builtin_memcpy(&words, from, n * sizeof(std::int16_t));
  return words;
}
inline int16x8_t load_words(const std::int16_t* from) { return load_some_words(from, kWords); }

inline uint8x8_t load_bytes(const std::uint8_t* from, std::size_t n) {
  uint8x8_t bytes = vdup_n_u8(0);
  __builtin_memcpy(&bytes, from, n);
  return bytes;
}

/// kWords bytes as words.
inline int16x8_t widen_some(const std::uint8_t* from, std::size_t n) {
  return vreinterpretq_s16_u16(vmovl_u8(load_bytes(from, n)));
}
inline int16x8_t widen(const std::uint8_t* from) { return widen_some(from, kWords); }

/// Adds the products of bytes and words, two to a lane.
inline Ints add_products(Ints sum, int16x8_t a, int16x8_t b) {
  return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
}
inline Ints add(Ints a, Ints b) { return vaddq_s32(a, b); }
inline std::int32_t sum_of_lanes(Ints v) { return vaddvq_s32(v); }

inline int16x8_t join_low(int16x8_t high, int16x8_t low) {
  const int16x8_t mask = vdupq_n_s16(15);
  return vorrq_s16(vshlq_n_s16(vandq_s16(high, mask), 4), vandq_s16(low, mask));
}
inline int16x8_t join_high(int16x8_t high, int16x8_t low) {
  return vorrq_s16(vandq_s16(high, vdupq_n_s16(0xF0)), vshrq_n_s16(low, 4));
}

constexpr std::size_t kPairs = 16;

inline uint8x16_t load_some_pairs(const std::uint8_t* from, std::size_t n) {
  uint8x16_t pairs = vdupq_n_u8(0);
  __builtin_memcpy(&pairs, from, n);
  return pairs;
}
inline uint8x16_t load_pairs(const std::uint8_t* from) { return load_some_pairs(from, kPairs); }
inline int8x16_t load_bytes_signed(const std::int8_t* from) { return vld1q_s8(from); }
/// Four products to a word: below 4 * 15 * 127.
inline Ints add_nibbles(Ints sum, uint8x16_t pairs, int8x16_t low, int8x16_t high) {
  const int8x16_t a = vreinterpretq_s8_u8(vandq_u8(pairs, vdupq_n_u8(15)));
  const int8x16_t b = vreinterpretq_s8_u8(vshrq_n_u8(pairs, 4));
  int16x8_t words = vmull_s8(vget_low_s8(a), vget_low_s8(low));
  words = vmlal_high_s8(words, a, low);
  words = vmlal_high_s8(vmlal_s8(words, vget_low_s8(b), vget_low_s8(high)), b, high);
  return vpadalq_s16(sum, words);
}

constexpr std::size_t kLanes = 4;

inline Floats zero_floats() { return vdupq_n_f32(0); }
inline Floats load_some_floats(const float* from, std::size_t n) {
  Floats lanes = zero_floats();
  __builtin_memcpy(&lanes, from, n * sizeof(float));
  return lanes;
}
inline Floats load_floats(const float* from) { return load_some_floats(from, kLanes); }
inline Floats add(Floats a, Floats b) { return vaddq_f32(a, b); }
inline float sum_of_lanes(Floats v) { return vaddvq_f32(v); }

struct Scale {
  Floats lo, step;
};
inline Scale scale_of(float lo, float step) { return {vdupq_n_f32(lo), vdupq_n_f32(step)}; }

/// n bytes, at most kLanes, as the floats they stand for.
inline Floats decode_some(const std::uint8_t* from, std::size_t n, const Scale& scale) {
  const uint16x4_t words = vget_low_u16(vmovl_u8(load_bytes(from, n)));
  return vfmaq_f32(scale.lo, scale.step, vcvtq_f32_u32(vmovl_u16(words)));
}
inline Floats decode(const std::uint8_t* from, const Scale& scale) {
  return decode_some(from, kLanes, scale);
}

/// Adds |a - b|, in the first n lanes.
inline Floats add_distance(Floats sum, Floats a, Floats b) { return add(sum, vabdq_f32(a, b)); }
inline Floats add_some_distance(Floats sum, Floats a, Floats b, std::size_t n) {
  const std::uint32_t places[4] = {0, 1, 2, 3};
  const uint32x4_t used = vcltq_u32(vld1q_u32(places), vdupq_n_u32(static_cast<std::uint32_t>(n)));
  return add(sum, vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(vabdq_f32(a, b)), used)));
}

#include "kernels/loops/code_l1.h"
#include "kernels/loops/code_pair_product.h"
#include "kernels/loops/code_products.h"
#include "kernels/loops/joined_products.h"
#include "kernels/loops/nibble_products.h"

inline Floats least(Floats a, Floats b) { return vminq_f32(a, b); }
inline Floats greatest(Floats a, Floats b) { return vmaxq_f32(a, b); }
inline float least_lane(Floats v) { return vminvq_f32(v); }
inline float greatest_lane(Floats v) { return vmaxvq_f32(v); }
inline Floats fill(const float* from) {
  float value;
  __builtin_memcpy(&value, from, sizeof value);
  return vdupq_n_f32(value);
}

/// `scale` is lo and the inverse step.  vmaxnm gives the number if the other operand is NaN.
inline std::uint32_t encode(Floats x, const Scale& scale) {
  const Floats scaled = vmulq_f32(vsubq_f32(x, scale.lo), scale.step);
  const Floats held = vminq_f32(vmaxnmq_f32(scaled, zero_floats()), vdupq_n_f32(255));
  const uint16x4_t words = vmovn_u32(vcvtnq_u32_f32(held));
  return vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
}

#include "kernels/loops/encode.h"

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    const uint8x8_t bytes = n - i >= 8 ? load_bytes(code + i, 8) : load_bytes(code + i, n - i);
    sum += vaddlv_u8(bytes);
  }
  return sum;
}

inline void store_floats(float* to, Floats v) { vst1q_f32(to, v); }
inline Floats difference(Floats a, Floats b) { return vsubq_f32(a, b); }
inline Floats product(Floats a, Floats b) { return vmulq_f32(a, b); }
/// a + b, but a - b in those lanes whose sign bit is set.
inline Floats add_signed(Floats a, Floats b, uint32x4_t signs) {
  return vaddq_f32(a, vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(b), signs)));
}
inline Floats first_passes(Floats v, const std::uint8_t* signs, std::size_t i) {
  constexpr std::uint32_t kSign = 0x80000000;
  const std::int32_t places[4] = {31, 30, 29, 28};
  const std::uint32_t odd[4] = {0, kSign, 0, kSign}, upper[4] = {0, 0, kSign, kSign};
  const std::uint32_t bits = static_cast<std::uint32_t>(signs[i / 8]) >> (i % 8);
  const uint32x4_t flips =
      vandq_u32(vshlq_u32(vdupq_n_u32(bits), vld1q_s32(places)), vdupq_n_u32(kSign));
  v = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v), flips));
  v = add_signed(vtrn1q_f32(v, v), vtrn2q_f32(v, v), vld1q_u32(odd));
  const float64x2_t pairs = vreinterpretq_f64_f32(v);
  return add_signed(vreinterpretq_f32_f64(vtrn1q_f64(pairs, pairs)),
                    vreinterpretq_f32_f64(vtrn2q_f64(pairs, pairs)), vld1q_u32(upper));
}

#include "kernels/loops/hadamard.h"

inline void store_four(std::int16_t* to, auto ints) { vst1_s16(to, vmovn_s32((int32x4_t)ints)); }
inline void store_four(std::int8_t* to, auto ints) {
  const int16x4_t words = vmovn_s32((int32x4_t)ints);
  const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
  __builtin_memcpy(to, &bytes, 4);
}

#include "kernels/loops/round.h"

}  // namespace

constinit const CodeKernels kNeonCodes = {
    .dot_u8_i16 = dot_u8_i16,
    .dot_u8_u8 = dot_u8_u8,
    .l1_f32_u8 = l1_f32_u8,
    .l1_u8_u8 = l1_u8_u8,
    .dot_u8_i16_batch = dot_u8_i16_batch,
    .l1_f32_u8_batch = l1_f32_u8_batch,
    .dot_u4_i8_batch = dot_u4_i8_batch,
    .dot_u4_u4_i16 = dot_u4_u4_i16,
    .min_max_f32 = min_max_f32,
    .encode_u8 = encode_u8,
    .sum_u8 = sum_u8,
    .decoded_sums = nullptr,  // the scalar one
    .scale_f32 = scale_f32,
    .absolute_sum_f32 = absolute_sum_f32,
    .round_i16 = round_i16,
    .round_i8 = round_i8,
    .hadamard_f32 = hadamard_f32,
};

}  // namespace vec::kernels

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

/// The codes with these places in a list, worked on together: they share the loads of the query.
template <std::size_t... k>
struct Group {
  static constexpr std::size_t kCount = sizeof...(k);

  /// Fetches the line of each of the next codes that holds byte i.
  static void fetch(const std::uint8_t* const* ahead, std::size_t i) {
    if constexpr (kCount > 1) (__builtin_prefetch(ahead[k] + i), ...);
  }

  /// out[k] = sum of codes[k][i] * query[i].
  static void dot(const std::uint8_t* const* codes, const std::uint8_t* const* ahead,
                  const std::int16_t* query, std::size_t n, std::int32_t* out) {
    Ints even[kCount] = {((void)k, zero_ints())...}, odd[kCount] = {((void)k, zero_ints())...};
    std::size_t i = 0;
    for (; i + 2 * kWords <= n; i += 2 * kWords) {
      if (i % 64 == 0) fetch(ahead, i);
      const int16x8_t words = load_words(query + i), more_words = load_words(query + i + kWords);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      ((odd[k] = add_products(odd[k], widen(codes[k] + i + kWords), more_words)), ...);
    }
    if (i + kWords <= n) {
      const int16x8_t words = load_words(query + i);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      i += kWords;
    }
    if (i < n) {
      const std::size_t rest = n - i;
      const int16x8_t words = load_some_words(query + i, rest);
      ((odd[k] = add_products(odd[k], widen_some(codes[k] + i, rest), words)), ...);
    }
    if (n > 0) fetch(ahead, n - 1);
    ((out[k] = sum_of_lanes(add(even[k], odd[k]))), ...);
  }

  /// out[k] = sum of |query[i] - (lo[k] + step[k] * codes[k][i])|.
  static void l1(const float* query, const std::uint8_t* const* codes,
                 const std::uint8_t* const* ahead, const float* lo, const float* step,
                 std::size_t n, float* out) {
    const Scale scale[kCount] = {scale_of(lo[k], step[k])...};
    Floats even[kCount] = {((void)k, zero_floats())...},
           odd[kCount] = {((void)k, zero_floats())...};
    std::size_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      if (i % 64 == 0) fetch(ahead, i);
      const Floats x = load_floats(query + i), y = load_floats(query + i + kLanes);
      ((even[k] = add_distance(even[k], x, decode(codes[k] + i, scale[k]))), ...);
      ((odd[k] = add_distance(odd[k], y, decode(codes[k] + i + kLanes, scale[k]))), ...);
    }
    if (i + kLanes <= n) {
      const Floats x = load_floats(query + i);
      ((even[k] = add_distance(even[k], x, decode(codes[k] + i, scale[k]))), ...);
      i += kLanes;
    }
    if (i < n) {
      const std::size_t rest = n - i;
      const Floats x = load_some_floats(query + i, rest);
      ((odd[k] = add_some_distance(odd[k], x, decode_some(codes[k] + i, rest, scale[k]), rest)),
       ...);
    }
    if (n > 0) fetch(ahead, n - 1);
    ((out[k] = sum_of_lanes(add(even[k], odd[k]))), ...);
  }
};
using One = Group<0>;
using Four = Group<0, 1, 2, 3>;

/// Where the codes begin that follow the four at `at`: the last four if fewer are left.
inline std::size_t next_four(std::size_t at, std::size_t count) {
  return at + 8 <= count ? at + 4 : count - 4;
}

std::int32_t dot_u8_i16(const std::uint8_t* code, const std::int16_t* query,
                        std::size_t n) noexcept {
  std::int32_t sum;
  One::dot(&code, &code, query, n, &sum);
  return sum;
}

void dot_u8_i16_batch(const std::uint8_t* const* codes, std::size_t count,
                      const std::int16_t* query, std::size_t n, std::int32_t* out) noexcept {
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Four::dot(codes + k, codes + next_four(k, count), query, n, out + k);
  }
  for (; k < count; ++k) One::dot(codes + k, codes + k, query, n, out + k);
}

std::int32_t dot_u8_u8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  Ints even = zero_ints(), odd = even;
  std::size_t i = 0;
  for (; i + 2 * kWords <= n; i += 2 * kWords) {
    even = add_products(even, widen(a + i), widen(b + i));
    odd = add_products(odd, widen(a + i + kWords), widen(b + i + kWords));
  }
  if (i + kWords <= n) {
    even = add_products(even, widen(a + i), widen(b + i));
    i += kWords;
  }
  if (i < n) odd = add_products(odd, widen_some(a + i, n - i), widen_some(b + i, n - i));
  return sum_of_lanes(add(even, odd));
}

float l1_f32_u8(const float* query, const std::uint8_t* code, float lo, float step,
                std::size_t n) noexcept {
  float sum;
  One::l1(query, &code, &code, &lo, &step, n, &sum);
  return sum;
}

void l1_f32_u8_batch(const float* query, const std::uint8_t* const* codes, const float* lo,
                     const float* step, std::size_t count, std::size_t n, float* out) noexcept {
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Four::l1(query, codes + k, codes + next_four(k, count), lo + k, step + k, n, out + k);
  }
  for (; k < count; ++k) One::l1(query, codes + k, codes + k, lo + k, step + k, n, out + k);
}

float l1_u8_u8(const std::uint8_t* a, float a_lo, float a_step, const std::uint8_t* b, float b_lo,
               float b_step, std::size_t n) noexcept {
  const Scale a_scale = scale_of(a_lo, a_step), b_scale = scale_of(b_lo, b_step);
  Floats even = zero_floats(), odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    even = add_distance(even, decode(a + i, a_scale), decode(b + i, b_scale));
    odd = add_distance(odd, decode(a + i + kLanes, a_scale), decode(b + i + kLanes, b_scale));
  }
  if (i + kLanes <= n) {
    even = add_distance(even, decode(a + i, a_scale), decode(b + i, b_scale));
    i += kLanes;
  }
  if (i < n) {
    odd = add_some_distance(odd, decode_some(a + i, n - i, a_scale),
                            decode_some(b + i, n - i, b_scale), n - i);
  }
  return sum_of_lanes(add(even, odd));
}

inline Floats least(Floats a, Floats b) { return vminq_f32(a, b); }
inline Floats greatest(Floats a, Floats b) { return vmaxq_f32(a, b); }
inline float least_lane(Floats v) { return vminvq_f32(v); }
inline float greatest_lane(Floats v) { return vmaxvq_f32(v); }
inline Floats fill(const float* from) {
  float value;
  __builtin_memcpy(&value, from, sizeof value);
  return vdupq_n_f32(value);
}

/// Fewer elements than a vector has: the first one fills it up.
inline Floats load_few(const float* from, std::size_t n) {
  Floats lanes = fill(from);
  __builtin_memcpy(&lanes, from, n * sizeof(float));
  return lanes;
}

void min_max_f32(const float* x, std::size_t n, float* lo, float* hi) noexcept {
  *lo = *hi = 0;
  if (n == 0) return;
  Floats low = n < kLanes ? load_few(x, n) : load_floats(x), high = low;
  if (n >= kLanes) {
    for (std::size_t i = kLanes; i + kLanes <= n; i += kLanes) {
      low = least(low, load_floats(x + i));
      high = greatest(high, load_floats(x + i));
    }
    low = least(low, load_floats(x + n - kLanes));  // overlaps the vector before
    high = greatest(high, load_floats(x + n - kLanes));
  }
  *lo = least_lane(low) + 0.0f;  // -0 + 0 = +0
  *hi = greatest_lane(high) + 0.0f;
}

/// `scale` is lo and the inverse step.  vmaxnm gives the number if the other operand is NaN.
inline std::uint32_t encode(Floats x, const Scale& scale) {
  const Floats scaled = vmulq_f32(vsubq_f32(x, scale.lo), scale.step);
  const Floats held = vminq_f32(vmaxnmq_f32(scaled, zero_floats()), vdupq_n_f32(255));
  const uint16x4_t words = vmovn_u32(vcvtnq_u32_f32(held));
  return vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
}

void encode_u8(const float* x, std::size_t n, float lo, float inverse_step,
               std::uint8_t* code) noexcept {
  const Scale scale = scale_of(lo, inverse_step);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const std::uint32_t bytes = encode(load_floats(x + i), scale);
    __builtin_memcpy(code + i, &bytes, kLanes);
  }
  if (i < n) {
    const std::uint32_t bytes = encode(load_some_floats(x + i, n - i), scale);
    __builtin_memcpy(code + i, &bytes, n - i);
  }
}

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    const uint8x8_t bytes = n - i >= 8 ? load_bytes(code + i, 8) : load_bytes(code + i, n - i);
    sum += vaddlv_u8(bytes);
  }
  return sum;
}

}  // namespace

constinit const CodeKernels kNeonCodes = {
    .dot_u8_i16 = dot_u8_i16,
    .dot_u8_u8 = dot_u8_u8,
    .l1_f32_u8 = l1_f32_u8,
    .l1_u8_u8 = l1_u8_u8,
    .dot_u8_i16_batch = dot_u8_i16_batch,
    .l1_f32_u8_batch = l1_f32_u8_batch,
    .min_max_f32 = min_max_f32,
    .encode_u8 = encode_u8,
    .sum_u8 = sum_u8,
};

}  // namespace vec::kernels

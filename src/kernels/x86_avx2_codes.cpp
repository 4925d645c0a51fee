// kernels/x86_avx2_codes.cpp
//
// 8-bit codes with AVX2 and FMA.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Ints = __m256i;
using Floats = __m256;

constexpr std::size_t kWords = 16;

inline Ints zero_ints() { return _mm256_setzero_si256(); }

inline Ints load_words(const std::int16_t* from) {
  const void* const bytes = from;
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
inline Ints load_some_words(const std::int16_t* from, std::size_t n) {
  Ints words = zero_ints();
  __builtin_memcpy(&words, from, n * sizeof(std::int16_t));
  return words;
}

/// n bytes, at most 16, followed by zeros.
inline __m128i load_bytes(const std::uint8_t* from, std::size_t n) {
  __m128i bytes = _mm_setzero_si128();
  __builtin_memcpy(&bytes, from, n);
  return bytes;
}

/// kWords bytes as words.
inline Ints widen(const std::uint8_t* from) { return _mm256_cvtepu8_epi16(load_bytes(from, 16)); }
inline Ints widen_some(const std::uint8_t* from, std::size_t n) {
  return _mm256_cvtepu8_epi16(load_bytes(from, n));
}

/// Adds the products of bytes and words, two to a lane; a pair is below 2^24.
inline Ints add_products(Ints sum, Ints a, Ints b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
inline Ints add(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
inline std::int32_t sum_of_lanes(Ints v) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

constexpr std::size_t kLanes = 8;

/// Reading kLanes of these from 8 - n on gives n lanes that are on, then lanes that are off.
alignas(64) constexpr std::int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

inline Ints first(std::size_t n) {
  const void* const mask = kMasks + 8 - n;
  return _mm256_loadu_si256(static_cast<const __m256i*>(mask));
}

inline Floats zero_floats() { return _mm256_setzero_ps(); }
inline Floats load_floats(const float* from) { return _mm256_loadu_ps(from); }
inline Floats load_some_floats(const float* from, std::size_t n) {
  return _mm256_maskload_ps(from, first(n));
}
inline Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
inline float sum_of_lanes(Floats v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

struct Scale {
  Floats lo, step;
};
inline Scale scale_of(float lo, float step) { return {_mm256_set1_ps(lo), _mm256_set1_ps(step)}; }

/// n bytes, at most kLanes, as the floats they stand for.
inline Floats decode_some(const std::uint8_t* from, std::size_t n, const Scale& scale) {
  const Floats numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load_bytes(from, n)));
  return _mm256_fmadd_ps(scale.step, numbers, scale.lo);
}
inline Floats decode(const std::uint8_t* from, const Scale& scale) {
  return decode_some(from, kLanes, scale);
}

inline Floats distance(Floats a, Floats b) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(a, b));
}
/// Adds |a - b|, in the first n lanes.
inline Floats add_distance(Floats sum, Floats a, Floats b) { return add(sum, distance(a, b)); }
inline Floats add_some_distance(Floats sum, Floats a, Floats b, std::size_t n) {
  return add(sum, _mm256_and_ps(distance(a, b), _mm256_castsi256_ps(first(n))));
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
      const Ints words = load_words(query + i), more_words = load_words(query + i + kWords);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      ((odd[k] = add_products(odd[k], widen(codes[k] + i + kWords), more_words)), ...);
    }
    if (i + kWords <= n) {
      const Ints words = load_words(query + i);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      i += kWords;
    }
    if (i < n) {
      const std::size_t rest = n - i;
      const Ints words = load_some_words(query + i, rest);
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

inline Floats least(Floats a, Floats b) { return _mm256_min_ps(a, b); }
inline Floats greatest(Floats a, Floats b) { return _mm256_max_ps(a, b); }
inline float least_lane(Floats v) {
  __m128 least = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  least = _mm_min_ps(least, _mm_movehl_ps(least, least));
  return _mm_cvtss_f32(_mm_min_ss(least, _mm_movehdup_ps(least)));
}
inline float greatest_lane(Floats v) {
  __m128 greatest = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  greatest = _mm_max_ps(greatest, _mm_movehl_ps(greatest, greatest));
  return _mm_cvtss_f32(_mm_max_ss(greatest, _mm_movehdup_ps(greatest)));
}
inline Floats fill(const float* from) {
  float value;
  __builtin_memcpy(&value, from, sizeof value);
  return _mm256_set1_ps(value);
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

/// `scale` is lo and the inverse step.  maxps gives its second operand if the first is NaN.
inline std::uint64_t encode(Floats x, const Scale& scale) {
  const Floats scaled = _mm256_mul_ps(_mm256_sub_ps(x, scale.lo), scale.step);
  const Floats held = least(greatest(scaled, zero_floats()), _mm256_set1_ps(255));
  const Ints numbers = _mm256_cvtps_epi32(held);
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(numbers), _mm256_extracti128_si256(numbers, 1));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(words, words)));
}

void encode_u8(const float* x, std::size_t n, float lo, float inverse_step,
               std::uint8_t* code) noexcept {
  const Scale scale = scale_of(lo, inverse_step);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const std::uint64_t bytes = encode(load_floats(x + i), scale);
    __builtin_memcpy(code + i, &bytes, kLanes);
  }
  if (i < n) {
    const std::uint64_t bytes = encode(load_some_floats(x + i, n - i), scale);
    __builtin_memcpy(code + i, &bytes, n - i);
  }
}

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  __m128i sum = _mm_setzero_si128();
  for (std::size_t i = 0; i < n; i += 16) {
    const __m128i bytes = n - i >= 16 ? load_bytes(code + i, 16) : load_bytes(code + i, n - i);
    sum = _mm_add_epi64(sum, _mm_sad_epu8(bytes, _mm_setzero_si128()));
  }
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)) +
         static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1));
}

}  // namespace

constinit const CodeKernels kAvx2Codes = {
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

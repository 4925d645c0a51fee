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

inline Ints join_low(Ints high, Ints low) {
  const Ints mask = _mm256_set1_epi16(15);
  return _mm256_or_si256(_mm256_slli_epi16(_mm256_and_si256(high, mask), 4),
                         _mm256_and_si256(low, mask));
}
inline Ints join_high(Ints high, Ints low) {
  return _mm256_or_si256(_mm256_and_si256(high, _mm256_set1_epi16(0xF0)),
                         _mm256_srli_epi16(low, 4));
}

constexpr std::size_t kPairs = 32;

inline Ints load_pairs(const std::uint8_t* from) {
  const void* const bytes = from;
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
inline Ints load_some_pairs(const std::uint8_t* from, std::size_t n) {
  Ints pairs = zero_ints();
  __builtin_memcpy(&pairs, from, n);
  return pairs;
}
inline Ints load_bytes_signed(const std::int8_t* from) {
  const void* const bytes = from;
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
/// Four products to a word: below 4 * 15 * 127.
inline Ints add_nibbles(Ints sum, Ints pairs, Ints low, Ints high) {
  const Ints mask = _mm256_set1_epi8(15);
  const Ints words = _mm256_add_epi16(
      _mm256_maddubs_epi16(_mm256_and_si256(pairs, mask), low),
      _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(pairs, 4), mask), high));
  return add(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
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

#include "kernels/loops/code_l1.h"
#include "kernels/loops/code_pair_product.h"
#include "kernels/loops/code_products.h"
#include "kernels/loops/joined_products.h"
#include "kernels/loops/nibble_products.h"

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

/// `scale` is lo and the inverse step.  maxps gives its second operand if the first is NaN.
inline std::uint64_t encode(Floats x, const Scale& scale) {
  const Floats scaled = _mm256_mul_ps(_mm256_sub_ps(x, scale.lo), scale.step);
  const Floats held = least(greatest(scaled, zero_floats()), _mm256_set1_ps(255));
  const Ints numbers = _mm256_cvtps_epi32(held);
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(numbers), _mm256_extracti128_si256(numbers, 1));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(words, words)));
}

#include "kernels/loops/encode.h"

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  __m128i sum = _mm_setzero_si128();
  for (std::size_t i = 0; i < n; i += 16) {
    const __m128i bytes = n - i >= 16 ? load_bytes(code + i, 16) : load_bytes(code + i, n - i);
    sum = _mm_add_epi64(sum, _mm_sad_epu8(bytes, _mm_setzero_si128()));
  }
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)) +
         static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1));
}

inline void store_floats(float* to, Floats v) { _mm256_storeu_ps(to, v); }
inline Floats difference(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
inline Floats product(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
inline Floats first_passes(Floats v, const std::uint8_t* signs, std::size_t i) {
  constexpr int kSign = static_cast<int>(0x80000000);
  const Ints places = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);
  const Ints flips = _mm256_and_si256(_mm256_sllv_epi32(_mm256_set1_epi32(signs[i / 8]), places),
                                      _mm256_set1_epi32(kSign));
  v = _mm256_xor_ps(v, _mm256_castsi256_ps(flips));
  // x + y and x - y of each pair (x, y): the other one, and this one times one or minus one, which
  // is exact.
  v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1), _mm256_permute_ps(v, 0xB1));
  v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1), _mm256_permute_ps(v, 0x4E));
  return _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1),
                         _mm256_permute2f128_ps(v, v, 0x01));
}

#include "kernels/loops/hadamard.h"

inline __m128i packed(auto ints) { return _mm_packs_epi32((__m128i)ints, (__m128i)ints); }
inline void store_four(std::int16_t* to, auto ints) { _mm_storeu_si64(to, packed(ints)); }
inline void store_four(std::int8_t* to, auto ints) {
  const __m128i words = packed(ints);
  _mm_storeu_si32(to, _mm_packs_epi16(words, words));
}

#include "kernels/loops/round.h"

using Doubles = __m256d;

inline double sum_of_lanes(Doubles v) {
  const __m128d sum = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(sum) + _mm_cvtsd_f64(_mm_unpackhi_pd(sum, sum));
}

#include "kernels/loops/decoded.h"

DecodedSums decoded_sums(const float* x, const std::uint8_t* code, std::size_t n, double lo,
                         double step, int shift) noexcept {
  const Doubles los = _mm256_set1_pd(lo), steps = _mm256_set1_pd(step);
  const __m128i bits = _mm_cvtsi32_si128(shift);
  Doubles norms[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
  Doubles errors[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const Ints levels = _mm256_srl_epi32(_mm256_cvtepu8_epi32(load_bytes(code + i, 8)), bits);
    const __m128i halves[2] = {_mm256_castsi256_si128(levels), _mm256_extracti128_si256(levels, 1)};
    for (std::size_t k = 0; k < 2; ++k) {
      const Doubles decoded = _mm256_fmadd_pd(steps, _mm256_cvtepi32_pd(halves[k]), los);
      const Doubles elements = _mm256_cvtps_pd(_mm_loadu_ps(x + i + 4 * k));
      const Doubles lost = _mm256_sub_pd(elements, decoded);
      norms[k] = _mm256_fmadd_pd(decoded, decoded, norms[k]);
      errors[k] = _mm256_fmadd_pd(lost, lost, errors[k]);
    }
  }
  const DecodedSums sums = {sum_of_lanes(_mm256_add_pd(norms[0], norms[1])),
                            sum_of_lanes(_mm256_add_pd(errors[0], errors[1]))};
  return with_rest(sums, x, code, i, n, lo, step, shift);
}

}  // namespace

constinit const CodeKernels kAvx2Codes = {
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
    .decoded_sums = decoded_sums,
    .scale_f32 = scale_f32,
    .absolute_sum_f32 = absolute_sum_f32,
    .round_i16 = round_i16,
    .round_i8 = round_i8,
    .hadamard_f32 = hadamard_f32,
};

}  // namespace vec::kernels

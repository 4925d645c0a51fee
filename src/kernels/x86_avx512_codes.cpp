// kernels/x86_avx512_codes.cpp
//
// 8-bit codes with AVX-512 F, BW, VL and DQ.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

// GCC 12 takes the deliberately undefined registers of its own AVX-512 intrinsics for mistakes
// (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Floats = __m512;
using Ints = __m512i;

constexpr std::size_t kWords = 32;

/// Masks of the first n lanes, n below their number.
inline __mmask16 first16(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }
inline __mmask32 first32(std::size_t n) { return (1u << n) - 1; }

inline Ints zero_ints() { return _mm512_setzero_si512(); }

inline Ints load_words(const std::int16_t* from) { return _mm512_loadu_si512(from); }
inline Ints load_some_words(const std::int16_t* from, std::size_t n) {
  return _mm512_maskz_loadu_epi16(first32(n), from);
}

/// kWords bytes as words.
inline Ints widen(const std::uint8_t* from) {
  const void* const bytes = from;
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(bytes)));
}
inline Ints widen_some(const std::uint8_t* from, std::size_t n) {
  return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(first32(n), from));
}

/// Adds the products of bytes and words, two to a lane; a pair is below 2^24.
inline Ints add_products(Ints sum, Ints a, Ints b) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}
inline Ints add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
inline std::int32_t sum_of_lanes(Ints v) { return _mm512_reduce_add_epi32(v); }

inline Ints join_low(Ints high, Ints low) {
  const Ints mask = _mm512_set1_epi16(15);
  return _mm512_or_si512(_mm512_slli_epi16(_mm512_and_si512(high, mask), 4),
                         _mm512_and_si512(low, mask));
}
inline Ints join_high(Ints high, Ints low) {
  return _mm512_or_si512(_mm512_and_si512(high, _mm512_set1_epi16(0xF0)),
                         _mm512_srli_epi16(low, 4));
}

constexpr std::size_t kPairs = 64;

inline Ints load_pairs(const std::uint8_t* from) { return _mm512_loadu_si512(from); }
inline Ints load_some_pairs(const std::uint8_t* from, std::size_t n) {
  if (n == kPairs) return load_pairs(from);
  return _mm512_maskz_loadu_epi8((std::uint64_t{1} << n) - 1, from);
}
inline Ints load_bytes_signed(const std::int8_t* from) { return _mm512_loadu_si512(from); }
/// Four products to a word: below 4 * 15 * 127.
inline Ints add_nibbles(Ints sum, Ints pairs, Ints low, Ints high) {
  const Ints mask = _mm512_set1_epi8(15);
  const Ints words = _mm512_add_epi16(
      _mm512_maddubs_epi16(_mm512_and_si512(pairs, mask), low),
      _mm512_maddubs_epi16(_mm512_and_si512(_mm512_srli_epi16(pairs, 4), mask), high));
  return add(sum, _mm512_madd_epi16(words, _mm512_set1_epi16(1)));
}

constexpr std::size_t kLanes = 16;

inline Floats zero_floats() { return _mm512_setzero_ps(); }
inline Floats load_floats(const float* from) { return _mm512_loadu_ps(from); }
inline Floats load_some_floats(const float* from, std::size_t n) {
  return _mm512_maskz_loadu_ps(first16(n), from);
}
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline float sum_of_lanes(Floats v) { return _mm512_reduce_add_ps(v); }

struct Scale {
  Floats lo, step;
};
inline Scale scale_of(float lo, float step) { return {_mm512_set1_ps(lo), _mm512_set1_ps(step)}; }

/// kLanes bytes as the floats they stand for.
inline Floats decode(__m128i bytes, const Scale& scale) {
  const Floats numbers = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
  return _mm512_fmadd_ps(scale.step, numbers, scale.lo);
}
inline Floats decode(const std::uint8_t* from, const Scale& scale) {
  const void* const bytes = from;
  return decode(_mm_loadu_si128(static_cast<const __m128i*>(bytes)), scale);
}
inline Floats decode_some(const std::uint8_t* from, std::size_t n, const Scale& scale) {
  return decode(_mm_maskz_loadu_epi8(first16(n), from), scale);
}

/// Adds |a - b|, in the first n lanes.
inline Floats add_distance(Floats sum, Floats a, Floats b) {
  return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(a, b)));
}
inline Floats add_some_distance(Floats sum, Floats a, Floats b, std::size_t n) {
  return _mm512_mask_add_ps(sum, first16(n), sum, _mm512_abs_ps(_mm512_sub_ps(a, b)));
}

#include "kernels/loops/code_l1.h"
#include "kernels/loops/code_pair_product.h"
#include "kernels/loops/code_products.h"
#include "kernels/loops/joined_products.h"
#include "kernels/loops/nibble_products.h"

inline Floats least(Floats a, Floats b) { return _mm512_min_ps(a, b); }
inline Floats greatest(Floats a, Floats b) { return _mm512_max_ps(a, b); }
inline float least_lane(Floats v) { return _mm512_reduce_min_ps(v); }
inline float greatest_lane(Floats v) { return _mm512_reduce_max_ps(v); }
inline Floats fill(const float* from) {
  float value;
  __builtin_memcpy(&value, from, sizeof value);
  return _mm512_set1_ps(value);
}

/// `scale` is lo and the inverse step.  maxps gives its second operand if the first is NaN.
inline __m128i encode(Floats x, const Scale& scale) {
  const Floats scaled = _mm512_mul_ps(_mm512_sub_ps(x, scale.lo), scale.step);
  const Floats held = least(greatest(scaled, zero_floats()), _mm512_set1_ps(255));
  return _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(held));
}

#include "kernels/loops/encode.h"

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  Ints sum = zero_ints();
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_loadu_si512(code + i), zero_ints()));
  }
  if (i < n) {
    const __mmask64 rest = (std::uint64_t{1} << (n - i)) - 1;
    const Ints bytes = _mm512_maskz_loadu_epi8(rest, code + i);
    sum = _mm512_add_epi64(sum, _mm512_sad_epu8(bytes, zero_ints()));
  }
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(sum));
}

inline void store_floats(float* to, Floats v) { _mm512_storeu_ps(to, v); }
inline Floats difference(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
inline Floats product(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
/// b - a in the lanes of the mask, b + a in the others: a times one or minus one is exact.
inline Floats add_signed(Floats a, Floats b, __mmask16 minus) {
  const Floats ones = _mm512_set1_ps(1);
  return _mm512_fmadd_ps(a, _mm512_mask_blend_ps(minus, ones, _mm512_set1_ps(-1)), b);
}
inline Floats first_passes(Floats v, const std::uint8_t* signs, std::size_t i) {
  std::uint16_t flips;
  __builtin_memcpy(&flips, signs + i / 8, sizeof flips);
  v = _mm512_mask_xor_ps(v, flips, v, _mm512_set1_ps(-0.0f));
  v = add_signed(v, _mm512_permute_ps(v, 0xB1), 0xAAAA);
  v = add_signed(v, _mm512_permute_ps(v, 0x4E), 0xCCCC);
  v = add_signed(v, _mm512_shuffle_f32x4(v, v, 0xB1), 0xF0F0);
  return add_signed(v, _mm512_shuffle_f32x4(v, v, 0x4E), 0xFF00);
}

#include "kernels/loops/hadamard.h"

using Doubles = __m512d;

/// Adds what eight elements, and the levels of their code, give.
inline void add_decoded(__m256 elements, __m256i levels, Doubles lo, Doubles step, Doubles& norm,
                        Doubles& error) {
  const Doubles decoded = _mm512_fmadd_pd(step, _mm512_cvtepi32_pd(levels), lo);
  const Doubles lost = _mm512_sub_pd(_mm512_cvtps_pd(elements), decoded);
  norm = _mm512_fmadd_pd(decoded, decoded, norm);
  error = _mm512_fmadd_pd(lost, lost, error);
}

#include "kernels/loops/decoded.h"

DecodedSums decoded_sums(const float* x, const std::uint8_t* code, std::size_t n, double lo,
                         double step, int shift) noexcept {
  const Doubles los = _mm512_set1_pd(lo), steps = _mm512_set1_pd(step);
  const __m128i bits = _mm_cvtsi32_si128(shift);
  Doubles norms[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
  Doubles errors[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const void* const bytes = code + i;
    const Ints levels = _mm512_srl_epi32(
        _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(bytes))), bits);
    add_decoded(_mm256_loadu_ps(x + i), _mm512_castsi512_si256(levels), los, steps, norms[0],
                errors[0]);
    add_decoded(_mm256_loadu_ps(x + i + 8), _mm512_extracti32x8_epi32(levels, 1), los, steps,
                norms[1], errors[1]);
  }
  const DecodedSums sums = {_mm512_reduce_add_pd(_mm512_add_pd(norms[0], norms[1])),
                            _mm512_reduce_add_pd(_mm512_add_pd(errors[0], errors[1]))};
  return with_rest(sums, x, code, i, n, lo, step, shift);
}

}  // namespace

constinit const CodeKernels kAvx512Codes = {
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
    .scale_f32 = nullptr,  // those of AVX2
    .absolute_sum_f32 = nullptr,
    .round_i16 = nullptr,
    .round_i8 = nullptr,
    .hadamard_f32 = hadamard_f32,
};

}  // namespace vec::kernels

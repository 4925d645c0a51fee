// kernels/x86_avx512_vnni.cpp
//
// The integer products of 8-bit codes with AVX-512 VNNI, which multiplies and adds up in one
// instruction.
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

using Ints = __m512i;

constexpr std::size_t kWords = 32;

/// Masks of the first n lanes, n below their number.
inline __mmask32 first32(std::size_t n) { return (1u << n) - 1; }
inline __mmask64 first64(std::size_t n) { return (std::uint64_t{1} << n) - 1; }

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

/// Adds the products of bytes and words, two to a lane.
inline Ints add_products(Ints sum, Ints a, Ints b) { return _mm512_dpwssd_epi32(sum, a, b); }
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
  return n == kPairs ? load_pairs(from) : _mm512_maskz_loadu_epi8(first64(n), from);
}
inline Ints load_bytes_signed(const std::int8_t* from) { return _mm512_loadu_si512(from); }
/// Adds four products to a lane.
inline Ints add_nibbles(Ints sum, Ints pairs, Ints low, Ints high) {
  const Ints mask = _mm512_set1_epi8(15);
  sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(pairs, mask), low);
  return _mm512_dpbusd_epi32(sum, _mm512_and_si512(_mm512_srli_epi16(pairs, 4), mask), high);
}

#include "kernels/loops/code_products.h"
#include "kernels/loops/joined_products.h"
#include "kernels/loops/nibble_products.h"

/// The instruction multiplies unsigned with signed bytes: a * b = a * (b - 128) + 128 * a.
struct ShiftedDot {
  Ints products, sum_a;
};
inline void add_products(ShiftedDot& sums, Ints a, Ints b) {
  const Ints ones = _mm512_set1_epi8(1);
  const Ints shifted = _mm512_xor_si512(b, _mm512_set1_epi8(-128));
  sums.products = _mm512_dpbusd_epi32(sums.products, a, shifted);
  sums.sum_a = _mm512_dpbusd_epi32(sums.sum_a, a, ones);
}

std::int32_t dot_u8_u8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  ShiftedDot even = {zero_ints(), zero_ints()}, odd = even;
  std::size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    add_products(even, _mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i));
    add_products(odd, _mm512_loadu_si512(a + i + 64), _mm512_loadu_si512(b + i + 64));
  }
  if (i + 64 <= n) {
    add_products(even, _mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i));
    i += 64;
  }
  if (i < n) {
    const __mmask64 rest = first64(n - i);
    add_products(odd, _mm512_maskz_loadu_epi8(rest, a + i), _mm512_maskz_loadu_epi8(rest, b + i));
  }
  const Ints sum_a = _mm512_slli_epi32(add(even.sum_a, odd.sum_a), 7);
  return sum_of_lanes(add(add(even.products, odd.products), sum_a));
}

}  // namespace

constinit const DotKernels kAvx512VnniDots = {
    .dot_u8_i16 = dot_u8_i16,
    .dot_u8_u8 = dot_u8_u8,
    .dot_u8_i16_batch = dot_u8_i16_batch,
    .dot_u4_i8_batch = dot_u4_i8_batch,
    .dot_u4_u4_i16 = dot_u4_u4_i16,
};

}  // namespace vec::kernels

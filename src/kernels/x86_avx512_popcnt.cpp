// kernels/x86_avx512_popcnt.cpp
//
// Bit strings with the AVX-512 instruction that counts one bits (VPOPCNTDQ).
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

constexpr std::size_t kBytes = 64;

/// A mask of the first n bytes, n below 64.
inline __mmask64 first(std::size_t n) { return (std::uint64_t{1} << n) - 1; }

/// One bits of each 64-bit lane.
inline __m512i ones(__m512i v) { return _mm512_popcnt_epi64(v); }

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m512i sum = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
    sum = _mm512_add_epi64(sum, ones(_mm512_xor_si512(x, y)));
  }
  if (i < n) {
    const __m512i x = _mm512_maskz_loadu_epi8(first(n - i), a + i);
    const __m512i y = _mm512_maskz_loadu_epi8(first(n - i), b + i);
    sum = _mm512_add_epi64(sum, ones(_mm512_xor_si512(x, y)));
  }
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(sum));
}

BitCounts bit_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m512i both = _mm512_setzero_si512(), either = both;
  std::size_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
    both = _mm512_add_epi64(both, ones(_mm512_and_si512(x, y)));
    either = _mm512_add_epi64(either, ones(_mm512_or_si512(x, y)));
  }
  if (i < n) {
    const __m512i x = _mm512_maskz_loadu_epi8(first(n - i), a + i);
    const __m512i y = _mm512_maskz_loadu_epi8(first(n - i), b + i);
    both = _mm512_add_epi64(both, ones(_mm512_and_si512(x, y)));
    either = _mm512_add_epi64(either, ones(_mm512_or_si512(x, y)));
  }
  return {static_cast<std::uint64_t>(_mm512_reduce_add_epi64(both)),
          static_cast<std::uint64_t>(_mm512_reduce_add_epi64(either))};
}

}  // namespace

constinit const BitKernels kAvx512PopcntBits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

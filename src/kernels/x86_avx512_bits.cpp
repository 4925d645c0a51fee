// kernels/x86_avx512_bits.cpp
//
// Bit strings with AVX-512 BW: as in x86_avx2_bits.cpp, on twice the width.
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

/// One bits of each 64-bit lane.
inline __m512i ones(__m512i v) {
  const __m512i table =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i low_half = _mm512_set1_epi8(0x0f);
  const __m512i low = _mm512_and_si512(v, low_half);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(v, 4), low_half);
  const __m512i counts =
      _mm512_add_epi8(_mm512_shuffle_epi8(table, low), _mm512_shuffle_epi8(table, high));
  return _mm512_sad_epu8(counts, _mm512_setzero_si512());
}

#include "kernels/loops/wide_bits.h"

}  // namespace

constinit const BitKernels kAvx512Bits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

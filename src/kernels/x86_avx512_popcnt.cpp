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

/// One bits of each 64-bit lane.
inline __m512i ones(__m512i v) { return _mm512_popcnt_epi64(v); }

#include "kernels/loops/wide_bits.h"

}  // namespace

constinit const BitKernels kAvx512PopcntBits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

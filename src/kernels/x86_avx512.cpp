// kernels/x86_avx512.cpp
//
// Dense vectors with AVX-512 F, BW, VL and DQ; the last, partial vector is read under a mask.
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
using Doubles = __m512d;

constexpr std::size_t kLanes = 16;

/// A mask of the first n lanes, n at most 16.
inline __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }

/// How to read sixteen elements, or fewer than sixteen followed by zeros, as floats.
struct F32 {
  using Element = float;
  static Floats load(const float* from) { return _mm512_loadu_ps(from); }
  static Floats load_some(const float* from, std::size_t n) {
    return _mm512_maskz_loadu_ps(first(n), from);
  }
};

struct F16 {
  using Element = HalfBits;
  static Floats load(const HalfBits* from) {
    const void* const bytes = from;
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(bytes)));
  }
  static Floats load_some(const HalfBits* from, std::size_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), from));
  }
};

inline Floats zero_floats() { return _mm512_setzero_ps(); }
inline Doubles zero_doubles() { return _mm512_setzero_pd(); }
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline Doubles add(Doubles a, Doubles b) { return _mm512_add_pd(a, b); }
inline Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
inline Floats absolute(Floats v) { return _mm512_abs_ps(v); }
inline Floats multiply_add(Floats a, Floats b, Floats sum) { return _mm512_fmadd_ps(a, b, sum); }
inline void add_squares(Doubles& low_sum, Doubles& high_sum, Floats v) {
  const Doubles low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  const Doubles high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  low_sum = _mm512_fmadd_pd(low, low, low_sum);
  high_sum = _mm512_fmadd_pd(high, high, high_sum);
}
inline float sum_of_lanes(Floats v) { return _mm512_reduce_add_ps(v); }
inline double sum_of_lanes(Doubles v) { return _mm512_reduce_add_pd(v); }

void f16_to_f32(const HalfBits* from, float* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) _mm512_storeu_ps(to + i, F16::load(from + i));
  if (i < n) _mm512_mask_storeu_ps(to + i, first(n - i), F16::load_some(from + i, n - i));
}

inline __m256i narrow(__m512 v) {
  return _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

void f32_to_f16(const float* from, HalfBits* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    void* const bytes = to + i;
    _mm256_storeu_si256(static_cast<__m256i*>(bytes), narrow(F32::load(from + i)));
  }
  if (i < n) {
    _mm256_mask_storeu_epi16(to + i, first(n - i), narrow(F32::load_some(from + i, n - i)));
  }
}

#include "kernels/loops/float_sums.h"

}  // namespace

constinit const FloatKernels kAvx512Floats = kFloatKernels;

}  // namespace vec::kernels

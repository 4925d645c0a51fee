// kernels/x86_avx2.cpp
//
// Dense vectors with AVX2, FMA and F16C.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Floats = __m256;
using Doubles = __m256d;

constexpr std::size_t kLanes = 8;

/// Reading kLanes of these from 8 - n on gives n lanes that are on, then lanes that are off.
alignas(64) constexpr std::int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

/// How to read eight elements, or fewer than eight followed by zeros, as floats.
struct F32 {
  using Element = float;
  static Floats load(const float* from) { return _mm256_loadu_ps(from); }
  static Floats load_some(const float* from, std::size_t n) {
    const void* const mask = kMasks + 8 - n;
    return _mm256_maskload_ps(from, _mm256_loadu_si256(static_cast<const __m256i*>(mask)));
  }
};

struct F16 {
  using Element = HalfBits;
  static Floats load(const HalfBits* from) {
    const void* const bytes = from;
    return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(bytes)));
  }
  static Floats load_some(const HalfBits* from, std::size_t n) {
    __m128i lanes = _mm_setzero_si128();
    __builtin_memcpy(&lanes, from, n * sizeof(HalfBits));
    return _mm256_cvtph_ps(lanes);
  }
};

inline Floats zero_floats() { return _mm256_setzero_ps(); }
inline Doubles zero_doubles() { return _mm256_setzero_pd(); }
inline Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
inline Doubles add(Doubles a, Doubles b) { return _mm256_add_pd(a, b); }
inline Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
inline Floats absolute(Floats v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
inline Floats multiply_add(Floats a, Floats b, Floats sum) { return _mm256_fmadd_ps(a, b, sum); }
inline void add_squares(Doubles& low_sum, Doubles& high_sum, Floats v) {
  const Doubles low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
  const Doubles high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
  low_sum = _mm256_fmadd_pd(low, low, low_sum);
  high_sum = _mm256_fmadd_pd(high, high, high_sum);
}
inline float sum_of_lanes(Floats v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}
inline double sum_of_lanes(Doubles v) {
  const __m128d sum = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(sum, _mm_unpackhi_pd(sum, sum)));
}

void f16_to_f32(const HalfBits* from, float* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) _mm256_storeu_ps(to + i, F16::load(from + i));
  if (i < n) {
    const __m256 lanes = F16::load_some(from + i, n - i);
    __builtin_memcpy(to + i, &lanes, (n - i) * sizeof(float));
  }
}

inline __m128i narrow(__m256 v) {
  return _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

void f32_to_f16(const float* from, HalfBits* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    void* const bytes = to + i;
    _mm_storeu_si128(static_cast<__m128i*>(bytes), narrow(F32::load(from + i)));
  }
  if (i < n) {
    const __m128i lanes = narrow(F32::load_some(from + i, n - i));
    __builtin_memcpy(to + i, &lanes, (n - i) * sizeof(HalfBits));
  }
}

#include "kernels/loops/float_sums.h"

}  // namespace

constinit const FloatKernels kAvx2Floats = kFloatKernels;

}  // namespace vec::kernels

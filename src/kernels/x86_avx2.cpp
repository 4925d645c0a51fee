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

constexpr std::size_t kLanes = 8;

/// Reading kLanes of these from 8 - n on gives n lanes that are on, then lanes that are off.
alignas(64) constexpr std::int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

/// How to read eight elements, or fewer than eight followed by zeros, as floats.
struct F32 {
  using Element = float;
  static __m256 load(const float* from) { return _mm256_loadu_ps(from); }
  static __m256 load_some(const float* from, std::size_t n) {
    const void* const mask = kMasks + 8 - n;
    return _mm256_maskload_ps(from, _mm256_loadu_si256(static_cast<const __m256i*>(mask)));
  }
};

struct F16 {
  using Element = HalfBits;
  static __m256 load(const HalfBits* from) {
    const void* const bytes = from;
    return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(bytes)));
  }
  static __m256 load_some(const HalfBits* from, std::size_t n) {
    __m128i lanes = _mm_setzero_si128();
    __builtin_memcpy(&lanes, from, n * sizeof(HalfBits));
    return _mm256_cvtph_ps(lanes);
  }
};

inline __m256 absolute(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

/// The terms.  Both arguments zero add zero, which is what fills up a last vector.
struct SquaredDifference {
  static __m256 add(__m256 sum, __m256 a, __m256 b) {
    const __m256 difference = _mm256_sub_ps(a, b);
    return _mm256_fmadd_ps(difference, difference, sum);
  }
};
struct Product {
  static __m256 add(__m256 sum, __m256 a, __m256 b) { return _mm256_fmadd_ps(a, b, sum); }
};
struct AbsoluteDifference {
  static __m256 add(__m256 sum, __m256 a, __m256 b) {
    return _mm256_add_ps(sum, absolute(_mm256_sub_ps(a, b)));
  }
};

inline float sum_of_lanes(__m256 v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

inline double sum_of_lanes(__m256d v) {
  const __m128d sum = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(sum, _mm_unpackhi_pd(sum, sum)));
}

/// Four chains: two loads make a step and two go in a cycle, so a chain comes round every four
/// cycles, which is what a fused multiply-add takes.
template <class Format, class Term>
float sum(const typename Format::Element* a, const typename Format::Element* b,
          std::size_t n) noexcept {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = Term::add(s0, Format::load(a + i), Format::load(b + i));
    s1 = Term::add(s1, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
    s2 = Term::add(s2, Format::load(a + i + 2 * kLanes), Format::load(b + i + 2 * kLanes));
    s3 = Term::add(s3, Format::load(a + i + 3 * kLanes), Format::load(b + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) {
    s0 = Term::add(s0, Format::load(a + i), Format::load(b + i));
  }
  if (i < n) s1 = Term::add(s1, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  return sum_of_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
}

struct CosineSums {
  __m256 dot, aa, bb;
};

inline void add_cosine_terms(CosineSums& sums, __m256 a, __m256 b) {
  sums.dot = _mm256_fmadd_ps(a, b, sums.dot);
  sums.aa = _mm256_fmadd_ps(a, a, sums.aa);
  sums.bb = _mm256_fmadd_ps(b, b, sums.bb);
}

template <class Format>
CosineParts cosine(const typename Format::Element* a, const typename Format::Element* b,
                   std::size_t n) noexcept {
  const __m256 zero = _mm256_setzero_ps();
  CosineSums even = {zero, zero, zero}, odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    add_cosine_terms(odd, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    i += kLanes;
  }
  if (i < n) {
    add_cosine_terms(odd, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  }
  return {sum_of_lanes(_mm256_add_ps(even.dot, odd.dot)),
          sum_of_lanes(_mm256_add_ps(even.aa, odd.aa)),
          sum_of_lanes(_mm256_add_ps(even.bb, odd.bb))};
}

inline void add_squares(__m256d& low_sum, __m256d& high_sum, __m256 v) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
  const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
  low_sum = _mm256_fmadd_pd(low, low, low_sum);
  high_sum = _mm256_fmadd_pd(high, high, high_sum);
}

template <class Format>
double norm_squared(const typename Format::Element* a, std::size_t n) noexcept {
  __m256d s0 = _mm256_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_squares(s0, s1, Format::load(a + i));
    add_squares(s2, s3, Format::load(a + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_squares(s0, s1, Format::load(a + i));
    i += kLanes;
  }
  if (i < n) add_squares(s2, s3, Format::load_some(a + i, n - i));
  return sum_of_lanes(_mm256_add_pd(_mm256_add_pd(s0, s1), _mm256_add_pd(s2, s3)));
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

}  // namespace

constinit const FloatKernels kAvx2Floats = {
    .l2_squared_f32 = sum<F32, SquaredDifference>,
    .dot_f32 = sum<F32, Product>,
    .cosine_f32 = cosine<F32>,
    .l1_f32 = sum<F32, AbsoluteDifference>,
    .norm_squared_f32 = norm_squared<F32>,
    .l2_squared_f16 = sum<F16, SquaredDifference>,
    .dot_f16 = sum<F16, Product>,
    .cosine_f16 = cosine<F16>,
    .l1_f16 = sum<F16, AbsoluteDifference>,
    .norm_squared_f16 = norm_squared<F16>,
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
};

}  // namespace vec::kernels

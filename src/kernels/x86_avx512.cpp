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

constexpr std::size_t kLanes = 16;

/// A mask of the first n lanes, n at most 16.
inline __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }

/// How to read sixteen elements, or fewer than sixteen followed by zeros, as floats.
struct F32 {
  using Element = float;
  static __m512 load(const float* from) { return _mm512_loadu_ps(from); }
  static __m512 load_some(const float* from, std::size_t n) {
    return _mm512_maskz_loadu_ps(first(n), from);
  }
};

struct F16 {
  using Element = HalfBits;
  static __m512 load(const HalfBits* from) {
    const void* const bytes = from;
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(bytes)));
  }
  static __m512 load_some(const HalfBits* from, std::size_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), from));
  }
};

/// The terms.  Both arguments zero add zero, which is what fills up a last vector.
struct SquaredDifference {
  static __m512 add(__m512 sum, __m512 a, __m512 b) {
    const __m512 difference = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(difference, difference, sum);
  }
};
struct Product {
  static __m512 add(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
};
struct AbsoluteDifference {
  static __m512 add(__m512 sum, __m512 a, __m512 b) {
    return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(a, b)));
  }
};

/// Four chains: two loads make a step and two go in a cycle, so a chain comes round every four
/// cycles, which is what a fused multiply-add takes.
template <class Format, class Term>
float sum(const typename Format::Element* a, const typename Format::Element* b,
          std::size_t n) noexcept {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
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
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

struct CosineSums {
  __m512 dot, aa, bb;
};

inline void add_cosine_terms(CosineSums& sums, __m512 a, __m512 b) {
  sums.dot = _mm512_fmadd_ps(a, b, sums.dot);
  sums.aa = _mm512_fmadd_ps(a, a, sums.aa);
  sums.bb = _mm512_fmadd_ps(b, b, sums.bb);
}

template <class Format>
CosineParts cosine(const typename Format::Element* a, const typename Format::Element* b,
                   std::size_t n) noexcept {
  const __m512 zero = _mm512_setzero_ps();
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
  return {_mm512_reduce_add_ps(_mm512_add_ps(even.dot, odd.dot)),
          _mm512_reduce_add_ps(_mm512_add_ps(even.aa, odd.aa)),
          _mm512_reduce_add_ps(_mm512_add_ps(even.bb, odd.bb))};
}

inline void add_squares(__m512d& low_sum, __m512d& high_sum, __m512 v) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  low_sum = _mm512_fmadd_pd(low, low, low_sum);
  high_sum = _mm512_fmadd_pd(high, high, high_sum);
}

template <class Format>
double norm_squared(const typename Format::Element* a, std::size_t n) noexcept {
  __m512d s0 = _mm512_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;
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
  return _mm512_reduce_add_pd(_mm512_add_pd(_mm512_add_pd(s0, s1), _mm512_add_pd(s2, s3)));
}

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

}  // namespace

constinit const FloatKernels kAvx512Floats = {
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

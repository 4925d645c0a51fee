// kernels/x86_avx512_selection.cpp
//
// Some of many numbers, and their order, with AVX-512.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Ints = __m512i;
using Floats = __m512;

constexpr std::size_t kLanes = 16;

/// The lanes of a vector that are there, its first one being that of place i of n.
inline __mmask16 lanes_of(std::size_t i, std::size_t n) {
  return n - i >= kLanes ? 0xffff : static_cast<__mmask16>((1u << (n - i)) - 1);
}

/// `within` of a vector's first place and its lanes: those that are wanted.
template <class Within>
inline std::size_t places_where(std::size_t n, std::uint32_t* out, Within within) {
  Ints places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __mmask16 found = within(i, lanes_of(i, n));
    // Without a branch, which would go either way half of the time.
    _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi32(found, places));
    count += static_cast<unsigned>(__builtin_popcount(found));
    places = _mm512_add_epi32(places, _mm512_set1_epi32(kLanes));
  }
  return count;
}

std::size_t places_up_to(const float* x, std::size_t n, float limit, std::uint32_t* out) noexcept {
  const Floats most = _mm512_set1_ps(limit);
  return places_where(n, out, [&](std::size_t i, __mmask16 there) {
    return _mm512_mask_cmp_ps_mask(there, _mm512_maskz_loadu_ps(there, x + i), most, _CMP_LE_OQ);
  });
}

std::size_t places_within(const float* x, const float* limits, std::size_t n, float limit,
                          std::uint32_t* out) noexcept {
  const Floats most = _mm512_set1_ps(limit);
  return places_where(n, out, [&](std::size_t i, __mmask16 there) {
    const Floats values = _mm512_maskz_loadu_ps(there, x + i);
    const Floats own = _mm512_maskz_loadu_ps(there, limits + i);
    return static_cast<__mmask16>(_mm512_mask_cmp_ps_mask(there, values, most, _CMP_LE_OQ) |
                                  _mm512_mask_cmp_ps_mask(there, values, own, _CMP_LE_OQ));
  });
}

// With masks of all lanes below, as GCC 12 warns of its header's functions that have none.

/// The lesser of each two; of NaN and a number, the second.
inline Floats lesser(Floats a, Floats b) { return _mm512_maskz_min_ps(0xffff, a, b); }

/// What `of` makes of all lanes, two at a time.
template <class Of>
inline float over_lanes(Floats v, Of of) {
  const __m256 halves =
      of(_mm512_maskz_extractf32x8_ps(0xff, v, 0), _mm512_maskz_extractf32x8_ps(0xff, v, 1));
  const __m256 quarters = of(halves, _mm256_permute2f128_ps(halves, halves, 1));
  const __m256 pairs = of(quarters, _mm256_permute_ps(quarters, 0x4e));
  return _mm256_cvtss_f32(of(pairs, _mm256_permute_ps(pairs, 0xb1)));
}

float limit_for(const float* x, std::size_t n, std::size_t count) noexcept {
  constexpr std::size_t kVectors = kMinima / kLanes;
  const Floats infinity = _mm512_set1_ps(__builtin_inff());
  Floats minima[kVectors];
#pragma GCC unroll 4
  for (Floats& least : minima) least = infinity;
  std::size_t i = 0;
  for (; i + kMinima <= n; i += kMinima) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      minima[v] = lesser(_mm512_loadu_ps(x + i + v * kLanes), minima[v]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    const std::size_t at = i + v * kLanes;
    const __mmask16 there = at < n ? lanes_of(at, n) : 0;
    minima[v] = lesser(_mm512_mask_loadu_ps(infinity, there, x + at), minima[v]);
  }
  const auto up_to = [&](std::size_t v, Floats most) {
    return _mm512_cmp_ps_mask(minima[v], most, _CMP_LE_OQ);
  };
  const auto count_up_to = [&](Floats most) {
    std::size_t sum = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum += static_cast<unsigned>(__builtin_popcount(up_to(v, most)));
    }
    return sum;
  };
  constexpr float kMost = __FLT_MAX__;
  const Floats most = _mm512_set1_ps(kMost);
  std::size_t within = count_up_to(most);
  if (within < count) return kMost;
  Floats lows = infinity, highs = _mm512_set1_ps(-__builtin_inff());
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    lows = lesser(lows, minima[v]);
    highs = _mm512_mask_max_ps(highs, up_to(v, most), highs, minima[v]);
  }
  float low = over_lanes(lows, [](__m256 a, __m256 b) { return _mm256_min_ps(a, b); });
  float high = over_lanes(highs, [](__m256 a, __m256 b) { return _mm256_max_ps(a, b); });
  for (int step = 0; step < kLimitSteps && within > count + kLimitSlack; ++step) {
    const float middle = 0.5F * low + 0.5F * high;
    const std::size_t there = count_up_to(_mm512_set1_ps(middle));
    if (there >= count) {
      high = middle;
      within = there;
    } else {
      low = middle;
    }
  }
  return high;
}

void places_in_list(const std::uint32_t* x, std::size_t n, const std::uint32_t* list,
                    std::size_t count, std::uint32_t* places) noexcept {
  for (std::size_t i = 0; i < n; ++i) places[i] = static_cast<std::uint32_t>(count);
  // A part of the list stays in registers while all are looked for.
  for (std::size_t first = 0; first < count; first += 4 * kLanes) {
    Ints part[4];
    __mmask16 there[4];
    for (std::size_t v = 0; v < 4; ++v) {
      const std::size_t at = first + v * kLanes;
      there[v] = at < count ? lanes_of(at, count) : 0;
      part[v] = _mm512_maskz_loadu_epi32(there[v], list + at);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Ints own = _mm512_set1_epi32(static_cast<int>(x[i]));
      const auto found = [&](std::size_t v) {
        return std::uint64_t{_mm512_mask_cmpeq_epi32_mask(there[v], own, part[v])} << v * kLanes;
      };
      const std::uint64_t same = found(0) | found(1) | found(2) | found(3);
      constexpr std::uint64_t kLast = std::uint64_t{1} << 63;  // as zero has no first bit
      const std::size_t place = first + static_cast<std::size_t>(__builtin_ctzll(same | kLast));
      places[i] = same != 0 ? static_cast<std::uint32_t>(place) : places[i];
    }
  }
}

void ranks(const float* x, std::size_t n, std::uint32_t* ranks) noexcept {
  const Ints one = _mm512_set1_epi32(1);
  const Ints first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __mmask16 there = lanes_of(i, n);
    const Floats own = _mm512_maskz_loadu_ps(there, x + i);
    Ints rank = _mm512_setzero_si512();
    for (std::size_t j = 0; j < i; ++j) {
      const __mmask16 before = _mm512_cmp_ps_mask(_mm512_set1_ps(x[j]), own, _CMP_LE_OQ);
      rank = _mm512_mask_add_epi32(rank, before, rank, one);
    }
    const std::size_t end = n - i < kLanes ? n : i + kLanes;
    for (std::size_t j = i; j < end; ++j) {
      const Floats other = _mm512_set1_ps(x[j]);
      const __mmask16 later =
          _mm512_cmpgt_epi32_mask(first, _mm512_set1_epi32(static_cast<int>(j - i)));
      const __mmask16 before =
          static_cast<__mmask16>(_mm512_cmp_ps_mask(other, own, _CMP_LT_OQ) |
                                 (_mm512_cmp_ps_mask(other, own, _CMP_EQ_OQ) & later));
      rank = _mm512_mask_add_epi32(rank, before, rank, one);
    }
    for (std::size_t j = end; j < n; ++j) {
      const __mmask16 before = _mm512_cmp_ps_mask(_mm512_set1_ps(x[j]), own, _CMP_LT_OQ);
      rank = _mm512_mask_add_epi32(rank, before, rank, one);
    }
    _mm512_mask_storeu_epi32(ranks + i, there, rank);
  }
}

}  // namespace

// transpose is that of AVX2 (dispatch.cpp).
constinit const SelectionKernels kAvx512Selection = {
    .places_up_to = places_up_to,
    .places_within = places_within,
    .limit_for = limit_for,
    .places_in_list = places_in_list,
    .transpose = nullptr,
    .ranks = ranks,
};

}  // namespace vec::kernels

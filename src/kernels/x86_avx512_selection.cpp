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

// limit_for and transpose are those of AVX2 (dispatch.cpp).
constinit const SelectionKernels kAvx512Selection = {
    .places_up_to = places_up_to,
    .places_within = places_within,
    .limit_for = nullptr,
    .places_in_list = places_in_list,
    .transpose = nullptr,
    .ranks = ranks,
};

}  // namespace vec::kernels

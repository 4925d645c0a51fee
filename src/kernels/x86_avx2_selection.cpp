// kernels/x86_avx2_selection.cpp
//
// Some of many numbers, and their order, with AVX2.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

using Ints = __m256i;
using Floats = __m256;

constexpr std::size_t kLanes = 8;

inline Ints load_ints(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store(void* to, Ints ints) { _mm256_storeu_si256(static_cast<__m256i*>(to), ints); }

/// For each mask of eight bits the places of those that are set, in order, then zeros.
struct SetBits {
  std::uint8_t places[256][8];

  constexpr SetBits() : places{} {
    for (unsigned mask = 0; mask < 256; ++mask) {
      unsigned count = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((mask >> bit & 1) != 0) places[mask][count++] = static_cast<std::uint8_t>(bit);
      }
    }
  }
};
constexpr SetBits kSetBits;

/// `within` of the place of a vector's first element: whose elements are wanted; of one element the
/// same says `is_within`.
template <class Within, class IsWithin>
inline std::size_t places_where(std::size_t n, std::uint32_t* out, Within within,
                                IsWithin is_within) {
  std::size_t count = 0;
  std::size_t i = 0;
  // Without a branch, which would go either way half of the time.
  const auto take = [&](std::size_t at) {
    const auto found = static_cast<unsigned>(_mm256_movemask_ps(within(at)));
    const Ints places = _mm256_cvtepu8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kSetBits.places[found])));
    store(out + count, _mm256_add_epi32(places, _mm256_set1_epi32(static_cast<int>(at))));
    count += static_cast<unsigned>(__builtin_popcount(found));
  };
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const Floats any = _mm256_or_ps(_mm256_or_ps(within(i), within(i + kLanes)),
                                    _mm256_or_ps(within(i + 2 * kLanes), within(i + 3 * kLanes)));
    if (_mm256_testz_ps(any, any)) continue;
    take(i);
    take(i + kLanes);
    take(i + 2 * kLanes);
    take(i + 3 * kLanes);
  }
  for (; i + kLanes <= n; i += kLanes) take(i);
  for (; i < n; ++i) {
    if (is_within(i)) out[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

std::size_t places_up_to(const float* x, std::size_t n, float limit, std::uint32_t* out) noexcept {
  const Floats most = _mm256_set1_ps(limit);
  return places_where(
      n, out,
      [&](std::size_t at) { return _mm256_cmp_ps(_mm256_loadu_ps(x + at), most, _CMP_LE_OQ); },
      [&](std::size_t i) { return x[i] <= limit; });
}

std::size_t places_within(const float* x, const float* limits, std::size_t n, float limit,
                          std::uint32_t* out) noexcept {
  const Floats most = _mm256_set1_ps(limit);
  return places_where(
      n, out,
      [&](std::size_t at) {
        const Floats values = _mm256_loadu_ps(x + at);
        return _mm256_or_ps(_mm256_cmp_ps(values, most, _CMP_LE_OQ),
                            _mm256_cmp_ps(values, _mm256_loadu_ps(limits + at), _CMP_LE_OQ));
      },
      [&](std::size_t i) { return x[i] <= limit || x[i] <= limits[i]; });
}

float limit_for(const float* x, std::size_t n, std::size_t count) noexcept {
  constexpr std::size_t kVectors = kMinima / kLanes;
  const Floats infinity = _mm256_set1_ps(__builtin_inff());
  Floats minima[kVectors];
#pragma GCC unroll 8
  for (Floats& least : minima) least = infinity;
  std::size_t i = 0;
  for (; i + kMinima <= n; i += kMinima) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      // Of NaN and a number, the second.
      minima[v] = _mm256_min_ps(_mm256_loadu_ps(x + i + v * kLanes), minima[v]);
    }
  }
  for (std::size_t v = 0; i < n; ++v, i += kLanes) {
    const Ints there = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n - i)),
                                          _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    const Floats values =
        _mm256_blendv_ps(infinity, _mm256_maskload_ps(x + i, there), _mm256_castsi256_ps(there));
    minima[v] = _mm256_min_ps(values, minima[v]);
  }
  const auto count_up_to = [&](float limit) {
    const Floats most = _mm256_set1_ps(limit);
    Ints sum = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum = _mm256_sub_epi32(sum, _mm256_castps_si256(_mm256_cmp_ps(minima[v], most, _CMP_LE_OQ)));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return static_cast<std::size_t>(_mm_cvtsi128_si32(half));
  };
  constexpr float kMost = __FLT_MAX__;
  std::size_t within = count_up_to(kMost);
  if (within < count) return kMost;
  Floats lows = minima[0], highs = _mm256_set1_ps(-__builtin_inff());
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) {
    lows = _mm256_min_ps(lows, minima[v]);
    const Floats finite = _mm256_cmp_ps(minima[v], _mm256_set1_ps(kMost), _CMP_LE_OQ);
    highs = _mm256_max_ps(highs, _mm256_blendv_ps(highs, minima[v], finite));
  }
  float ends[2 * kLanes];
  _mm256_storeu_ps(ends, lows);
  _mm256_storeu_ps(ends + kLanes, highs);
  float low = ends[0], high = ends[kLanes];
  for (std::size_t k = 1; k < kLanes; ++k) {
    low = ends[k] < low ? ends[k] : low;
    high = ends[kLanes + k] > high ? ends[kLanes + k] : high;
  }
  for (int step = 0; step < kLimitSteps && within > count + kLimitSlack; ++step) {
    const float middle = 0.5F * low + 0.5F * high;
    const std::size_t there = count_up_to(middle);
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
  for (std::size_t i = 0; i < n; ++i) {
    const Ints own = _mm256_set1_epi32(static_cast<int>(x[i]));
    auto place = static_cast<std::uint32_t>(count);
    std::uint32_t k = 0;
    for (; k + kLanes <= count; k += kLanes) {
      const Ints same = _mm256_cmpeq_epi32(own, load_ints(list + k));
      const auto found = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(same)));
      if (found != 0) place = k + static_cast<std::uint32_t>(__builtin_ctz(found));
    }
    for (; k < count; ++k) place = list[k] == x[i] ? k : place;
    places[i] = place;
  }
}

/// Eight by eight.
inline void transpose_block(const float* from, std::size_t from_stride, float* to,
                            std::size_t to_stride) {
  const auto row = [&](std::size_t r) { return _mm256_loadu_ps(from + r * from_stride); };
  const auto pair = [&](std::size_t r, Floats& low, Floats& high) {
    const Floats a = row(r), b = row(r + 1);
    low = _mm256_unpacklo_ps(a, b);
    high = _mm256_unpackhi_ps(a, b);
  };
  Floats a0, a1, b0, b1, c0, c1, d0, d1;
  pair(0, a0, a1);
  pair(2, b0, b1);
  pair(4, c0, c1);
  pair(6, d0, d1);
  const auto put = [&](std::size_t column, Floats ab, Floats cd) {
    _mm256_storeu_ps(to + column * to_stride, _mm256_permute2f128_ps(ab, cd, 0x20));
    _mm256_storeu_ps(to + (column + 4) * to_stride, _mm256_permute2f128_ps(ab, cd, 0x31));
  };
  put(0, _mm256_shuffle_ps(a0, b0, 0x44), _mm256_shuffle_ps(c0, d0, 0x44));
  put(1, _mm256_shuffle_ps(a0, b0, 0xee), _mm256_shuffle_ps(c0, d0, 0xee));
  put(2, _mm256_shuffle_ps(a1, b1, 0x44), _mm256_shuffle_ps(c1, d1, 0x44));
  put(3, _mm256_shuffle_ps(a1, b1, 0xee), _mm256_shuffle_ps(c1, d1, 0xee));
}

void transpose(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
               float* to, std::size_t to_stride) noexcept {
  for (std::size_t c = 0; c < columns; c += kLanes) {
    for (std::size_t r = 0; r < rows; r += kLanes) {
      transpose_block(from + r * from_stride + c, from_stride, to + c * to_stride + r, to_stride);
    }
  }
}

void ranks(const float* x, std::size_t n, std::uint32_t* ranks) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats own = _mm256_loadu_ps(x + i);
    Ints rank = _mm256_setzero_si256();
    const auto count = [&](Floats before) {
      rank = _mm256_sub_epi32(rank, _mm256_castps_si256(before));
    };
    for (std::size_t j = 0; j < i; ++j) {
      count(_mm256_cmp_ps(_mm256_set1_ps(x[j]), own, _CMP_LE_OQ));
    }
    const Ints first = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (std::size_t j = i; j < i + kLanes; ++j) {
      const Floats other = _mm256_set1_ps(x[j]);
      const Ints later = _mm256_cmpgt_epi32(first, _mm256_set1_epi32(static_cast<int>(j - i)));
      count(_mm256_cmp_ps(other, own, _CMP_LT_OQ));
      count(_mm256_and_ps(_mm256_cmp_ps(other, own, _CMP_EQ_OQ), _mm256_castsi256_ps(later)));
    }
    for (std::size_t j = i + kLanes; j < n; ++j) {
      count(_mm256_cmp_ps(_mm256_set1_ps(x[j]), own, _CMP_LT_OQ));
    }
    store(ranks + i, rank);
  }
  for (; i < n; ++i) {
    std::uint32_t rank = 0;
    for (std::size_t j = 0; j < i; ++j) rank += x[j] <= x[i];
    for (std::size_t j = i + 1; j < n; ++j) rank += x[j] < x[i];
    ranks[i] = rank;
  }
}

}  // namespace

constinit const SelectionKernels kAvx2Selection = {
    .places_up_to = places_up_to,
    .places_within = places_within,
    .limit_for = limit_for,
    .places_in_list = places_in_list,
    .transpose = transpose,
    .ranks = ranks,
};

}  // namespace vec::kernels

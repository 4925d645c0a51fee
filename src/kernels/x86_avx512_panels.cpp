// kernels/x86_avx512_panels.cpp
//
// Many vectors against many with AVX-512.
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

using Ints = __m512i;
using Floats = __m512;

constexpr std::size_t kLanes = 16;
static_assert(kPanelColumns == 2 * kLanes);

inline Ints word_of(const std::uint8_t* from) {
  int word;
  __builtin_memcpy(&word, from, sizeof word);
  return _mm512_set1_epi32(word);
}
/// The bytes with even and with odd places of each word, widened.
inline Ints even_bytes(Ints words) { return _mm512_and_si512(words, _mm512_set1_epi32(0xff00ff)); }
inline Ints odd_bytes(Ints words) { return _mm512_srli_epi16(words, 8); }

/// A pair is below 2^17, so 4000 words stay below 2^31.
inline Ints add_products(Ints sum, Ints a_even, Ints a_odd, Ints b_even, Ints b_odd) {
  sum = _mm512_add_epi32(sum, _mm512_madd_epi16(a_even, b_even));
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a_odd, b_odd));
}

/// Sums of four neighbouring bytes' products of bytes up to 127 and signed ones up to 63: two of
/// them stay below 2^15.
inline Ints short_products(const std::uint8_t* row, Ints columns) {
  return _mm512_maddubs_epi16(word_of(row), columns);
}
inline Ints add_shorts(Ints sum, Ints products) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(products, _mm512_set1_epi16(1)));
}

/// The rows with these places in a list against one panel: they share the loads of the panel.
/// Packs instead of loops, so that every sum is a register.
template <std::size_t... r>
struct Rows {
  static constexpr std::size_t kCount = sizeof...(r);

  static void dot_u8(const std::uint8_t* const* rows, const std::uint8_t* panel, std::size_t words,
                     std::int32_t* out, std::size_t stride) {
    Ints left[kCount] = {((void)r, _mm512_setzero_si512())...};
    Ints right[kCount] = {((void)r, _mm512_setzero_si512())...};
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint8_t* const b = panel + w * kPanelColumns * 4;
      const Ints b_left = _mm512_loadu_si512(b), b_right = _mm512_loadu_si512(b + 64);
      const Ints left_even = even_bytes(b_left), left_odd = odd_bytes(b_left);
      const Ints right_even = even_bytes(b_right), right_odd = odd_bytes(b_right);
      const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
        const Ints a = word_of(rows[k] + 4 * w);
        const Ints even = even_bytes(a), odd = odd_bytes(a);
        left_sum = add_products(left_sum, even, odd, left_even, left_odd);
        right_sum = add_products(right_sum, even, odd, right_even, right_odd);
      };
      (row(r, left[r], right[r]), ...);
    }
    (_mm512_storeu_si512(out + r * stride, left[r]), ...);
    (_mm512_storeu_si512(out + r * stride + kLanes, right[r]), ...);
  }

  static void dot_u7(const std::uint8_t* const* rows, const std::int8_t* panel, std::size_t words,
                     std::int32_t* out, std::size_t stride) {
    Ints left[kCount] = {((void)r, _mm512_setzero_si512())...};
    Ints right[kCount] = {((void)r, _mm512_setzero_si512())...};
    constexpr std::size_t kWord = kPanelColumns * 4;
    std::size_t w = 0;
    for (; w + 2 <= words; w += 2) {
      const std::int8_t* const b = panel + w * kWord;
      const Ints left_first = _mm512_loadu_si512(b), right_first = _mm512_loadu_si512(b + 64);
      const Ints left_second = _mm512_loadu_si512(b + kWord);
      const Ints right_second = _mm512_loadu_si512(b + kWord + 64);
      const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
        const std::uint8_t* const a = rows[k] + 4 * w;
        left_sum = add_shorts(left_sum, _mm512_add_epi16(short_products(a, left_first),
                                                         short_products(a + 4, left_second)));
        right_sum = add_shorts(right_sum, _mm512_add_epi16(short_products(a, right_first),
                                                           short_products(a + 4, right_second)));
      };
      (row(r, left[r], right[r]), ...);
    }
    if (w < words) {
      const Ints b_left = _mm512_loadu_si512(panel + w * kWord);
      const Ints b_right = _mm512_loadu_si512(panel + w * kWord + 64);
      ((left[r] = add_shorts(left[r], short_products(rows[r] + 4 * w, b_left))), ...);
      ((right[r] = add_shorts(right[r], short_products(rows[r] + 4 * w, b_right))), ...);
    }
    (_mm512_storeu_si512(out + r * stride, left[r]), ...);
    (_mm512_storeu_si512(out + r * stride + kLanes, right[r]), ...);
  }

  static void dot_f32(const float* const* rows, const float* panel, std::size_t words, float* out,
                      std::size_t stride) {
    Floats left[kCount] = {((void)r, _mm512_setzero_ps())...};
    Floats right[kCount] = {((void)r, _mm512_setzero_ps())...};
    for (std::size_t w = 0; w < words; ++w) {
      const float* const b = panel + w * kPanelColumns;
      const Floats b_left = _mm512_loadu_ps(b), b_right = _mm512_loadu_ps(b + kLanes);
      const auto row = [&](std::size_t k, Floats& left_sum, Floats& right_sum) {
        const Floats a = _mm512_set1_ps(rows[k][w]);
        left_sum = _mm512_fmadd_ps(a, b_left, left_sum);
        right_sum = _mm512_fmadd_ps(a, b_right, right_sum);
      };
      (row(r, left[r], right[r]), ...);
    }
    (_mm512_storeu_ps(out + r * stride, left[r]), ...);
    (_mm512_storeu_ps(out + r * stride + kLanes, right[r]), ...);
  }
};
using Eight = Rows<0, 1, 2, 3, 4, 5, 6, 7>;
using Four = Rows<0, 1, 2, 3>;
using One = Rows<0>;

void dot_u8_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    const std::uint8_t* const panel = panels + p * words * kPanelColumns * 4;
    std::int32_t* const to = out + p * kPanelColumns;
    std::size_t r = 0;
    for (; r + 8 <= row_count; r += 8)
      Eight::dot_u8(rows + r, panel, words, to + r * stride, stride);
    for (; r + 4 <= row_count; r += 4)
      Four::dot_u8(rows + r, panel, words, to + r * stride, stride);
    for (; r < row_count; ++r) One::dot_u8(rows + r, panel, words, to + r * stride, stride);
  }
}

void dot_u7_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    const std::int8_t* const panel = panels + p * words * kPanelColumns * 4;
    std::int32_t* const to = out + p * kPanelColumns;
    std::size_t r = 0;
    for (; r + 8 <= row_count; r += 8)
      Eight::dot_u7(rows + r, panel, words, to + r * stride, stride);
    for (; r + 4 <= row_count; r += 4)
      Four::dot_u7(rows + r, panel, words, to + r * stride, stride);
    for (; r < row_count; ++r) One::dot_u7(rows + r, panel, words, to + r * stride, stride);
  }
}

void dot_f32_panels(const float* const* rows, std::size_t row_count, const float* panels,
                    std::size_t panel_count, std::size_t words, float* out,
                    std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    const float* const panel = panels + p * words * kPanelColumns;
    float* const to = out + p * kPanelColumns;
    std::size_t r = 0;
    for (; r + 8 <= row_count; r += 8)
      Eight::dot_f32(rows + r, panel, words, to + r * stride, stride);
    for (; r + 4 <= row_count; r += 4)
      Four::dot_f32(rows + r, panel, words, to + r * stride, stride);
    for (; r < row_count; ++r) One::dot_f32(rows + r, panel, words, to + r * stride, stride);
  }
}

inline Floats infinite() { return _mm512_set1_ps(__builtin_inff()); }

/// distance(c) for each vector of columns, c the first one's place.
template <class Distance>
inline void put_distances(std::size_t n, float least, float* out, float* minima,
                          Distance distance) {
  Floats lanes[4] = {infinite(), infinite(), infinite(), infinite()};
  const Floats floor = _mm512_set1_ps(least);
  const auto put = [&](std::size_t c, Floats& minimum) {
    const Floats value = _mm512_max_ps(floor, distance(c));  // NaN stays NaN
    _mm512_storeu_ps(out + c, value);
    minimum = _mm512_min_ps(value, minimum);  // of NaN and a number, the second
  };
  std::size_t c = 0;
  for (; c + kMinima <= n; c += kMinima) {
    put(c, lanes[0]);
    put(c + kLanes, lanes[1]);
    put(c + 2 * kLanes, lanes[2]);
    put(c + 3 * kLanes, lanes[3]);
  }
  if (c < n) {
    put(c, lanes[0]);
    put(c + kLanes, lanes[1]);
  }
  _mm512_storeu_ps(minima, lanes[0]);
  _mm512_storeu_ps(minima + kLanes, lanes[1]);
  _mm512_storeu_ps(minima + 2 * kLanes, lanes[2]);
  _mm512_storeu_ps(minima + 3 * kLanes, lanes[3]);
}

void distances_u8(const std::int32_t* products, const ColumnTerms& columns, const RowTerms& row,
                  std::size_t n, float* out, float* minima) noexcept {
  const Floats bias = _mm512_set1_ps(row.bias), total = _mm512_set1_ps(row.total);
  const Floats lo = _mm512_set1_ps(row.lo), step = _mm512_set1_ps(row.step);
  put_distances(n, row.least, out, minima, [&](std::size_t c) {
    Floats fixed = _mm512_add_ps(bias, _mm512_loadu_ps(columns.bias + c));
    fixed = _mm512_fmadd_ps(total, _mm512_loadu_ps(columns.total + c), fixed);
    fixed = _mm512_fmadd_ps(lo, _mm512_loadu_ps(columns.lo + c), fixed);
    const Floats steps = _mm512_mul_ps(step, _mm512_loadu_ps(columns.step + c));
    return _mm512_fmadd_ps(steps, _mm512_cvtepi32_ps(_mm512_loadu_si512(products + c)), fixed);
  });
}

void distances_f32(const float* products, const ColumnTerms& columns, const RowTerms& row,
                   std::size_t n, float* out, float* minima) noexcept {
  const Floats bias = _mm512_set1_ps(row.bias), step = _mm512_set1_ps(row.step);
  put_distances(n, row.least, out, minima, [&](std::size_t c) {
    const Floats fixed = _mm512_add_ps(bias, _mm512_loadu_ps(columns.bias + c));
    return _mm512_fmadd_ps(step, _mm512_loadu_ps(products + c), fixed);
  });
}

}  // namespace

constinit const PanelKernels kAvx512Panels = {
    .dot_u8_panels = dot_u8_panels,
    .dot_u7_panels = dot_u7_panels,
    .dot_f32_panels = dot_f32_panels,
    .distances_u8 = distances_u8,
    .distances_f32 = distances_f32,
};

}  // namespace vec::kernels

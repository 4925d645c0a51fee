// kernels/x86_avx2_panels.cpp
//
// Many vectors against many with AVX2 and FMA.
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
/// Columns worked on together: with four rows, all that sixteen registers hold.
constexpr std::size_t kColumns = 2 * kLanes;

inline Ints load_ints(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store(void* to, Ints ints) { _mm256_storeu_si256(static_cast<__m256i*>(to), ints); }

inline Ints word_of(const std::uint8_t* from) {
  int word;
  __builtin_memcpy(&word, from, sizeof word);
  return _mm256_set1_epi32(word);
}
/// The bytes with even and with odd places of each word, widened.
inline Ints even_bytes(Ints words) { return _mm256_and_si256(words, _mm256_set1_epi32(0xff00ff)); }
inline Ints odd_bytes(Ints words) { return _mm256_srli_epi16(words, 8); }

/// A pair is below 2^17, so 4000 words stay below 2^31.
inline Ints add_products(Ints sum, Ints a_even, Ints a_odd, Ints b_even, Ints b_odd) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a_even, b_even));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a_odd, b_odd));
}

/// Sums of four neighbouring bytes' products of bytes up to 127 and signed ones up to 63: two of
/// them stay below 2^15.
inline Ints short_products(const std::uint8_t* row, Ints columns) {
  return _mm256_maddubs_epi16(word_of(row), columns);
}
inline Ints add_shorts(Ints sum, Ints products) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
}

/// Some words of a row, each as the two pairs of 16 bits that its even and its odd bytes make.  The
/// same words meet many columns.
struct WideRow {
  static constexpr std::size_t kWords = 128;  // sixteen rows and what they meet fit into 32 KB

  void take(const std::uint8_t* row, std::size_t words) {
    for (std::size_t w = 0; w < words; ++w) {
      std::uint32_t word;
      __builtin_memcpy(&word, row + 4 * w, sizeof word);
      even[w] = static_cast<std::int32_t>(word & 0xff00ff);
      odd[w] = static_cast<std::int32_t>(word >> 8 & 0xff00ff);
    }
  }

  std::int32_t even[kWords];
  std::int32_t odd[kWords];
};

/// The rows with these places in a list against kColumns columns: they share the loads of those.
/// Packs instead of loops, so that every sum is a register.
template <std::size_t... r>
struct Rows {
  static constexpr std::size_t kCount = sizeof...(r);

  /// Adds to sums that are there already, or to none.
  static void dot_wide(const WideRow* rows, const std::uint8_t* columns, std::size_t words,
                       bool more, std::int32_t* out, std::size_t stride) {
    Ints left[kCount] = {(more ? load_ints(out + r * stride) : _mm256_setzero_si256())...};
    Ints right[kCount] = {
        (more ? load_ints(out + r * stride + kLanes) : _mm256_setzero_si256())...};
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint8_t* const b = columns + w * kPanelColumns * 4;
      const Ints b_left = load_ints(b), b_right = load_ints(b + 32);
      const Ints left_even = even_bytes(b_left), left_odd = odd_bytes(b_left);
      const Ints right_even = even_bytes(b_right), right_odd = odd_bytes(b_right);
      const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
        const Ints even = _mm256_set1_epi32(rows[k].even[w]);
        const Ints odd = _mm256_set1_epi32(rows[k].odd[w]);
        left_sum = add_products(left_sum, even, odd, left_even, left_odd);
        right_sum = add_products(right_sum, even, odd, right_even, right_odd);
      };
      (row(r, left[r], right[r]), ...);
    }
    (store(out + r * stride, left[r]), ...);
    (store(out + r * stride + kLanes, right[r]), ...);
  }

  static void dot_u7(const std::uint8_t* const* rows, const std::int8_t* columns, std::size_t words,
                     std::int32_t* out, std::size_t stride) {
    Ints left[kCount] = {((void)r, _mm256_setzero_si256())...};
    Ints right[kCount] = {((void)r, _mm256_setzero_si256())...};
    constexpr std::size_t kWord = kPanelColumns * 4;
    std::size_t w = 0;
    for (; w + 2 <= words; w += 2) {
      const std::int8_t* const b = columns + w * kWord;
      const Ints left_first = load_ints(b), left_second = load_ints(b + kWord);
      const Ints right_first = load_ints(b + 32), right_second = load_ints(b + kWord + 32);
      const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
        const std::uint8_t* const a = rows[k] + 4 * w;
        left_sum = add_shorts(left_sum, _mm256_add_epi16(short_products(a, left_first),
                                                         short_products(a + 4, left_second)));
        right_sum = add_shorts(right_sum, _mm256_add_epi16(short_products(a, right_first),
                                                           short_products(a + 4, right_second)));
      };
      (row(r, left[r], right[r]), ...);
    }
    if (w < words) {
      const Ints b_left = load_ints(columns + w * kWord);
      const Ints b_right = load_ints(columns + w * kWord + 32);
      ((left[r] = add_shorts(left[r], short_products(rows[r] + 4 * w, b_left))), ...);
      ((right[r] = add_shorts(right[r], short_products(rows[r] + 4 * w, b_right))), ...);
    }
    (store(out + r * stride, left[r]), ...);
    (store(out + r * stride + kLanes, right[r]), ...);
  }

  static void dot_f32(const float* const* rows, const float* columns, std::size_t words, float* out,
                      std::size_t stride) {
    Floats left[kCount] = {((void)r, _mm256_setzero_ps())...};
    Floats right[kCount] = {((void)r, _mm256_setzero_ps())...};
    for (std::size_t w = 0; w < words; ++w) {
      const float* const b = columns + w * kPanelColumns;
      const Floats b_left = _mm256_loadu_ps(b), b_right = _mm256_loadu_ps(b + kLanes);
      const auto row = [&](std::size_t k, Floats& left_sum, Floats& right_sum) {
        const Floats a = _mm256_set1_ps(rows[k][w]);
        left_sum = _mm256_fmadd_ps(a, b_left, left_sum);
        right_sum = _mm256_fmadd_ps(a, b_right, right_sum);
      };
      (row(r, left[r], right[r]), ...);
    }
    (_mm256_storeu_ps(out + r * stride, left[r]), ...);
    (_mm256_storeu_ps(out + r * stride + kLanes, right[r]), ...);
  }
};
using Four = Rows<0, 1, 2, 3>;
using One = Rows<0>;

void dot_u8_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  constexpr std::size_t kMostRows = 16;
  WideRow wide[kMostRows];
  for (std::size_t first = 0; first < row_count; first += kMostRows) {
    const std::size_t count = row_count - first < kMostRows ? row_count - first : kMostRows;
    std::size_t start = 0;
    do {  // without words the products are zero
      const std::size_t some = words - start < WideRow::kWords ? words - start : WideRow::kWords;
      for (std::size_t r = 0; r < count; ++r) wide[r].take(rows[first + r] + 4 * start, some);
      for (std::size_t c = 0; c < panel_count * kPanelColumns; c += kColumns) {
        const std::size_t word = c / kPanelColumns * words + start;
        const std::uint8_t* const columns = panels + (word * kPanelColumns + c % kPanelColumns) * 4;
        std::int32_t* const to = out + first * stride + c;
        std::size_t r = 0;
        for (; r + 4 <= count; r += 4) {
          Four::dot_wide(wide + r, columns, some, start > 0, to + r * stride, stride);
        }
        for (; r < count; ++r) {
          One::dot_wide(wide + r, columns, some, start > 0, to + r * stride, stride);
        }
      }
      start += some;
    } while (start < words);
  }
}

void dot_u7_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    for (std::size_t c = 0; c < kPanelColumns; c += kColumns) {
      const std::int8_t* const columns = panels + (p * words * kPanelColumns + c) * 4;
      std::int32_t* const to = out + p * kPanelColumns + c;
      std::size_t r = 0;
      for (; r + 4 <= row_count; r += 4) {
        Four::dot_u7(rows + r, columns, words, to + r * stride, stride);
      }
      for (; r < row_count; ++r) One::dot_u7(rows + r, columns, words, to + r * stride, stride);
    }
  }
}

void dot_f32_panels(const float* const* rows, std::size_t row_count, const float* panels,
                    std::size_t panel_count, std::size_t words, float* out,
                    std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    for (std::size_t c = 0; c < kPanelColumns; c += kColumns) {
      const float* const columns = panels + p * words * kPanelColumns + c;
      float* const to = out + p * kPanelColumns + c;
      std::size_t r = 0;
      for (; r + 4 <= row_count; r += 4) {
        Four::dot_f32(rows + r, columns, words, to + r * stride, stride);
      }
      for (; r < row_count; ++r) One::dot_f32(rows + r, columns, words, to + r * stride, stride);
    }
  }
}

/// distance(c) for each vector of columns, c the first one's place.
template <class Distance>
inline void put_distances(std::size_t n, float least, float* out, float* minima,
                          Distance distance) {
  for (std::size_t k = 0; k < kMinima; ++k) minima[k] = __builtin_inff();
  const Floats floor = _mm256_set1_ps(least);
  for (std::size_t c = 0; c < n; c += kLanes) {
    float* const lane = minima + c % kMinima;
    const Floats value = _mm256_max_ps(floor, distance(c));  // NaN stays NaN
    _mm256_storeu_ps(out + c, value);
    // Of NaN and a number, the second.
    _mm256_storeu_ps(lane, _mm256_min_ps(value, _mm256_loadu_ps(lane)));
  }
}

void distances_u8(const std::int32_t* products, const ColumnTerms& columns, const RowTerms& row,
                  std::size_t n, float* out, float* minima) noexcept {
  const Floats bias = _mm256_set1_ps(row.bias), total = _mm256_set1_ps(row.total);
  const Floats lo = _mm256_set1_ps(row.lo), step = _mm256_set1_ps(row.step);
  put_distances(n, row.least, out, minima, [&](std::size_t c) {
    Floats fixed = _mm256_add_ps(bias, _mm256_loadu_ps(columns.bias + c));
    fixed = _mm256_fmadd_ps(total, _mm256_loadu_ps(columns.total + c), fixed);
    fixed = _mm256_fmadd_ps(lo, _mm256_loadu_ps(columns.lo + c), fixed);
    const Floats steps = _mm256_mul_ps(step, _mm256_loadu_ps(columns.step + c));
    return _mm256_fmadd_ps(steps, _mm256_cvtepi32_ps(load_ints(products + c)), fixed);
  });
}

void distances_f32(const float* products, const ColumnTerms& columns, const RowTerms& row,
                   std::size_t n, float* out, float* minima) noexcept {
  const Floats bias = _mm256_set1_ps(row.bias), step = _mm256_set1_ps(row.step);
  put_distances(n, row.least, out, minima, [&](std::size_t c) {
    const Floats fixed = _mm256_add_ps(bias, _mm256_loadu_ps(columns.bias + c));
    return _mm256_fmadd_ps(step, _mm256_loadu_ps(products + c), fixed);
  });
}

}  // namespace

constinit const PanelKernels kAvx2Panels = {
    .dot_u8_panels = dot_u8_panels,
    .dot_u7_panels = dot_u7_panels,
    .dot_f32_panels = dot_f32_panels,
    .distances_u8 = distances_u8,
    .distances_f32 = distances_f32,
};

}  // namespace vec::kernels

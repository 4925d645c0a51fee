// kernels/x86_avx512_vnni_panels.cpp
//
// Products of many codes with many, with AVX-512 VNNI.
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

constexpr std::size_t kLanes = 16;
static_assert(kPanelColumns == 2 * kLanes);

inline Ints word_of(const std::uint8_t* from) {
  int word;
  __builtin_memcpy(&word, from, sizeof word);
  return _mm512_set1_epi32(word);
}

/// 128 times the sum of a row's bytes.
inline int correction(const std::uint8_t* row, std::size_t words) {
  Ints sum = _mm512_setzero_si512();
  std::size_t w = 0;
  for (; w + kLanes <= words; w += kLanes) {
    sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row + 4 * w), _mm512_set1_epi8(1));
  }
  if (w < words) {
    const auto rest = static_cast<__mmask16>((1u << (words - w)) - 1);
    sum =
        _mm512_dpbusd_epi32(sum, _mm512_maskz_loadu_epi32(rest, row + 4 * w), _mm512_set1_epi8(1));
  }
  return 128 * _mm512_reduce_add_epi32(sum);
}

/// The rows with these places in a list against panels.  The instruction multiplies unsigned with
/// signed bytes: a * b = a * (b - 128) + 128 * a.
template <std::size_t... r>
struct Rows {
  static constexpr std::size_t kCount = sizeof...(r);

  static void dot(const std::uint8_t* const* rows, const int* corrections,
                  const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                  std::int32_t* out, std::size_t stride) {
    const Ints start[kCount] = {_mm512_set1_epi32(corrections[r])...};
    const Ints flip = _mm512_set1_epi8(-128);
    const std::uint8_t* b = panels;
    for (std::size_t p = 0; p < panel_count; ++p) {
      Ints left[kCount] = {start[r]...}, right[kCount] = {start[r]...};
      for (std::size_t w = 0; w < words; ++w, b += kPanelColumns * 4) {
        const Ints b_left = _mm512_xor_si512(_mm512_loadu_si512(b), flip);
        const Ints b_right = _mm512_xor_si512(_mm512_loadu_si512(b + 64), flip);
        const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
          const Ints a = word_of(rows[k] + 4 * w);
          left_sum = _mm512_dpbusd_epi32(left_sum, a, b_left);
          right_sum = _mm512_dpbusd_epi32(right_sum, a, b_right);
        };
        (row(r, left[r], right[r]), ...);
      }
      (_mm512_storeu_si512(out + r * stride + p * kPanelColumns, left[r]), ...);
      (_mm512_storeu_si512(out + r * stride + p * kPanelColumns + kLanes, right[r]), ...);
    }
  }

  /// Columns that are signed already.
  static void dot_signed(const std::uint8_t* const* rows, const std::int8_t* panels,
                         std::size_t panel_count, std::size_t words, std::int32_t* out,
                         std::size_t stride) {
    const std::int8_t* b = panels;
    for (std::size_t p = 0; p < panel_count; ++p) {
      Ints left[kCount] = {((void)r, _mm512_setzero_si512())...};
      Ints right[kCount] = {((void)r, _mm512_setzero_si512())...};
      for (std::size_t w = 0; w < words; ++w, b += kPanelColumns * 4) {
        const Ints b_left = _mm512_loadu_si512(b), b_right = _mm512_loadu_si512(b + 64);
        const auto row = [&](std::size_t k, Ints& left_sum, Ints& right_sum) {
          const Ints a = word_of(rows[k] + 4 * w);
          left_sum = _mm512_dpbusd_epi32(left_sum, a, b_left);
          right_sum = _mm512_dpbusd_epi32(right_sum, a, b_right);
        };
        (row(r, left[r], right[r]), ...);
      }
      (_mm512_storeu_si512(out + r * stride + p * kPanelColumns, left[r]), ...);
      (_mm512_storeu_si512(out + r * stride + p * kPanelColumns + kLanes, right[r]), ...);
    }
  }
};
using Eight = Rows<0, 1, 2, 3, 4, 5, 6, 7>;
using Four = Rows<0, 1, 2, 3>;
using One = Rows<0>;

/// Rows that are worked on at a time, and the bytes of panels that stay in the cache for them.
constexpr std::size_t kRowsAtATime = 16;
constexpr std::size_t kPanelBytes = 24 * 1024;

void dot_u8_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  const std::size_t panel_bytes = words * kPanelColumns * 4;
  const std::size_t fitting = panel_bytes > 0 ? kPanelBytes / panel_bytes : panel_count;
  const std::size_t at_a_time = fitting > 1 ? fitting : 1;
  for (std::size_t first = 0; first < row_count; first += kRowsAtATime) {
    const std::size_t count = row_count - first < kRowsAtATime ? row_count - first : kRowsAtATime;
    int corrections[kRowsAtATime];
    for (std::size_t r = 0; r < count; ++r) corrections[r] = correction(rows[first + r], words);
    for (std::size_t p = 0; p < panel_count; p += at_a_time) {
      const std::size_t some = panel_count - p < at_a_time ? panel_count - p : at_a_time;
      const std::uint8_t* const from = panels + p * panel_bytes;
      std::int32_t* const to = out + first * stride + p * kPanelColumns;
      std::size_t r = 0;
      for (; r + 8 <= count; r += 8) {
        Eight::dot(rows + first + r, corrections + r, from, some, words, to + r * stride, stride);
      }
      for (; r + 4 <= count; r += 4) {
        Four::dot(rows + first + r, corrections + r, from, some, words, to + r * stride, stride);
      }
      for (; r < count; ++r) {
        One::dot(rows + first + r, corrections + r, from, some, words, to + r * stride, stride);
      }
    }
  }
}

void dot_u7_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  std::size_t r = 0;
  for (; r + 8 <= row_count; r += 8) {
    Eight::dot_signed(rows + r, panels, panel_count, words, out + r * stride, stride);
  }
  for (; r + 4 <= row_count; r += 4) {
    Four::dot_signed(rows + r, panels, panel_count, words, out + r * stride, stride);
  }
  for (; r < row_count; ++r) {
    One::dot_signed(rows + r, panels, panel_count, words, out + r * stride, stride);
  }
}

}  // namespace

constinit const PanelProducts kAvx512VnniPanels = {.dot_u8_panels = dot_u8_panels,
                                                   .dot_u7_panels = dot_u7_panels};

}  // namespace vec::kernels

// kernels/scalar_panels.cpp
//
// Many vectors against many, without any instruction beyond the architecture's base.
//
// Loops over blocks of fixed length: compilers turn them into vectors at -O2 too.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class Byte>
void dot_panels(const std::uint8_t* const* rows, std::size_t row_count, const Byte* panels,
                std::size_t panel_count, std::size_t words, std::int32_t* out, std::size_t stride) {
  for (std::size_t p = 0; p < panel_count; ++p) {
    const Byte* const panel = panels + p * words * kPanelColumns * 4;
    for (std::size_t r = 0; r < row_count; ++r) {
      std::int32_t sums[kPanelColumns] = {};
      for (std::size_t w = 0; w < words; ++w) {
        const std::uint8_t* const a = rows[r] + 4 * w;
        const std::int32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
        const Byte* const b = panel + w * kPanelColumns * 4;
        for (std::size_t c = 0; c < kPanelColumns; ++c) {
          sums[c] += a0 * b[4 * c] + a1 * b[4 * c + 1] + a2 * b[4 * c + 2] + a3 * b[4 * c + 3];
        }
      }
      std::memcpy(out + r * stride + p * kPanelColumns, sums, sizeof sums);
    }
  }
}

void dot_u8_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  dot_panels(rows, row_count, panels, panel_count, words, out, stride);
}

void dot_u7_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  dot_panels(rows, row_count, panels, panel_count, words, out, stride);
}

void dot_f32_panels(const float* const* rows, std::size_t row_count, const float* panels,
                    std::size_t panel_count, std::size_t words, float* out,
                    std::size_t stride) noexcept {
  for (std::size_t p = 0; p < panel_count; ++p) {
    const float* const panel = panels + p * words * kPanelColumns;
    for (std::size_t r = 0; r < row_count; ++r) {
      float sums[kPanelColumns] = {};
      for (std::size_t w = 0; w < words; ++w) {
        const float a = rows[r][w];
        const float* const b = panel + w * kPanelColumns;
        for (std::size_t c = 0; c < kPanelColumns; ++c) sums[c] += a * b[c];
      }
      std::memcpy(out + r * stride + p * kPanelColumns, sums, sizeof sums);
    }
  }
}

/// Finishes a distance and keeps the minimum of its lane; NaN never is one.
inline void put(float distance, float least, float* out, float* minimum) {
  distance = distance < least ? least : distance;
  *out = distance;
  *minimum = distance < *minimum ? distance : *minimum;
}

void distances_u8(const std::int32_t* products, const ColumnTerms& columns, const RowTerms& row,
                  std::size_t n, float* out, float* minima) noexcept {
  for (std::size_t k = 0; k < kMinima; ++k) minima[k] = kInfinity;
  const RowTerms terms = row;
  for (std::size_t start = 0; start < n; start += kPanelColumns) {
    float* const lanes = minima + start % kMinima;
    for (std::size_t k = 0; k < kPanelColumns; ++k) {
      const std::size_t c = start + k;
      const float fixed =
          terms.bias + columns.bias[c] + terms.total * columns.total[c] + terms.lo * columns.lo[c];
      put(fixed + terms.step * columns.step[c] * static_cast<float>(products[c]), terms.least,
          out + c, lanes + k);
    }
  }
}

void distances_f32(const float* products, const ColumnTerms& columns, const RowTerms& row,
                   std::size_t n, float* out, float* minima) noexcept {
  for (std::size_t k = 0; k < kMinima; ++k) minima[k] = kInfinity;
  const RowTerms terms = row;
  for (std::size_t start = 0; start < n; start += kPanelColumns) {
    float* const lanes = minima + start % kMinima;
    for (std::size_t k = 0; k < kPanelColumns; ++k) {
      const std::size_t c = start + k;
      put(terms.bias + columns.bias[c] + terms.step * products[c], terms.least, out + c, lanes + k);
    }
  }
}

std::size_t places_up_to(const float* x, std::size_t n, float limit, std::uint32_t* out) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out[count] = static_cast<std::uint32_t>(i);
    count += x[i] <= limit;
  }
  return count;
}

std::size_t places_within(const float* x, const float* limits, std::size_t n, float limit,
                          std::uint32_t* out) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out[count] = static_cast<std::uint32_t>(i);
    count += (x[i] <= limit) | (x[i] <= limits[i]);
  }
  return count;
}

float limit_for(const float* x, std::size_t n, std::size_t count) noexcept {
  float minima[kMinima];
  for (float& least : minima) least = kInfinity;
  std::size_t i = 0;
  for (; i + kMinima <= n; i += kMinima) {
    for (std::size_t k = 0; k < kMinima; ++k) {
      minima[k] = x[i + k] < minima[k] ? x[i + k] : minima[k];
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) minima[k] = x[i] < minima[k] ? x[i] : minima[k];
  constexpr float kMost = std::numeric_limits<float>::max();
  float low = kInfinity, high = -kInfinity;
  std::size_t finite = 0;
  for (const float least : minima) {
    if (!(least <= kMost)) continue;
    low = least < low ? least : low;
    high = least > high ? least : high;
    ++finite;
  }
  if (finite < count) return kMost;
  std::size_t within = finite;  // not above `high`
  for (int step = 0; step < kLimitSteps && within > count + kLimitSlack; ++step) {
    const float middle = 0.5F * low + 0.5F * high;
    std::size_t there = 0;
    for (const float least : minima) there += least <= middle;
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
    auto place = static_cast<std::uint32_t>(count);
    for (std::uint32_t k = 0; k < count; ++k) place = list[k] == x[i] ? k : place;
    places[i] = place;
  }
}

void transpose(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
               float* to, std::size_t to_stride) noexcept {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) to[c * to_stride + r] = from[r * from_stride + c];
  }
}

void ranks(const float* x, std::size_t n, std::uint32_t* ranks) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t rank = 0;
    for (std::size_t j = 0; j < i; ++j) rank += x[j] <= x[i];
    for (std::size_t j = i + 1; j < n; ++j) rank += x[j] < x[i];
    ranks[i] = rank;
  }
}

}  // namespace

constinit const PanelKernels kScalarPanels = {
    .dot_u8_panels = dot_u8_panels,
    .dot_u7_panels = dot_u7_panels,
    .dot_f32_panels = dot_f32_panels,
    .distances_u8 = distances_u8,
    .distances_f32 = distances_f32,
    .places_up_to = places_up_to,
    .places_within = places_within,
    .limit_for = limit_for,
    .places_in_list = places_in_list,
    .transpose = transpose,
    .ranks = ranks,
};

}  // namespace vec::kernels

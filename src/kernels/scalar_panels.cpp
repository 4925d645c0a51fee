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

}  // namespace

constinit const PanelKernels kScalarPanels = {
    .dot_u8_panels = dot_u8_panels,
    .dot_u7_panels = dot_u7_panels,
    .dot_f32_panels = dot_f32_panels,
    .distances_u8 = distances_u8,
    .distances_f32 = distances_f32,
};

}  // namespace vec::kernels

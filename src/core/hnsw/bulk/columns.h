// core/hnsw/bulk/columns.h
//
// Distances from many points to a fixed set of others, the columns: by matrix multiplication where
// the codes allow it, else pair by pair.
//
// For kU8 and for raw floats a distance is made of one product and of terms that belong to the row
// or the column alone (kernels/kernel_table.h, PanelKernels).  Single precision: under L2 all
// vectors are shifted first, so that what they have in common costs no digits.

#ifndef VEC_CORE_HNSW_BULK_COLUMNS_H_
#define VEC_CORE_HNSW_BULK_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/codes/format.h"
#include "kernels/kernel_table.h"

namespace vec::hnsw::bulk {

using Codes = std::span<const std::byte* const>;

/// Whether distances between codes of the format are matrix products.
bool is_product(const codes::Format& format);

class Columns {
 public:
  /// Rows that are worked on at a time.
  static constexpr std::size_t kRows = 16;

  enum class Measure {
    kDistance,   // codes::pair_distance, up to rounding
    kDirection,  // the same, for inner products with columns of unit length
  };

  Columns(const codes::Format& format, Measure measure) : format_(format), measure_(measure) {}

  /// Takes the columns' codes.  They must stay where they are only if !is_product(format).
  void assign(Codes columns);

  std::size_t size() const { return size_; }
  /// Floats from the distances of one row to those of the next.  An odd number of panels: columns
  /// of a matrix of such rows do not all fall into the same few sets of a cache.
  std::size_t stride() const { return (panels_ | 1) * kernels::kPanelColumns; }

  /// Distances of at most kRows rows to the columns from `first`, a multiple of
  /// kernels::kPanelColumns: out[r * stride() + c].
  void distances(Codes rows, std::size_t first, float* out);

 private:
  void assign_u8(Codes columns);
  void assign_floats(Codes columns);
  void distances_u8(Codes rows, std::size_t first, float* out);
  void distances_floats(Codes rows, std::size_t first, float* out);
  void distances_pairs(Codes rows, std::size_t first, float* out) const;
  /// The code's value as floats, less shifts_; of unit length for the cosine.
  void take_floats(const std::byte* code, float* out);
  kernels::ColumnTerms terms(std::size_t first) const {
    return {bias_.data() + first, total_.data() + first, lo_.data() + first, step_.data() + first};
  }
  /// Places of all panels.
  std::size_t places() const { return panels_ * kernels::kPanelColumns; }

  codes::Format format_;
  Measure measure_;
  std::size_t size_ = 0;
  std::size_t panels_ = 0;
  std::size_t words_ = 0;  // of a row
  std::vector<float> bias_, total_, lo_, step_;
  std::vector<float> decoded_;
  // kU8
  float shift_ = 0;  // of every element
  std::vector<std::uint8_t> panel_bytes_;
  std::vector<std::uint8_t> row_bytes_;
  std::vector<std::int32_t> products_;
  // kFloat, kHalf
  std::vector<float> shifts_;
  std::vector<float> panel_floats_;
  std::vector<float> row_floats_;
  std::vector<float> float_products_;
  // others
  std::vector<const std::byte*> codes_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_COLUMNS_H_

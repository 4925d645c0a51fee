// core/ivf/nearest.h
//
// Which of many centers may be nearest to each of many rows, by matrix multiplication.
//
// Rows and centers are multiplied as small integers, with a certain bound for what rounding to
// them does.  It leaves a handful of centers for each row, which the caller compares with whatever
// decides for him.  Centers are moved by an origin first, so that what all have in common costs no
// digits; under the distance so are rows.
//
//   x' = x^ + dx, c' = c^ + dc:   | x'.c' - x^.c^ |  <=  |dx| |c'| + |x^| |dc|
//
// Where the integers cannot tell the centers apart (they lie in a few heaps, say), and where the
// machine has no kernel for them, floats are multiplied, in the end by Eigen.

#ifndef VEC_CORE_IVF_NEAREST_H_
#define VEC_CORE_IVF_NEAREST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace vec::ivf {

/// Rows that are multiplied at once; good numbers to ask for are multiples.
inline constexpr std::size_t kRowBlock = 128;

/// What near means: the least distance, or the greatest inner product.
enum class By { kDistance, kProduct };

class NearestFinder {
 public:
  NearestFinder(std::size_t dims, By by, std::pmr::memory_resource* memory);

  /// A point that rows and centers lie around, `dims` numbers.  Before set_rows() and
  /// set_centers(); zero if it is never called.
  void set_origin(const float* origin);

  /// Rows side by side; borrowed.
  void set_rows(const float* rows, std::size_t count);
  /// Centers side by side; borrowed.
  void set_centers(const float* centers, std::size_t count);

  /// About the square of the distance of a row to each center, one number for each, for finders by
  /// distance; what is not far is exact, as float sums are.
  void squared_distances(std::size_t row, float* out);

  /// |row|.
  double norm(std::size_t row) const { return norms_[row]; }

  /// For the rows from `first` on, below `end`: each(row, centers), with all centers
  /// that may be nearest to the row, by number: not only by the true distance, but by what the
  /// kernels' float sums make of it.  The list is empty if nothing is certain: for rows and
  /// centers so long that their squares may not be numbers.
  /// sure   false: only those that look nearest
  template <class Each>
  void find(std::size_t first, std::size_t end, bool sure, Each each) {
    while (first < end) {
      const std::size_t count = std::min(end - first, uses_codes_ ? kCodedRows : kRowBlock);
      multiply(first, count);
      for (std::size_t i = 0; i < count; ++i) {
        each(first + i, candidates(i, first + i, sure));
      }
      first += count;
    }
  }

 private:
  /// Rows whose products with all centers stay in the second-level cache.
  static constexpr std::size_t kCodedRows = 32;

  /// A row as levels of 0 to 127: x is about lo + step * level.
  struct RowCode {
    float lo;
    float step;
    double error;  // |dx|
    double norm;   // |x'| or a little more
  };

  void code_row(const float* row, std::uint8_t* levels, RowCode& code);
  void code_center(const float* center, std::size_t at, double squared);
  void set_float_panels();
  void multiply(std::size_t first, std::size_t count);
  void multiply_floats(std::size_t first, std::size_t count);
  std::span<const std::uint32_t> candidates(std::size_t i, std::size_t row, bool sure);
  double float_margin(double reach) const;
  double margin(std::size_t row) const;
  double coded_margin(std::size_t row, double center_error) const;
  void count_surplus(std::size_t found);

  const float* row(std::size_t i) const { return rows_ + i * dims_; }

  std::size_t dims_;
  std::size_t words_;  // of four levels
  By by_;
  bool uses_codes_;
  std::pmr::vector<float> origin_;
  std::pmr::vector<float> moved_;          // one row or center, less the origin
  std::pmr::vector<std::int8_t> rounded_;  // one center's levels

  const float* rows_ = nullptr;
  std::pmr::vector<double> norms_;  // |x|
  std::pmr::vector<std::uint8_t> levels_;
  std::pmr::vector<RowCode> codes_;

  const float* centers_ = nullptr;
  std::size_t count_ = 0;
  std::size_t padded_ = 0;    // centers, up to whole panels
  double largest_norm_ = 0;   // of a center
  double largest_moved_ = 0;  // of a center less the origin
  double largest_coded_ = 0;  // |c^|
  double largest_bias_ = 0;
  double largest_error_ = 0;  // |dc|
  std::pmr::vector<std::int8_t> panels_;
  std::pmr::vector<float> total_;  // step times the sum of a center's levels
  std::pmr::vector<float> step_;
  std::pmr::vector<float> error_;  // |dc|
  std::pmr::vector<float> bias_;   // |c'|^2 / 2 or -o.c'; +inf where there is none
  std::size_t surplus_ = 0;        // candidates beyond what pays, since set_centers()

  bool has_floats_ = false;  // the next two are filled in
  std::pmr::vector<float> float_panels_;
  std::pmr::vector<float> float_bias_;

  bool multiplied_codes_ = false;  // what the last multiply() took
  std::pmr::vector<std::int32_t> products_;
  std::pmr::vector<float> float_products_;
  std::pmr::vector<float> scores_;  // of one row
  std::pmr::vector<std::uint32_t> places_;
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_NEAREST_H_

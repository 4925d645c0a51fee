// core/ivf/nearest.h
//
// Which of many centers is nearest to each of many rows, by matrix multiplication: by the panel
// kernels where the machine has vector ones, else by Eigen, all of which is behind this.

#ifndef VEC_CORE_IVF_NEAREST_H_
#define VEC_CORE_IVF_NEAREST_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace vec::ivf {

/// Rows that are multiplied at once.
inline constexpr std::size_t kRowBlock = 128;

/// A row's nearest center.
struct Nearest {
  std::uint32_t center;
  /// half_norms[center] - row . center: half the squared distance, less half the row's squared
  /// norm, if half_norms are such; minus the inner product if they are zero.  Float arithmetic.
  float score;
};

/// Centers side by side, row-major; borrowed.
struct Centers {
  const float* values;
  const float* half_norms;
  std::size_t count;
  std::size_t dims;
};

/// Finds the nearest center of rows; keeps its room.
class NearestFinder {
 public:
  explicit NearestFinder(std::pmr::memory_resource* memory)
      : panels_(memory), bias_(memory), scores_(memory), places_(memory) {}

  /// The centers of the calls that follow; they stay where they are until then.
  void set_centers(const Centers& centers);

  /// out[i] for the rows i = 0..count - 1, at most kRowBlock of them.  Of equal scores the first.
  void find(const float* rows, std::size_t count, Nearest* out);

  /// Calls each(center) for the centers whose score for row `i` of the last find() is at most
  /// `limit`, in order.
  template <class Each>
  void for_each_within(std::size_t i, float limit, Each each) {
    const std::size_t count = places_within(i, limit);
    for (std::size_t at = 0; at < count && places_[at] < centers_.count; ++at) each(places_[at]);
  }

 private:
  void multiply(const float* rows, std::size_t count);
  std::size_t places_within(std::size_t i, float limit);

  Centers centers_{};
  std::size_t padded_ = 0;          // centers, up to whole panels
  std::pmr::vector<float> panels_;  // empty if Eigen multiplies
  std::pmr::vector<float> bias_;    // half norms; +inf for a center that is not there
  std::pmr::vector<float> scores_;  // of each row, padded_
  std::pmr::vector<std::uint32_t> places_;
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_NEAREST_H_

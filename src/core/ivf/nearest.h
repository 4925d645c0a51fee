// core/ivf/nearest.h
//
// Which of many centers is nearest to each of many rows, by matrix multiplication.  All of Eigen
// is behind this.

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
  explicit NearestFinder(std::pmr::memory_resource* memory) : products_(memory) {}

  /// out[i] for the rows i = 0..count - 1, at most kRowBlock of them.  Of equal scores the first.
  void find(const Centers& centers, const float* rows, std::size_t count, Nearest* out);

  /// Calls each(center) for the centers whose score for row `i` of the last find() is at most
  /// `limit`, in order.
  template <class Each>
  void for_each_within(std::size_t i, float limit, Each each) const {
    const float* scores = products_.data() + i * padded_;
    const float* minima = minima_of(i);
    for (std::size_t chunk = 0; chunk * kChunk < count_; ++chunk) {
      if (!(minima[chunk] <= limit)) continue;
      const std::size_t end = chunk * kChunk + kChunk < count_ ? chunk * kChunk + kChunk : count_;
      for (std::size_t center = chunk * kChunk; center < end; ++center) {
        if (scores[center] <= limit) each(static_cast<std::uint32_t>(center));
      }
    }
  }

 private:
  /// Scores of which the least is found at once, without asking which it is.
  static constexpr std::size_t kChunk = 64;

  const float* minima_of(std::size_t i) const {
    return products_.data() + kRowBlock * padded_ + i * (padded_ / kChunk);
  }

  std::pmr::vector<float> products_;  // kRowBlock rows of scores, then of minima of chunks
  std::size_t count_ = 0;             // centers
  std::size_t padded_ = 0;            // count_, up to a multiple of kChunk
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_NEAREST_H_

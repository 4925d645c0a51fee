#include "core/ivf/nearest.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <limits>

namespace vec::ivf {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::Array<float, 1, Eigen::Dynamic>;

Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

}  // namespace

void NearestFinder::find(const Centers& centers, const float* rows, std::size_t count,
                         Nearest* out) {
  count_ = centers.count;
  padded_ = (count_ + kChunk - 1) / kChunk * kChunk;
  products_.resize(kRowBlock * padded_ + kRowBlock * (padded_ / kChunk));

  using Stride = Eigen::OuterStride<>;
  const Eigen::Map<const Matrix> a(rows, index(count), index(centers.dims));
  const Eigen::Map<const Matrix> b(centers.values, index(count_), index(centers.dims));
  Eigen::Map<Matrix, 0, Stride> products(products_.data(), index(count), index(count_),
                                         Stride(index(padded_)));
  products.noalias() = a * b.transpose();

  const std::size_t chunks = padded_ / kChunk;
  for (std::size_t i = 0; i < count; ++i) {
    float* scores = products_.data() + i * padded_;
    float* minima = products_.data() + kRowBlock * padded_ + i * chunks;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      const std::size_t first = chunk * kChunk;
      const std::size_t n = std::min(kChunk, count_ - first);
      Eigen::Map<Row> part(scores + first, index(n));
      part = Eigen::Map<const Row>(centers.half_norms + first, index(n)) - part;
      minima[chunk] = part.minCoeff();
      least = std::min(least, minima[chunk]);
    }
    out[i] = {0, least};
    bool found = false;
    for_each_within(i, least, [&](std::uint32_t center) {
      if (!found) out[i].center = center;
      found = true;
    });
  }
}

}  // namespace vec::ivf

#include "core/ivf/nearest.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <algorithm>
#include <limits>

#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

using kernels::kPanelColumns;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Eigen's products use what every machine of the architecture has, which beats plain loops.
bool has_vector_panels() {
  return kernels::active().dot_f32_panels != kernels::by_name("scalar")->dot_f32_panels;
}

}  // namespace

void NearestFinder::set_centers(const Centers& centers) {
  centers_ = centers;
  const std::size_t panel_count = (centers.count + kPanelColumns - 1) / kPanelColumns;
  padded_ = panel_count * kPanelColumns;
  bias_.assign(padded_, kInfinity);
  std::copy(centers.half_norms, centers.half_norms + centers.count, bias_.begin());
  scores_.resize(kRowBlock * padded_);
  places_.resize(padded_ + kernels::kPlacesSlack);
  panels_.clear();
  if (!has_vector_panels()) return;
  panels_.resize(padded_ * centers.dims);
  for (std::size_t center = 0; center < centers.count; ++center) {
    const float* from = centers.values + center * centers.dims;
    float* to = panels_.data() + center / kPanelColumns * kPanelColumns * centers.dims +
                center % kPanelColumns;
    for (std::size_t d = 0; d < centers.dims; ++d) to[d * kPanelColumns] = from[d];
  }
}

void NearestFinder::multiply(const float* rows, std::size_t count) {
  const std::size_t dims = centers_.dims;
  if (!panels_.empty()) {
    const float* pointers[kRowBlock];
    for (std::size_t i = 0; i < count; ++i) pointers[i] = rows + i * dims;
    kernels::active().dot_f32_panels(pointers, count, panels_.data(), padded_ / kPanelColumns, dims,
                                     scores_.data(), padded_);
    return;
  }
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::OuterStride<>;
  const auto index = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  const Eigen::Map<const Matrix> a(rows, index(count), index(dims));
  const Eigen::Map<const Matrix> b(centers_.values, index(centers_.count), index(dims));
  Eigen::Map<Matrix, 0, Stride> products(scores_.data(), index(count), index(centers_.count),
                                         Stride(index(padded_)));
  products.noalias() = a * b.transpose();
  for (std::size_t i = 0; i < count; ++i) {
    float* row = scores_.data() + i * padded_;
    std::fill(row + centers_.count, row + padded_, 0.0F);
  }
}

void NearestFinder::find(const float* rows, std::size_t count, Nearest* out) {
  multiply(rows, count);
  const auto& kernel = kernels::active();
  const kernels::ColumnTerms columns{bias_.data(), nullptr, nullptr, nullptr};
  const kernels::RowTerms row{0, 0, 0, -1, -kInfinity};
  for (std::size_t i = 0; i < count; ++i) {
    float* scores = scores_.data() + i * padded_;
    float minima[kernels::kMinima];
    kernel.distances_f32(scores, columns, row, padded_, scores, minima);
    const float least = *std::min_element(minima, minima + kernels::kMinima);
    out[i] = {0, least};
    if (places_within(i, least) > 0 && places_[0] < centers_.count) out[i].center = places_[0];
  }
}

std::size_t NearestFinder::places_within(std::size_t i, float limit) {
  return kernels::active().places_up_to(scores_.data() + i * padded_, padded_, limit,
                                        places_.data());
}

}  // namespace vec::ivf

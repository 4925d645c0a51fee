#include "core/ivf/nearest.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

using kernels::kPanelColumns;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kFloatUnit = 1.0 / (1 << 23);
/// What a score may lose where products vanish: 2^-149 for each of some operations, times the
/// greatest product of levels.
constexpr double kVanishing = 1e-36;
/// And what an element may lose there when it is moved or decoded.
constexpr double kVanishingError = 1e-22;
/// Squares and their sums stay far from the end of float's range.
constexpr double kLargestNorm = 1e15;

constexpr int kRowLevels = 127;
constexpr int kCenterLevels = 63;  // to both sides of zero

/// Eigen's products use what every machine of the architecture has, which beats plain loops.
bool has_vector_panels() {
  return kernels::active().dot_f32_panels != kernels::by_name("scalar")->dot_f32_panels;
}

constexpr std::size_t kLanes = 8;  // compilers make vectors of loops over so many

float least_of(const float (&minima)[kernels::kMinima]) {
  float lanes[kLanes];
  std::copy_n(minima, kLanes, lanes);
  for (std::size_t i = kLanes; i < kernels::kMinima; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = std::min(lanes[k], minima[i + k]);
  }
  return *std::min_element(lanes, lanes + kLanes);
}

void subtract(const float* a, const float* b, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    float part[kLanes];
    for (std::size_t k = 0; k < kLanes; ++k) part[k] = a[i + k] - b[i + k];
    std::memcpy(out + i, part, sizeof part);
  }
  for (; i < n; ++i) out[i] = a[i] - b[i];
}

/// Sum of a[i] * b[i], in double.
double sum_of_products(const float* a, const float* b, std::size_t n) {
  double sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) sums[k] += double{a[i + k]} * b[i + k];
  }
  double sum = 0;
  for (; i < n; ++i) sum += double{a[i]} * b[i];
  for (const double part : sums) sum += part;
  return sum;
}

std::size_t panels_for(std::size_t count) { return (count + kPanelColumns - 1) / kPanelColumns; }

}  // namespace

NearestFinder::NearestFinder(std::size_t dims, By by, std::pmr::memory_resource* memory)
    : dims_(dims),
      words_((dims + 3) / 4),
      by_(by),
      uses_codes_(has_vector_panels()),
      origin_(dims, 0.0F, memory),
      moved_(dims, 0.0F, memory),
      rounded_(words_ * 4, 0, memory),
      norms_(memory),
      levels_(memory),
      codes_(memory),
      panels_(memory),
      total_(memory),
      step_(memory),
      error_(memory),
      bias_(memory),
      float_panels_(memory),
      float_bias_(memory),
      products_(memory),
      float_products_(memory),
      scores_(memory),
      places_(memory) {}

void NearestFinder::set_origin(const float* origin) {
  std::copy(origin, origin + dims_, origin_.begin());
}

void NearestFinder::set_rows(const float* rows, std::size_t count) {
  rows_ = rows;
  norms_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    norms_[i] = std::sqrt(kernels::active().norm_squared_f32(row(i), dims_));
  }
  if (!has_vector_panels()) return;
  levels_.resize(count * words_ * 4);  // what the last word has beyond a row stays zero
  codes_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    code_row(row(i), levels_.data() + i * words_ * 4, codes_[i]);
  }
}

void NearestFinder::code_row(const float* row, std::uint8_t* levels, RowCode& code) {
  const auto& kernel = kernels::active();
  subtract(row, origin_.data(), dims_, moved_.data());
  row = moved_.data();
  float hi = 0;
  kernel.min_max_f32(row, dims_, &code.lo, &hi);
  code.step = (hi - code.lo) / kRowLevels;
  float inverse_step = 1 / code.step;
  // A step that can be divided by has 20 digits and more: no level comes out above the greatest.
  if (!std::isfinite(inverse_step)) code.step = inverse_step = 0;
  kernel.encode_u8(row, dims_, code.lo, inverse_step, levels);
  const double n = static_cast<double>(dims_);
  const double largest = std::fabs(double{code.lo}) + 128.0 * code.step;
  const auto sums = kernel.decoded_sums(row, levels, dims_, code.lo, code.step, 0);
  const double coding = std::sqrt(sums.error_squared);
  code.norm = (std::sqrt(sums.norm_squared) + coding) * (1 + kFloatUnit);
  // The levels' roundings, and that of the move.
  code.error = coding * (1 + kFloatUnit) +
               std::sqrt(n) * (2 * kFloatUnit * largest + kVanishingError) + kFloatUnit * code.norm;
}

void NearestFinder::set_centers(const float* centers, std::size_t count) {
  centers_ = centers;
  count_ = count;
  padded_ = panels_for(count) * kPanelColumns;
  scores_.resize(padded_);
  places_.resize(padded_ + kernels::kPlacesSlack);
  surplus_ = 0;
  has_floats_ = false;
  uses_codes_ = has_vector_panels();
  largest_norm_ = largest_moved_ = largest_coded_ = largest_bias_ = largest_error_ = 0;
  if (uses_codes_) {
    panels_.assign(padded_ * words_ * 4, 0);
    total_.assign(padded_, 0);
    step_.assign(padded_, 0);
    error_.assign(padded_, 0);
    bias_.assign(padded_, kInfinity);
    products_.resize(kCodedRows * padded_);
  }
  for (std::size_t c = 0; c < count; ++c) {
    const float* center = centers + c * dims_;
    const double squared = kernels::active().norm_squared_f32(center, dims_);
    largest_norm_ = std::max(largest_norm_, std::sqrt(squared));
    if (uses_codes_) code_center(center, c, squared);
  }
  if (!uses_codes_) set_float_panels();
}

void NearestFinder::code_center(const float* center, std::size_t at, double squared) {
  const auto& kernel = kernels::active();
  subtract(center, origin_.data(), dims_, moved_.data());
  float least = 0;
  float greatest = 0;
  kernel.min_max_f32(moved_.data(), dims_, &least, &greatest);
  const float step = std::max(-least, greatest) / kCenterLevels;
  const bool divides = std::isfinite(1 / step);
  const double step_used = divides ? step : 0;
  const double inverse = divides ? 1 / double{step} : 0;
  const auto sums = kernel.round_i8(moved_.data(), dims_, step_used, inverse, rounded_.data());
  std::int8_t* to =
      panels_.data() + (at / kPanelColumns * words_ * kPanelColumns + at % kPanelColumns) * 4;
  for (std::size_t w = 0; w < words_; ++w) {
    std::memcpy(to + w * kPanelColumns * 4, rounded_.data() + w * 4, 4);
  }
  const double moved_squared = sum_of_products(moved_.data(), moved_.data(), dims_);
  const double bias = by_ == By::kDistance ? moved_squared / 2
                                           : -sum_of_products(origin_.data(), moved_.data(), dims_);
  const double norm = std::sqrt(moved_squared);
  step_[at] = static_cast<float>(step_used);
  total_[at] = static_cast<float>(step_used * sums.sum);
  bias_[at] = static_cast<float>(bias);
  largest_moved_ = std::max(largest_moved_, norm);
  error_[at] = static_cast<float>(
      (std::sqrt(sums.error_squared) + kFloatUnit * (norm + std::sqrt(squared))) *
      (1 + kFloatUnit));
  largest_error_ = std::max(largest_error_, double{error_[at]});
  largest_coded_ = std::max(largest_coded_, step_used * std::sqrt(sums.norm_squared));
  largest_bias_ = std::max(largest_bias_, std::fabs(double{bias_[at]}));
}

void NearestFinder::set_float_panels() {
  has_floats_ = true;
  float_bias_.assign(padded_, kInfinity);
  for (std::size_t c = 0; c < count_; ++c) {
    float_bias_[c] = 0;
    if (by_ != By::kDistance) continue;
    const double squared = kernels::active().norm_squared_f32(centers_ + c * dims_, dims_);
    float_bias_[c] = static_cast<float>(squared / 2);
  }
  float_products_.resize(kRowBlock * padded_);
  if (!has_vector_panels()) return;
  float_panels_.assign(padded_ * dims_, 0);
  for (std::size_t c = 0; c < count_; ++c) {
    const float* from = centers_ + c * dims_;
    float* to =
        float_panels_.data() + c / kPanelColumns * kPanelColumns * dims_ + c % kPanelColumns;
    for (std::size_t d = 0; d < dims_; ++d) to[d * kPanelColumns] = from[d];
  }
}

void NearestFinder::multiply(std::size_t first, std::size_t count) {
  multiplied_codes_ = uses_codes_ && count <= kCodedRows;
  if (!multiplied_codes_) {
    multiply_floats(first, count);
    return;
  }
  const std::uint8_t* pointers[kCodedRows];
  for (std::size_t i = 0; i < count; ++i) {
    pointers[i] = levels_.data() + (first + i) * words_ * 4;
  }
  kernels::active().dot_u7_panels(pointers, count, panels_.data(), padded_ / kPanelColumns, words_,
                                  products_.data(), padded_);
}

void NearestFinder::multiply_floats(std::size_t first, std::size_t count) {
  if (!has_floats_) set_float_panels();
  if (has_vector_panels()) {
    const float* pointers[kRowBlock];
    for (std::size_t i = 0; i < count; ++i) pointers[i] = row(first + i);
    kernels::active().dot_f32_panels(pointers, count, float_panels_.data(), padded_ / kPanelColumns,
                                     dims_, float_products_.data(), padded_);
    return;
  }
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::OuterStride<>;
  const auto index = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  const Eigen::Map<const Matrix> a(row(first), index(count), index(dims_));
  const Eigen::Map<const Matrix> b(centers_, index(count_), index(dims_));
  Eigen::Map<Matrix, 0, Stride> products(float_products_.data(), index(count), index(count_),
                                         Stride(index(padded_)));
  products.noalias() = a * b.transpose();
  for (std::size_t i = 0; i < count; ++i) {
    float* of_row = float_products_.data() + i * padded_;
    std::fill(of_row + count_, of_row + padded_, 0.0F);
  }
}

/// What the kernels' float sums may make of the difference of two scores.
double NearestFinder::float_margin(double reach) const {
  // Each is off by at most float_error / 2 of the squared sum of norms.
  return (static_cast<double>(dims_) + 4) * kFloatUnit * reach * reach;
}

/// How much more than the least score the nearest center's may be.
double NearestFinder::margin(std::size_t row) const {
  // Here scores are such sums, too, of less than that.
  return 2 * float_margin(norms_[row] + largest_norm_) + kVanishing;
}

/// The same of scores from codes, each of which is less by what its center's coding may change.
double NearestFinder::coded_margin(std::size_t row, double center_error) const {
  const RowCode& code = codes_[row];
  const double certain = (code.error + kFloatUnit * norms_[row]) * largest_moved_ +
                         (code.norm + code.error) * center_error;
  // Scores are summed of a few floats, none of which is more than this.
  const double levels =
      std::sqrt(static_cast<double>(dims_)) * (std::fabs(double{code.lo}) + 128.0 * code.step);
  const double terms = levels * largest_coded_ + largest_bias_ + code.norm * largest_moved_;
  return 2 * (certain + 8 * kFloatUnit * terms + kVanishing) +
         float_margin(by_ == By::kDistance ? code.norm + largest_moved_
                                           : norms_[row] + largest_norm_);
}

void NearestFinder::squared_distances(std::size_t row, float* out) {
  const auto& kernel = kernels::active();
  const float* const own = this->row(row);
  if (!uses_codes_ || !(norms_[row] + largest_norm_ < kLargestNorm)) {
    for (std::size_t c = 0; c < count_; ++c) {
      out[c] = kernel.l2_squared_f32(own, centers_ + c * dims_, dims_);
    }
    return;
  }
  multiply(row, 1);
  const RowCode& code = codes_[row];
  float minima[kernels::kMinima];
  kernel.distances_u8(products_.data(), {bias_.data(), total_.data(), error_.data(), step_.data()},
                      {0, -code.lo, 0, -code.step, -kInfinity}, padded_, scores_.data(), minima);
  // A score is half the difference of the squares of distance and code.norm.  From here on the
  // codes are wrong by a third of the square at most.
  const double squared = code.norm * code.norm;
  const double margin = coded_margin(row, largest_error_) + 2 * code.norm * code.error;
  const auto from = static_cast<float>((3 * margin - squared) / 2);
  for (std::size_t c = 0; c < count_; ++c) {
    out[c] = scores_[c] >= from ? static_cast<float>(2 * scores_[c] + squared)
                                : kernel.l2_squared_f32(own, centers_ + c * dims_, dims_);
  }
}

/// Comparing so many centers one by one is dearer than floats would be: they are taken from the
/// next block on.
void NearestFinder::count_surplus(std::size_t found) {
  const std::size_t pays = count_ / 8 + 8;
  surplus_ = surplus_ + found > pays ? surplus_ + found - pays : 0;
  if (surplus_ > kRowBlock * count_ / 4) uses_codes_ = false;
}

std::span<const std::uint32_t> NearestFinder::candidates(std::size_t i, std::size_t row,
                                                         bool sure) {
  if (!(norms_[row] + largest_norm_ < kLargestNorm)) return {};
  const auto& kernel = kernels::active();
  float minima[kernels::kMinima];
  if (multiplied_codes_) {
    const RowCode& code = codes_[row];
    const auto norm = static_cast<float>((code.norm + code.error) * (1 + kFloatUnit));
    kernel.distances_u8(
        products_.data() + i * padded_, {bias_.data(), total_.data(), error_.data(), step_.data()},
        {0, -code.lo, sure ? -norm : 0, -code.step, -kInfinity}, padded_, scores_.data(), minima);
  } else {
    kernel.distances_f32(float_products_.data() + i * padded_,
                         {float_bias_.data(), nullptr, nullptr, nullptr}, {0, 0, 0, -1, -kInfinity},
                         padded_, scores_.data(), minima);
  }
  const float least = least_of(minima);
  const auto up_to = [&](float limit) {
    return kernel.places_up_to(scores_.data(), padded_, limit, places_.data());
  };
  float limit = least;
  if (sure) {
    // The limit is what any one center may have at most, for example the one with this score.
    std::size_t place = 0;
    while (place < kernels::kMinima && !(minima[place] == least)) ++place;
    while (place < padded_ && !(scores_[place] == least)) place += kernels::kMinima;
    if (place >= padded_) return {};
    const double above = multiplied_codes_ ? coded_margin(row, error_[place]) : margin(row);
    limit = std::nextafter(static_cast<float>(least + above), kInfinity);
  }
  const std::size_t found = up_to(limit);
  if (multiplied_codes_) count_surplus(found);
  return {places_.data(), found};
}

}  // namespace vec::ivf

#include "core/codes/rounded.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

double largest_of(std::span<const float> x) {
  float lo = 0;
  float hi = 0;
  kernels::active().min_max_f32(x.data(), x.size(), &lo, &hi);
  return std::max(std::fabs(double{lo}), std::fabs(double{hi}));
}

/// Writes scale times which integer is nearest to each element, as far as the kernel's go.
template <class Kernel, class Integer>
Rounded round_all(Kernel kernel, std::span<const float> x, double scale, Integer* out) {
  double inverse = scale > 0 ? 1 / scale : 0;
  if (!std::isfinite(inverse)) inverse = 0;
  const kernels::RoundedSums sums = kernel(x.data(), x.size(), scale, inverse, out);
  Rounded rounded{scale, scale * sums.sum, scale * scale * sums.norm_squared, 0, 0};
  rounded.norm = std::sqrt(rounded.norm_squared);
  rounded.error = std::sqrt(sums.error_squared) * (1 + 1e-12);
  return rounded;
}

}  // namespace

Rounded round_to_words(std::span<const float> x, std::int16_t* out) {
  constexpr double kMost = 32767;
  const auto& table = kernels::active();
  const double n = static_cast<double>(x.size());
  const double scale =
      std::max(largest_of(x) / kMost,
               255 * table.absolute_sum_f32(x.data(), x.size()) / (2147483647.0 - 128 * n));
  return round_all(table.round_i16, x, scale, out);
}

Rounded round_to_halves(std::span<const float> x, std::int8_t* out) {
  constexpr double kMost = 127;
  const Rounded rounded = round_all(kernels::active().round_i8, x, largest_of(x) / kMost, out);
  const std::size_t rest = x.size() % kSplitBlock;
  if (rest == 0) return rounded;
  // A block that is not full has its second half where full ones have it.
  std::int8_t* const last = out + (x.size() - rest);
  std::int8_t elements[kSplitBlock];
  std::copy_n(last, rest, elements);
  std::fill_n(last, kSplitBlock, std::int8_t{0});
  const std::size_t half = (rest + 1) / 2;
  std::copy_n(elements, half, last);
  std::copy(elements + half, elements + rest, last + kSplitBlock / 2);
  return rounded;
}

}  // namespace vec::codes

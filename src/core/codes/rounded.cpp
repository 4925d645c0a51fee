#include "core/codes/rounded.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

constexpr std::size_t kLanes = 4;
using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Longs = std::int64_t __attribute__((vector_size(kLanes * sizeof(std::int64_t))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

/// n elements, at most kLanes, followed by zeros.  (Vectors of this size are not returned: the base
/// architecture has no registers for them.)
void load(const float* from, std::size_t n, Doubles& out) {
  Floats lanes = {};
  if (n >= kLanes) {
    std::memcpy(&lanes, from, sizeof lanes);
  } else {
    std::memcpy(&lanes, from, n * sizeof(float));
  }
  out = __builtin_convertvector(lanes, Doubles);
}

double sum_of_lanes(const Doubles& v) { return (v[0] + v[1]) + (v[2] + v[3]); }

double largest_of(std::span<const float> x) {
  float lo = 0;
  float hi = 0;
  kernels::active().min_max_f32(x.data(), x.size(), &lo, &hi);
  return std::max(std::fabs(double{lo}), std::fabs(double{hi}));
}

double total_of(std::span<const float> x) {
  constexpr Longs kWithoutSign = Longs{} + 0x7FFFFFFFFFFFFFFF;
  Doubles total = {};
  for (std::size_t i = 0; i < x.size(); i += kLanes) {
    Doubles elements;
    load(x.data() + i, x.size() - i, elements);
    total += (Doubles)((Longs)elements & kWithoutSign);
  }
  return sum_of_lanes(total);
}

/// Writes scale times which integer, of at most that size, is nearest to each element.
template <class Integer>
Rounded round_all(std::span<const float> x, double scale, double most, Integer* out) {
  double inverse = scale > 0 ? 1 / scale : 0;
  if (!std::isfinite(inverse)) inverse = 0;
  // Added and taken away, this rounds what is below 2^51 to the nearest integer, ties to even.
  constexpr double kRounding = 6755399441055744.0;  // 1.5 * 2^52
  const Doubles greatest = Doubles{} + most;
  Doubles error = {};
  Doubles sum = {};
  Doubles norm_squared = {};
  for (std::size_t i = 0; i < x.size(); i += kLanes) {
    Doubles elements;
    load(x.data() + i, x.size() - i, elements);
    Doubles integers = elements * inverse;
    integers = integers > greatest ? greatest : integers;
    integers = integers < -greatest ? -greatest : integers;
    integers = integers + kRounding - kRounding;
    const Doubles difference = elements - scale * integers;
    error += difference * difference;
    sum += integers;
    norm_squared += integers * integers;
    const Ints numbers = __builtin_convertvector(integers, Ints);
    const std::size_t n = std::min(kLanes, x.size() - i);
    for (std::size_t k = 0; k < n; ++k) out[i + k] = static_cast<Integer>(numbers[k]);
  }
  Rounded rounded{scale, scale * sum_of_lanes(sum), scale * scale * sum_of_lanes(norm_squared), 0,
                  0};
  rounded.norm = std::sqrt(rounded.norm_squared);
  rounded.error = std::sqrt(sum_of_lanes(error)) * (1 + 1e-12);
  return rounded;
}

}  // namespace

Rounded round_to_words(std::span<const float> x, std::int16_t* out) {
  constexpr double kMost = 32767;
  const double n = static_cast<double>(x.size());
  const double scale =
      std::max(largest_of(x) / kMost, 255 * total_of(x) / (2147483647.0 - 128 * n));
  return round_all(x, scale, kMost, out);
}

Rounded round_to_halves(std::span<const float> x, std::int8_t* out) {
  constexpr double kMost = 127;
  const Rounded rounded = round_all(x, largest_of(x) / kMost, kMost, out);
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

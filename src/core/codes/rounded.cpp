#include "core/codes/rounded.h"

#include <algorithm>
#include <cmath>

#include "core/codes/split.h"

namespace vec::codes {

namespace {

struct Size {
  double largest = 0;
  double total = 0;
};

Size size_of(std::span<const float> x) {
  Size size;
  for (const float element : x) {
    size.largest = std::max(size.largest, std::fabs(double{element}));
    size.total += std::fabs(double{element});
  }
  return size;
}

/// Calls write(i, integer) for every element.
template <class Write>
Rounded round_all(std::span<const float> x, double scale, double most, Write write) {
  const double inverse = scale > 0 ? 1 / scale : 0;
  double error = 0;
  double sum = 0;
  double norm_squared = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double nearest = std::isfinite(inverse) ? std::nearbyint(x[i] * inverse) : 0;
    const double integer = std::clamp(nearest, -most, most);
    write(i, integer);
    const double difference = x[i] - scale * integer;
    error += difference * difference;
    sum += integer;
    norm_squared += integer * integer;
  }
  Rounded rounded{scale, scale * sum, scale * scale * norm_squared, 0, 0};
  rounded.norm = std::sqrt(rounded.norm_squared);
  rounded.error = std::sqrt(error) * (1 + 1e-12);
  return rounded;
}

}  // namespace

Rounded round_to_words(std::span<const float> x, std::int16_t* out) {
  constexpr double kMost = 32767;
  const Size size = size_of(x);
  const double n = static_cast<double>(x.size());
  const double scale = std::max(size.largest / kMost, 255 * size.total / (2147483647.0 - 128 * n));
  return round_all(x, scale, kMost, [out](std::size_t i, double integer) {
    out[i] = static_cast<std::int16_t>(integer);
  });
}

Rounded round_to_halves(std::span<const float> x, std::int8_t* out) {
  constexpr double kMost = 127;
  const std::size_t n = x.size();
  std::fill_n(out, (n + kSplitBlock - 1) / kSplitBlock * kSplitBlock, std::int8_t{0});
  const auto place = [n](std::size_t i) {
    const std::size_t begin = i / kSplitBlock * kSplitBlock;
    const std::size_t half = (std::min(kSplitBlock, n - begin) + 1) / 2;
    const std::size_t in_block = i - begin;
    return begin + (in_block < half ? in_block : kSplitBlock / 2 + in_block - half);
  };
  return round_all(x, size_of(x).largest / kMost, kMost, [&](std::size_t i, double integer) {
    out[place(i)] = static_cast<std::int8_t>(integer);
  });
}

}  // namespace vec::codes

// kernels/scalar_selection.cpp
//
// Some of many numbers, and their order, without any instruction beyond the architecture's base.

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::size_t places_up_to(const float* x, std::size_t n, float limit, std::uint32_t* out) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out[count] = static_cast<std::uint32_t>(i);
    count += x[i] <= limit;
  }
  return count;
}

std::size_t places_within(const float* x, const float* limits, std::size_t n, float limit,
                          std::uint32_t* out) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out[count] = static_cast<std::uint32_t>(i);
    count += (x[i] <= limit) | (x[i] <= limits[i]);
  }
  return count;
}

float limit_for(const float* x, std::size_t n, std::size_t count) noexcept {
  float minima[kMinima];
  for (float& least : minima) least = kInfinity;
  std::size_t i = 0;
  for (; i + kMinima <= n; i += kMinima) {
    for (std::size_t k = 0; k < kMinima; ++k) {
      minima[k] = x[i + k] < minima[k] ? x[i + k] : minima[k];
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) minima[k] = x[i] < minima[k] ? x[i] : minima[k];
  constexpr float kMost = std::numeric_limits<float>::max();
  float low = kInfinity, high = -kInfinity;
  std::size_t finite = 0;
  for (const float least : minima) {
    if (!(least <= kMost)) continue;
    low = least < low ? least : low;
    high = least > high ? least : high;
    ++finite;
  }
  if (finite < count) return kMost;
  std::size_t within = finite;  // not above `high`
  for (int step = 0; step < kLimitSteps && within > count + kLimitSlack; ++step) {
    const float middle = 0.5F * low + 0.5F * high;
    std::size_t there = 0;
    for (const float least : minima) there += least <= middle;
    if (there >= count) {
      high = middle;
      within = there;
    } else {
      low = middle;
    }
  }
  return high;
}

void places_in_list(const std::uint32_t* x, std::size_t n, const std::uint32_t* list,
                    std::size_t count, std::uint32_t* places) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    auto place = static_cast<std::uint32_t>(count);
    for (std::uint32_t k = 0; k < count; ++k) place = list[k] == x[i] ? k : place;
    places[i] = place;
  }
}

void transpose(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
               float* to, std::size_t to_stride) noexcept {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) to[c * to_stride + r] = from[r * from_stride + c];
  }
}

void ranks(const float* x, std::size_t n, std::uint32_t* ranks) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t rank = 0;
    for (std::size_t j = 0; j < i; ++j) rank += x[j] <= x[i];
    for (std::size_t j = i + 1; j < n; ++j) rank += x[j] < x[i];
    ranks[i] = rank;
  }
}

}  // namespace

constinit const SelectionKernels kScalarSelection = {
    .places_up_to = places_up_to,
    .places_within = places_within,
    .limit_for = limit_for,
    .places_in_list = places_in_list,
    .transpose = transpose,
    .ranks = ranks,
};

}  // namespace vec::kernels

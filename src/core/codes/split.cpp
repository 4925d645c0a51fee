#include "core/codes/split.h"

namespace vec::codes {

namespace {

inline void join(const std::uint8_t* __restrict high, const std::uint8_t* __restrict low,
                 std::size_t half, std::uint8_t* __restrict levels) {
  for (std::size_t i = 0; i < half; ++i) {
    levels[i] = static_cast<std::uint8_t>(high[i] << 4 | (low[i] & 15));
    levels[half + i] = static_cast<std::uint8_t>((high[i] & 0xF0) | low[i] >> 4);
  }
}

/// The high halves of two levels, and the low ones, in a byte each.
inline void split(const std::uint8_t* __restrict levels, std::size_t half,
                  std::uint8_t* __restrict high, std::uint8_t* __restrict low) {
  for (std::size_t i = 0; i < half; ++i) {
    const std::uint8_t first = levels[i];
    const std::uint8_t second = levels[half + i];
    high[i] = static_cast<std::uint8_t>(first >> 4 | (second & 0xF0));
    low[i] = static_cast<std::uint8_t>((first & 15) | second << 4);
  }
}

}  // namespace

void split_levels(const std::uint8_t* levels, std::size_t n, std::uint8_t* high,
                  std::uint8_t* low) noexcept {
  for_each_block(n, [&](std::size_t begin, std::size_t half, std::size_t byte) {
    if (n - begin >= kSplitBlock) {
      split(levels + begin, kSplitBlock / 2, high + byte, low + byte);  // a size that is known
      return;
    }
    std::uint8_t last[kSplitBlock] = {};
    std::copy(levels + begin, levels + n, last);
    split(last, half, high + byte, low + byte);
  });
}

void join_levels(const std::uint8_t* high, const std::uint8_t* low, std::size_t n,
                 std::uint8_t* levels) noexcept {
  for_each_block(n, [&](std::size_t begin, std::size_t half, std::size_t byte) {
    if (half == kSplitBlock / 2) {
      join(high + byte, low + byte, kSplitBlock / 2, levels + begin);  // a size that is known
    } else {
      join(high + byte, low + byte, half, levels + begin);
    }
  });
}

}  // namespace vec::codes

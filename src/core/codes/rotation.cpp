#include "core/codes/rotation.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/rng.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

/// What the kernel asks for.
constexpr std::size_t kLeastBlock = 16;
constexpr int kRounds = 2;

/// The signs of one transform, a bit for each element.
using Signs = std::array<std::uint8_t, kMaxRotated / 8>;

constexpr std::array<Signs, 2 * kRounds> make_signs() {
  std::array<Signs, 2 * kRounds> all{};
  Rng rng(0x5157);
  for (Signs& signs : all) {
    for (std::size_t i = 0; i < signs.size(); i += 8) {
      const std::uint64_t word = rng.next();
      for (std::size_t j = 0; j < 8; ++j) {
        signs[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
      }
    }
  }
  return all;
}
constinit const std::array<Signs, 2 * kRounds> kSigns = make_signs();

void transform(float* x, std::size_t n, const Signs& signs) {
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(n)));
  kernels::active().hadamard_f32(x, n, signs.data(), factor);
}

}  // namespace

double rotate(float* x, std::size_t n, double length) noexcept {
  const double root = std::sqrt(static_cast<double>(n));
  // Within a transform no element is larger than the sum of all.
  if (!(length * root < 1e38)) {
    std::memset(x, 0, n * sizeof *x);
    return std::numeric_limits<double>::infinity();
  }
  const std::size_t block = std::bit_floor(n);
  std::size_t transforms = 0;
  if (block >= kLeastBlock) {
    for (int round = 0; round < kRounds; ++round) {
      transform(x, block, kSigns[transforms++]);
      if (block < n) transform(x + n - block, block, kSigns[transforms++]);
    }
  }
  // Each pass rounds each element once, by at most half a unit in its last place, and so do the
  // factor and the product with it.  Products may vanish; sums do not.
  const auto roundings = static_cast<double>(transforms * (std::bit_width(block) + 1U));
  return length * roundings * 0x1p-24 * (1 + 1e-3) +
         static_cast<double>(transforms) * root * 0x1p-149;
}

}  // namespace vec::codes

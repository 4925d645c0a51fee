// core/codes/split.h
//
// Codes whose eight bits a dimension lie in two places: the high halves of all levels, then the low
// ones.  A scan reads the first alone, which is half the memory, and the second for those whose
// bound lets them in.
//
// The levels are those of the *rotated* vector (rotation.h).  Halves are packed two to a byte, in
// blocks of 128 dimensions: byte i of a block has dimension i in its low bits and dimension 64 + i
// in its high ones; in a last block of r dimensions it is dimension (r + 1) / 2 + i.

#ifndef VEC_CORE_CODES_SPLIT_H_
#define VEC_CORE_CODES_SPLIT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace vec::codes {

/// Header of a kSplit code.  The rotated value stands as decoded[i] = lo + step * level[i], and for
/// whoever knows the high halves only as coarse[i] = lo + step * (16 * high[i] + 7.5).
struct SplitHeader {
  float lo;
  float step;
  float norm_squared;  // of decoded
  float radius;        // |x - decoded|, rounded up; may be inf
  float coarse_norm_squared;
  float coarse_radius;
};
static_assert(sizeof(SplitHeader) == 24);

/// What high halves stand for: the middle of 16 levels.
constexpr double coarse_lo(double lo, double step) { return lo + 7.5 * step; }
constexpr double coarse_step(double step) { return 16 * step; }

inline constexpr std::uint32_t kMaxSplitDims = 8000;
inline constexpr std::size_t kSplitBlock = 128;

/// Bytes that the high halves of n dimensions take; the low ones take as many.
constexpr std::size_t half_bytes(std::size_t n) { return (n + 1) / 2; }

/// Calls each(begin, half, byte) for each block: dimensions begin..begin + half lie in the low bits
/// of the bytes from `byte` on, those after them, up to n, in the high bits.
template <class Each>
constexpr void for_each_block(std::size_t n, Each each) {
  for (std::size_t begin = 0; begin < n; begin += kSplitBlock) {
    each(begin, (std::min(kSplitBlock, n - begin) + 1) / 2, begin / 2);
  }
}

/// half_bytes(n) each of `high` and `low` from n levels.
void split_levels(const std::uint8_t* levels, std::size_t n, std::uint8_t* high,
                  std::uint8_t* low) noexcept;

/// The other way round.  `levels` has room for a multiple of kSplitBlock; what lies behind the n-th
/// may be overwritten.
void join_levels(const std::uint8_t* high, const std::uint8_t* low, std::size_t n,
                 std::uint8_t* levels) noexcept;

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_SPLIT_H_

// core/codes/rounded.h
//
// A query as integers: what distances to codes are computed from.

#ifndef VEC_CORE_CODES_ROUNDED_H_
#define VEC_CORE_CODES_ROUNDED_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace vec::codes {

/// What is known of integers that stand for a query: element i for scale * integer[i].
struct Rounded {
  double scale = 0;
  double sum = 0;           // of what they stand for
  double norm_squared = 0;  // of what they stand for
  double norm = 0;
  double error = 0;  // |q - rounded|; inf if the operator's sums may be anything
};

/// To 16 bits, as fine as they allow and as dot_u8_i16 can sum in 32: 255 * sum |out[i]| < 2^31.
Rounded round_to_words(std::span<const float> x, std::int16_t* out);

/// To 8 bits, in the order of dot_u4_i8_batch for codes packed by split_levels() (split.h).  `out`
/// has kSplitBlock elements for each block begun.
Rounded round_to_halves(std::span<const float> x, std::int8_t* out);

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_ROUNDED_H_

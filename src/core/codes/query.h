// core/codes/query.h
//
// Distances from a query to codes, and what they promise about the operator's own result.
//
// Over kU8 the query is rounded to 16-bit integers, so that a distance is one integer dot product
// (exact) and a few double operations.  Both roundings go into the radius:
//
//   x = decoded + d, |d| <= radius(x);  q = rounded + r, |r| known
//   L2        | |q - x| - |rounded - decoded| |  <=  radius(x) + |r|
//   dot       | q.x - rounded.decoded |          <=  |rounded| radius(x) + |r| |x|
//   L1        | |q - x|_1 - |q - decoded|_1 |    <=  radius(x)          (q stays float)
//
// The operator's result differs from the true distance, too: it is summed in float.  Its own
// bound, (n + 2) * 2^-23 of the absolute terms (kernels/kernel_table.h), is part of the radius; so
// is what products lose that are too small for a float.  Where sums may overflow, or the cosine's
// norms vanish, the radius is infinite.

#ifndef VEC_CORE_CODES_QUERY_H_
#define VEC_CORE_CODES_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/codes/format.h"
#include "core/codes/value.h"

namespace vec::codes {

class Query {
 public:
  /// `value` is copied.
  Query(const Format& format, const Value& value);

  /// Scores `count` codes.  Codes may have any alignment, must be valid_code().
  void score(const std::byte* const* codes, std::size_t count, Scored* out) const {
    score_(*this, codes, count, out);
  }

  /// Which of `count` codes may have an operator's result of at most `limit`: writes the places of
  /// those whose lower bound is not above it, ascending, and the bounds; returns how many.  Where
  /// the bound cannot be a number it is -inf.
  std::size_t near(const std::byte* const* codes, std::size_t count, double limit,
                   std::uint32_t* places, double* bounds) const {
    return near_(*this, codes, count, limit, places, bounds);
  }

  /// What the operator's own result is certain not to be below.  -inf if nothing is certain.
  double lower_bound(Scored scored) const;
  const Format& format() const { return format_; }

 private:
  using ScoreFunction = void (*)(const Query&, const std::byte* const*, std::size_t, Scored*);
  using NearFunction = std::size_t (*)(const Query&, const std::byte* const*, std::size_t, double,
                                       std::uint32_t*, double*);
  struct Scorers;

  void prepare_u8(const Value& value);

  Format format_;
  ScoreFunction score_;
  NearFunction near_;
  std::vector<std::byte> raw_;         // the query as a code, for codes that are values
  std::vector<float> floats_;          // kU8: the query, of unit length for kCosine
  std::vector<std::int16_t> rounded_;  // kU8: floats_ / scale_, to the nearest
  double scale_ = 0;
  double sum_ = 0;           // of the rounded query's elements
  double norm_squared_ = 0;  // of the rounded query
  double norm_ = 0;
  double rounding_ = 0;      // |q - rounded|; inf if the operator's sums may be anything
  double absolute_sum_ = 0;  // of the query's elements
  double float_error_ = 0;   // relative error of the operator's own sums
};

/// The distance of two codes of one format, in the unit of Scored::distance.  Symmetric, never
/// NaN.  What neighbours are selected by.
float pair_distance(const Format& format, const std::byte* a, const std::byte* b);

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_QUERY_H_

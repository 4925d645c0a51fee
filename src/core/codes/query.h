// core/codes/query.h
//
// Distances from a query to codes, and what they promise about the operator's own result.
//
// Over kU8 and kSplit the query is rounded to 16-bit integers, so that a distance is one integer
// dot product (exact) and a few double operations.  Both roundings go into the radius:
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
//
// kRotated is kU8 of the rotated value, and the query is rotated with it.
// kSplit codes have two such bounds, and the greater one counts: that of the whole code, and one
// of its head alone, over which the query is rounded to 8 bits.

#ifndef VEC_CORE_CODES_QUERY_H_
#define VEC_CORE_CODES_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/codes/bounds.h"
#include "core/codes/format.h"
#include "core/codes/value.h"

namespace vec::codes {

class Query {
 public:
  /// `value` is copied.
  Query(const Format& format, const Value& value);

  /// A query for what a code, not of kSplit, stands for.
  static Query of_code(const Format& format, const std::byte* code);

  /// Scores `count` codes.  Codes may have any alignment, must be valid_code().
  void score(const std::byte* const* codes, std::size_t count, Scored* out) const {
    score_(*this, codes, count, out);
  }

  /// Which of `count` codes may have an operator's result of at most `limit`: writes the places of
  /// those whose lower bound is not above it, ascending, and the bounds; returns how many.  Where
  /// the bound cannot be a number it is -inf.  A code's bound is the same whatever the limit.
  std::size_t near(const std::byte* const* codes, std::size_t count, double limit,
                   std::uint32_t* places, double* bounds) const {
    return near_(*this, codes, count, limit, places, bounds);
  }

  /// Scores codes as they lie in slots (slots.h).  One whose distance is very likely above `limit`
  /// gets a rough distance and an infinite radius, at half the cost where codes are kept in halves.
  void score_slots(const std::byte* const* slots, std::size_t count, float limit,
                   Scored* out) const;

  // near() in two steps, for kSplit codes of which one would rather not read all.

  /// Leaves out what near() would leave out, as far as that is certain without the codes' tails:
  /// writes the places of the others, ascending, and returns how many.
  std::size_t may_be_near(const std::byte* const* heads, std::size_t count, double limit,
                          std::uint32_t* places) const;
  /// near(), of codes whose tail_bytes() last bytes are elsewhere.
  std::size_t near(const std::byte* const* heads, const std::byte* const* tails, std::size_t count,
                   double limit, std::uint32_t* places, double* bounds) const;

  /// What the operator's own result is certain not to be below.  -inf if nothing is certain.
  double lower_bound(Scored scored) const;
  const Format& format() const { return format_; }

 private:
  using ScoreFunction = void (*)(const Query&, const std::byte* const*, std::size_t, Scored*);
  using NearFunction = std::size_t (*)(const Query&, const std::byte* const*, std::size_t, double,
                                       std::uint32_t*, double*);
  struct Scorers;
  struct Halves;
  struct Slots;

  Query(const Format& format, const Value& value, bool rotated);
  /// rotated   whether the value is, if codes are
  void prepare(const Value& value, bool rotated);
  /// Chooses the functions for kSplit codes.
  void score_halves();

  Format format_;
  ScoreFunction score_;
  NearFunction near_;
  std::vector<std::byte> raw_;       // the query as a code, for codes that are values
  std::vector<float> floats_;        // else: the query, of unit length for kCosine
  std::vector<std::int16_t> words_;  // what fine_ is about
  Asked fine_{};
  std::vector<std::int8_t> halves_;  // for high halves: what coarse_ is about
  Asked coarse_{};
  double absolute_sum_ = 0;  // of the query's elements, for L1
};

/// The distance of two codes of one format, not kSplit, in the unit of Scored::distance. Symmetric,
/// never NaN.  What neighbours are selected by.
float pair_distance(const Format& format, const std::byte* a, const std::byte* b);

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_QUERY_H_

// core/codes/bounds.h
//
// From an integer dot product to a distance, and to what the operator's own result is certain not
// to be below.  For codes that lose something; query.h says where the bounds come from.

#ifndef VEC_CORE_CODES_BOUNDS_H_
#define VEC_CORE_CODES_BOUNDS_H_

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/codes/format.h"
#include "core/codes/rounded.h"

namespace vec::codes {

inline constexpr double kFloatUnit = 1.0 / (1 << 23);
/// What a float product or the rounding of a sum may lose where numbers vanish: 2^-149.
inline constexpr double kLeastFloat = std::numeric_limits<float>::denorm_min();
/// Float sums of terms up to here in all cannot overflow.
inline constexpr double kLargestSum = 1e38;

inline float finite(double distance) {
  return std::isnan(distance) ? std::numeric_limits<float>::max() : static_cast<float>(distance);
}

/// A bound that is a number.
inline double certain(double bound) {
  return std::isnan(bound) ? -std::numeric_limits<double>::infinity() : bound;
}

/// A query, and what the operator does with it.
struct Asked {
  Rounded rounded;
  double float_error;  // relative error of the operator's own sums
  double dims;
};

/// What a header says of the value it stands for.
struct Coded {
  float norm_squared;
  float radius;
};

/// `distance` is rounded to float.
inline double slack_of(double distance) { return 4 * kFloatUnit * std::fabs(distance); }

struct L2 {
  static constexpr double kDots = 2;  // times a dot product goes into a distance

  explicit L2(const Asked& asked, double limit = 0)
      : asked_(asked), rounding_(static_cast<float>(asked.rounded.error * (1 + kFloatUnit))) {
    // root (1 - e) > limit + (radius + rounding) (1 + e), for the root of what bound() leaves.
    const double more = 1 + 2 * asked.float_error;
    per_radius_ = more * more * (1 + kFloatUnit);
    reach_ = limit >= 0 ? limit * more + rounding_ * per_radius_
                        : std::numeric_limits<double>::infinity();
    lost_ = kSlack * asked.rounded.norm_squared + kVanishing;
    largest_ = kLargestSum - asked.rounded.norm_squared;
  }

  Scored operator()(double dot, const Coded& coded) const {
    return {finite(std::max(squared(dot, coded), 0.0)), coded.radius + rounding_};
  }

  /// Above zero only if the bound is certainly above the limit; takes less than the bound.
  double surplus(double dot, const Coded& coded) const {
    const double square = squared(dot, coded);
    const double reach = reach_ + coded.radius * per_radius_;
    return std::min(square * (1 - kSlack) - lost_ - reach * reach, largest_ - square);
  }

  static double bound(const Asked& asked, Scored scored) {
    const double distance = scored.distance;
    // norm_squared of the code was rounded to float; it is at most 2 (|q|^2 + distance).
    const double vanishing = 4 * kLeastFloat * asked.dims;
    const double squared = distance - slack_of(distance) -
                           2 * kFloatUnit * (asked.rounded.norm_squared + distance) - vanishing;
    const double root = std::sqrt(std::max(0.0, squared));
    // sqrt(a^2 - b) >= a - sqrt(b)
    return root * (1 - asked.float_error) - scored.radius * (1 + asked.float_error) -
           std::sqrt(vanishing);
  }

 private:
  /// More than what bound() takes off for roundings.
  static constexpr double kSlack = 16 * kFloatUnit;
  static constexpr double kVanishing = 1e-30;

  double squared(double dot, const Coded& coded) const {
    return asked_.rounded.norm_squared + coded.norm_squared - 2 * dot;
  }

  const Asked& asked_;
  float rounding_;
  double per_radius_, reach_, lost_, largest_;
};

template <bool kCosine>
class Dot {
 public:
  static constexpr double kDots = 1;

  explicit Dot(const Asked& asked, double limit = 0)
      : asked_(asked), vanishing_(2 * kLeastFloat * asked.dims) {
    // Twice what bound() takes off for roundings, and what it loses where distance and radius are
    // rounded to floats that have few digits left.
    reach_ = kBase - 2 * kFloatUnit * kBase - 2 * kLeastFloat - limit;
    if constexpr (kCosine) {
      // Here the radius is at_zero + slope * that of the code.
      const Rounded& rounded = asked.rounded;
      const double terms = asked.float_error * (rounded.norm + rounded.error);
      const double at_zero = rounded.error + terms + vanishing_;
      per_radius_ = (rounded.norm + rounded.error + terms) * kMore;
      reach_ -= at_zero * kMore;
    }
  }

  Scored operator()(double dot, const Coded& coded) const {
    return {finite(-dot), static_cast<float>(radius(coded) * (1 + kFloatUnit))};
  }

  /// As L2's.
  double surplus(double dot, const Coded& coded) const {
    const double of_radius = kCosine ? coded.radius * per_radius_ : radius(coded) * kMore;
    return reach_ - dot - 2 * slack_of(dot) - of_radius;
  }

  static double bound(const Asked&, Scored scored) {
    const double distance = scored.distance;
    return kBase + distance - slack_of(distance) - scored.radius - kFloatUnit * kBase;
  }

 private:
  static constexpr double kBase = kCosine ? 1 : 0;
  static constexpr double kMore = 1 + 4 * kFloatUnit;

  double radius(const Coded& coded) const {
    const Rounded& rounded = asked_.rounded;
    // Of unit length: no root to take.
    const double norm =
        (kCosine ? 1.0 : std::sqrt(coded.norm_squared + kLeastFloat)) + coded.radius;
    const double terms = (rounded.norm + rounded.error) * norm;
    if (!(terms < kLargestSum)) return std::numeric_limits<double>::infinity();
    return rounded.norm * coded.radius + rounded.error * norm + asked_.float_error * terms +
           vanishing_;
  }

  const Asked& asked_;
  double vanishing_;
  double reach_;
  double per_radius_ = 0;
};

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_BOUNDS_H_

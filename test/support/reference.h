// test/support/reference.h
//
// The kernels' sums once more in double, term by term, and how far a float sum may be from them.

#ifndef VEC_TEST_SUPPORT_REFERENCE_H_
#define VEC_TEST_SUPPORT_REFERENCE_H_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "kernels/kernel_table.h"

namespace vec::test {

/// A sum and the sum of its terms' absolute values, in double.
struct Sum {
  double value = 0;
  double absolute = 0;

  void add(double term) {
    value += term;
    absolute += std::fabs(term);
  }
  /// What kernel_table.h promises of n terms, and one step of the smallest subnormal for each
  /// product that underflows.
  double tolerance(std::size_t n) const {
    return (static_cast<double>(n) + 2) * (0x1p-23 * absolute + 0x1p-149);
  }
};

inline Sum l2_squared(std::span<const float> a, std::span<const float> b) {
  Sum sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum.add((double{a[i]} - b[i]) * (double{a[i]} - b[i]));
  return sum;
}

inline Sum dot(std::span<const float> a, std::span<const float> b) {
  Sum sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum.add(double{a[i]} * b[i]);
  return sum;
}

inline Sum l1(std::span<const float> a, std::span<const float> b) {
  Sum sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum.add(std::fabs(double{a[i]} - b[i]));
  return sum;
}

/// The number that the bits stand for, by the definition in IEEE 754.
inline double half_value(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

/// The nearest binary16 number by search: of two at the same distance the one with an even last
/// bit.  `value` is not NaN.
inline std::uint16_t nearest_half(float value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(double{value});
  if (magnitude >= 65520) return sign | 0x7c00;
  std::uint16_t low = 0, high = 0x7c00;  // infinity's bits stand for 65536 here
  while (high - low > 1) {
    const std::uint16_t middle = static_cast<std::uint16_t>((low + high) / 2);
    (half_value(middle) <= magnitude ? low : high) = middle;
  }
  const double above = high == 0x7c00 ? 65536.0 : half_value(high);
  const double to_low = magnitude - half_value(low), to_high = above - magnitude;
  const bool up = to_high < to_low || (to_high == to_low && (low & 1) != 0);
  return sign | (up ? high : low);
}

/// Both sides of every index that either vector has.
inline std::map<std::int32_t, std::pair<double, double>> joined(kernels::SparseView a,
                                                                kernels::SparseView b) {
  std::map<std::int32_t, std::pair<double, double>> all;
  for (std::size_t i = 0; i < a.count; ++i) all[a.indices[i]].first = a.values[i];
  for (std::size_t i = 0; i < b.count; ++i) all[b.indices[i]].second = b.values[i];
  return all;
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_REFERENCE_H_

// kernels/scalar_sparse.cpp
//
// Sparse vectors.  Two vectors of similar length are merged without a branch on the order of
// their indices, which nobody could predict.  If one is much longer, its part between two indices
// of the shorter one is found by galloping (Bentley & Yao, "An almost optimal algorithm for
// unbounded searching", 1976) and taken as a run.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

// The arrays may stand at any address.
typedef std::int32_t Index __attribute__((aligned(1), may_alias));
typedef float Value __attribute__((aligned(1), may_alias));

/// SparseView with elements that may be read wherever they stand.
struct Pairs {
  const Index* indices;
  const Value* values;
  std::size_t count;

  explicit Pairs(SparseView view) : indices(view.indices), values(view.values), count(view.count) {}
};

/// From this ratio of the lengths on, galloping is faster (README.md, "Sparse").
constexpr std::size_t kLopsided = 3;

/// The terms.  kShared: an index that one side lacks adds nothing, not even a NaN.
struct SquaredDifference {
  static constexpr bool kShared = false;
  static float of(float a, float b) { return (a - b) * (a - b); }
};
struct AbsoluteDifference {
  static constexpr bool kShared = false;
  static float of(float a, float b) { return __builtin_fabsf(a - b); }
};
struct Product {
  static constexpr bool kShared = true;
  static float of(float a, float b) { return a * b; }
};

/// Sum of the terms of `n` values that the other side lacks.
template <class Term>
float sum_run(const Value* values, std::size_t n) {
  float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += Term::of(values[i], 0);
    s1 += Term::of(values[i + 1], 0);
    s2 += Term::of(values[i + 2], 0);
    s3 += Term::of(values[i + 3], 0);
  }
  for (; i < n; ++i) s0 += Term::of(values[i], 0);
  return (s0 + s1) + (s2 + s3);
}

/// `value` or zero.  As a mask: compilers make a branch of ?:, and nobody could predict it.
inline float if_taken(bool taken, float value) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & -std::uint32_t{taken});
}

template <class Term>
float merge(const Pairs& a, const Pairs& b) {
  float sum = 0;
  std::size_t i = 0, j = 0;
  while (i < a.count && j < b.count) {
    const Index at_a = a.indices[i], at_b = b.indices[j];
    const bool take_a = at_a <= at_b, take_b = at_b <= at_a;
    const float value_a = a.values[i], value_b = b.values[j];
    if constexpr (Term::kShared) {
      sum += if_taken(take_a && take_b, Term::of(value_a, value_b));
    } else {
      sum += Term::of(if_taken(take_a, value_a), if_taken(take_b, value_b));
    }
    i += take_a;
    j += take_b;
  }
  if constexpr (!Term::kShared) {
    sum += sum_run<Term>(a.values + i, a.count - i);
    sum += sum_run<Term>(b.values + j, b.count - j);
  }
  return sum;
}

/// First place from `from` on whose index is not below `wanted`; count if there is none.
inline std::size_t gallop(const Pairs& pairs, std::size_t from, std::int32_t wanted) {
  std::size_t step = 1, low = from, high = from;
  while (high < pairs.count && pairs.indices[high] < wanted) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  if (high > pairs.count) high = pairs.count;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const bool below = pairs.indices[middle] < wanted;
    low = below ? middle + 1 : low;
    high = below ? high : middle;
  }
  return low;
}

template <class Term>
float gallop_merge(const Pairs& few, const Pairs& many) {
  float sum = 0;
  std::size_t done = 0;
  for (std::size_t i = 0; i < few.count; ++i) {
    const std::size_t place = gallop(many, done, few.indices[i]);
    const bool shared = place < many.count && many.indices[place] == few.indices[i];
    if constexpr (Term::kShared) {
      if (shared) sum += Term::of(few.values[i], many.values[place]);
    } else {
      sum += sum_run<Term>(many.values + done, place - done);
      sum += Term::of(few.values[i], shared ? many.values[place] : 0.0f);
    }
    done = place + shared;
  }
  if constexpr (!Term::kShared) sum += sum_run<Term>(many.values + done, many.count - done);
  return sum;
}

template <class Term>
float sum(SparseView a, SparseView b) noexcept {
  const Pairs x(a), y(b);
  if (x.count / kLopsided > y.count) return gallop_merge<Term>(y, x);
  if (y.count / kLopsided > x.count) return gallop_merge<Term>(x, y);
  return merge<Term>(x, y);
}

}  // namespace

constinit const SparseKernels kScalarSparse = {
    .l2_squared_sparse = sum<SquaredDifference>,
    .dot_sparse = sum<Product>,
    .l1_sparse = sum<AbsoluteDifference>,
};

}  // namespace vec::kernels

// core/vec/moments.h
//
// What avg() carries from row to row: sums in double, so that a float's rounding does not build
// up.  The state is an array {count, sum 1, sum 2, ...}.

#ifndef VEC_CORE_VEC_MOMENTS_H_
#define VEC_CORE_VEC_MOMENTS_H_

#include "core/vec/dense.h"

namespace vec {

/// to[i] = from[i] + view[i] for each of view.dims() sums; `to` may be `from`.  Throws if a sum is
/// infinite; then `to` may have been written.
template <class T>
void add_to_sums(const double* from, DenseView<T> view, double* to);

/// to[i] = view[i]: the sums of one row, which may be -0.
template <class T>
void copy_to_sums(DenseView<T> view, double* to);

/// to[i] = a[i] + b[i]; `to` may be `a` or `b`.  Throws if a sum is infinite.
void add_sums(const double* a, const double* b, int n, double* to);

/// out[i] = sums[i] / count, rounded to float and then to the element.  n is 1 to kMaxDims.
template <class T>
void mean(const double* sums, double count, int n, T* out, text::NumberFormatter format);

}  // namespace vec

#endif  // VEC_CORE_VEC_MOMENTS_H_

// core/vec/dense.h
//
// Operations on the dense types: vector (float) and halfvec (binary16, computed in float and
// rounded to nearest even).  One template each; T is float or HalfBits.

#ifndef VEC_CORE_VEC_DENSE_H_
#define VEC_CORE_VEC_DENSE_H_

#include <cstring>

#include "core/text/number.h"
#include "core/vec/check.h"
#include "core/vec/limits.h"

namespace vec {

/// The elements of a stored value, at any alignment: a value with a 1-byte header is read where it
/// lies.
template <class T>
class DenseView {
 public:
  DenseView(const void* elements, int dims)
      : elements_(static_cast<const unsigned char*>(elements)), dims_(dims) {}

  int dims() const { return dims_; }
  std::size_t size() const { return static_cast<std::size_t>(dims_); }
  /// For kernels, which take any alignment; nobody else may look through it.
  const T* data() const { return reinterpret_cast<const T*>(elements_); }
  T operator[](int i) const {
    T value;
    std::memcpy(&value, elements_ + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return value;
  }
  DenseView part(int first, int count) const {
    return {elements_ + static_cast<std::size_t>(first) * sizeof(T), count};
  }

 private:
  const unsigned char* elements_;
  int dims_;
};

/// All elements as float: exact.
void widen(DenseView<float> from, float* to);
void widen(DenseView<HalfBits> from, float* to);

/// Rounds n floats to the element type.  The caller has excluded what does not fit.
void narrow(const float* from, int n, float* to);
void narrow(const float* from, int n, HalfBits* to);

/// True if a finite or infinite number is too large for the element type.
template <class T>
bool overflows(float value) {
  if constexpr (sizeof(T) == sizeof(float)) return std::isinf(value);
  return std::fabs(value) >= kHalfOverflow;
}

/// Rounds n floats of a cast, an array or an average; NaN, infinity and, for halfvec, what rounds
/// to infinity are errors.  `format` prints the offender.  `to` may be `from`.
template <class T>
void narrow_checked(const float* from, int n, T* to, text::NumberFormatter format);

/// out[i] = a[i] op b[i].  Both sides have a.dims() elements; `out` may be a or b.  Throws when a
/// result is infinite, and in mul when it is zero though neither factor is.
template <class T>
void add(DenseView<T> a, DenseView<T> b, T* out);
template <class T>
void sub(DenseView<T> a, DenseView<T> b, T* out);
template <class T>
void mul(DenseView<T> a, DenseView<T> b, T* out);

/// Elementwise by value, then the shorter one first; -0 equals 0.  -1, 0 or 1.
template <class T>
int compare(DenseView<T> a, DenseView<T> b);

/// out = a / |a|, or zeros if |a| is 0.
template <class T>
void normalize(DenseView<T> a, T* out);

/// Writes (dims + 7) / 8 bytes: bit i, most significant first, is set if a[i] > 0; padding is zero.
template <class T>
void quantize_to_bits(DenseView<T> a, unsigned char* bits);

/// Elements start .. start + count - 1, counted from 1, as far as they exist.  Throws if none does.
template <class T>
DenseView<T> subvector(DenseView<T> a, int start, int count);

}  // namespace vec

#endif  // VEC_CORE_VEC_DENSE_H_

// core/text/dense_text.h
//
// The text form of vector and halfvec: `[1,2.5,-3]`.

#ifndef VEC_CORE_TEXT_DENSE_TEXT_H_
#define VEC_CORE_TEXT_DENSE_TEXT_H_

#include <span>

#include "core/text/number.h"
#include "core/vec/dense.h"

namespace vec::text {

/// Reads `literal`, NUL-terminated, and returns the number of dimensions.  T (float or HalfBits)
/// decides the limits and the name in messages.  The values fit T but are not rounded to it yet:
/// narrow() does that.  Throws Error for anything but
///   ws '[' ws number ws (',' ws number ws)* ']' ws
template <class T>
int parse_dense(const char* literal, std::span<float, kMaxDims> values);

/// Room that print_dense needs, in bytes, with the NUL.
constexpr std::size_t dense_text_bytes(int dims) {
  return static_cast<std::size_t>(dims) * (kMaxNumberChars + 1) + 3;
}

/// Writes the text form with a NUL at the end, and returns where the NUL is.
template <class T>
char* print_dense(DenseView<T> view, NumberFormatter format, char* out);

}  // namespace vec::text

#endif  // VEC_CORE_TEXT_DENSE_TEXT_H_

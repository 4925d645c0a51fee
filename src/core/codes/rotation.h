// core/codes/rotation.h
//
// A fixed rotation of the space, under which the elements of any vector become about equally
// large.  Distances stay what they are, while a range for all elements of a vector (u8.h) gets
// narrower: text embeddings lose half as much to eight bits, and to four.
//
// N. Ailon and B. Chazelle, "Approximate nearest neighbors and the fast Johnson-Lindenstrauss
// transform", STOC 2006: random signs, then a Walsh-Hadamard transform, O(n log n).  Departure: a
// transform takes a power of two of elements, so two of them, on the first and on the last ones
// that there are, overlap; and everything is done twice.

#ifndef VEC_CORE_CODES_ROTATION_H_
#define VEC_CORE_CODES_ROTATION_H_

#include <cstddef>

namespace vec::codes {

/// Rotates `n` floats, at most kMaxRotated, in place.  On disk: never change what it does.
/// length   their Euclidean norm, or what it is not above
/// Returns how far the result may be from the exact rotation, in the Euclidean norm.  If sums may
/// overflow that is infinity, and all elements are 0.
double rotate(float* x, std::size_t n, double length) noexcept;

inline constexpr std::size_t kMaxRotated = 16384;

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_ROTATION_H_

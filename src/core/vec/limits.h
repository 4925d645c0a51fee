// core/vec/limits.h
//
// What the types are called and how large their values may be.  All of it is visible to clients.

#ifndef VEC_CORE_VEC_LIMITS_H_
#define VEC_CORE_VEC_LIMITS_H_

#include "kernels/kernel_table.h"

namespace vec {

using kernels::HalfBits;

inline constexpr int kMaxDims = 16000;                 // of vector and halfvec
inline constexpr int kMaxSparseDims = 1'000'000'000;   // of sparsevec
inline constexpr int kMaxNonZeros = 16000;             // stored elements of a sparsevec
inline constexpr const char* kSparseName = "sparsevec";

/// The smallest magnitude that rounds to a binary16 infinity: halfway from 65504 to 65536.
inline constexpr float kHalfOverflow = 65520.0f;
/// The largest magnitude that rounds to a binary16 zero: half of the least subnormal, a tie.
inline constexpr float kHalfUnderflow = 0x1p-25f;

/// What differs between the element types of the dense types.
template <class T>
struct Element;

template <>
struct Element<float> {
  static constexpr const char* kTypeName = "vector";
};

template <>
struct Element<HalfBits> {
  static constexpr const char* kTypeName = "halfvec";
};

}  // namespace vec

#endif  // VEC_CORE_VEC_LIMITS_H_

// core/vec/check.h
//
// The checks that input, casts and operators share, with the messages clients know.

#ifndef VEC_CORE_VEC_CHECK_H_
#define VEC_CORE_VEC_CHECK_H_

#include <cmath>

#include "core/error.h"
#include "core/vec/limits.h"

namespace vec {

/// 1 to kMaxDims, for a vector or halfvec.
template <class T>
void check_dims(std::int64_t dims) {
  if (dims < 1) {
    throw Error(ErrorCode::kDataException, "%s must have at least 1 dimension",
                Element<T>::kTypeName);
  }
  if (dims > kMaxDims) {
    throw Error(ErrorCode::kProgramLimitExceeded, "%s cannot have more than %d dimensions",
                Element<T>::kTypeName, kMaxDims);
  }
}

/// 1 to kMaxSparseDims, for a sparsevec.
void check_sparse_dims(std::int64_t dims);

/// At most kMaxNonZeros.
void check_non_zeros(std::int64_t count);

/// What a column or cast asks for.  `wanted` is a type modifier; -1 takes any number.
inline void check_expected_dims(int wanted, int dims) {
  if (wanted != -1 && wanted != dims) {
    throw Error(ErrorCode::kDataException, "expected %d dimensions, not %d", wanted, dims);
  }
}

/// Two operands of `type_name`.
inline void check_same_dims(const char* type_name, int a, int b) {
  if (a != b) [[unlikely]] {
    throw Error(ErrorCode::kDataException, "different %s dimensions %d and %d", type_name, a, b);
  }
}

/// An element is a finite number.
inline void check_element(const char* type_name, float value) {
  if (std::isfinite(value)) [[likely]] return;
  if (std::isnan(value)) {
    throw Error(ErrorCode::kDataException, "NaN not allowed in %s", type_name);
  }
  throw Error(ErrorCode::kDataException, "infinite value not allowed in %s", type_name);
}

[[noreturn]] void throw_overflow();
[[noreturn]] void throw_underflow();

}  // namespace vec

#endif  // VEC_CORE_VEC_CHECK_H_

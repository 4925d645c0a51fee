#include "core/vec/check.h"

namespace vec {

void check_sparse_dims(std::int64_t dims) {
  if (dims < 1) {
    throw Error(ErrorCode::kDataException, "%s must have at least 1 dimension", kSparseName);
  }
  if (dims > kMaxSparseDims) {
    throw Error(ErrorCode::kProgramLimitExceeded, "%s cannot have more than %d dimensions",
                kSparseName, kMaxSparseDims);
  }
}

void check_non_zeros(std::int64_t count) {
  if (count < 0) {
    throw Error(ErrorCode::kDataException, "%s cannot have negative number of elements",
                kSparseName);
  }
  if (count > kMaxNonZeros) {
    throw Error(ErrorCode::kProgramLimitExceeded, "%s cannot have more than %d non-zero elements",
                kSparseName, kMaxNonZeros);
  }
}

void throw_overflow() {
  throw Error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow");
}

void throw_underflow() {
  throw Error(ErrorCode::kNumericValueOutOfRange, "value out of range: underflow");
}

}  // namespace vec

#include "pg/index/row_value.h"

#include "core/error.h"
#include "pg/boundary.h"

namespace vec::pg {

bool RowValue::set(Datum datum) {
  value_ = pg_call([datum] { return static_cast<const void*>(PG_DETOAST_DATUM(datum)); });
  const codes::Value value = value_of(format_.element, value_);
  if (format_.element == codes::Element::kSparse &&
      value.sparse.count > static_cast<std::size_t>(codes::kMaxSparseCount)) {
    throw Error(ErrorCode::kProgramLimitExceeded,
                "sparsevec cannot have more than %d non-zero elements for %s index",
                codes::kMaxSparseCount, access_method_);
  }
  const int dims = dimensions_of(format_.element, value_);
  if (dims != static_cast<int>(format_.dims)) {
    throw Error(ErrorCode::kDataException, "expected %u dimensions, not %d", format_.dims, dims);
  }
  if (format_.metric == codes::Metric::kCosine && codes::has_zero_norm(format_, value)) {
    return false;
  }
  code_.resize(codes::code_size(format_, value));
  codes::encode(format_, value, scratch_, code_.data());
  return true;
}

}  // namespace vec::pg

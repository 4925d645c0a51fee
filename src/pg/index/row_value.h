// pg/index/row_value.h
//
// From a row's value to what an index takes: a code and a query.

#ifndef VEC_PG_INDEX_ROW_VALUE_H_
#define VEC_PG_INDEX_ROW_VALUE_H_

#include <vector>

#include "core/codes/query.h"
#include "pg/index/values.h"

namespace vec::pg {

/// Codes one row's value after the other; keeps its room.
class RowValue {
 public:
  RowValue(const codes::Format& format, const char* access_method)
      : format_(format), access_method_(access_method) {}

  /// False if the value is not indexed: it has no direction and the metric is the cosine.
  /// Throws if the value cannot be indexed.
  bool set(Datum datum);

  std::span<const std::byte> code() const { return code_; }
  /// Made from the value itself, not from its code.
  codes::Query query() const { return codes::Query(format_, value()); }
  /// Good until the memory context that was current at set() is reset.
  codes::Value value() const { return value_of(format_.element, value_); }

 private:
  codes::Format format_;
  const char* access_method_;
  const void* value_ = nullptr;  // in the memory context that was current at set()
  std::vector<std::byte> code_;
  std::vector<float> scratch_;
};

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_ROW_VALUE_H_

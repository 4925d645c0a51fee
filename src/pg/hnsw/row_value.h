// pg/hnsw/row_value.h
//
// From a row's value to what the graph takes: a code and a query.

#ifndef VEC_PG_HNSW_ROW_VALUE_H_
#define VEC_PG_HNSW_ROW_VALUE_H_

#include <vector>

#include "core/codes/query.h"
#include "pg/hnsw/index.h"

namespace vec::pg::hnsw {

/// Codes one row's value after the other; keeps its room.
class RowValue {
 public:
  explicit RowValue(const codes::Format& format) : format_(format) {}

  /// False if the value is not indexed: it has no direction and the metric is the cosine.
  /// Throws if the value cannot be indexed.
  bool set(Datum datum);

  std::span<const std::byte> code() const { return code_; }
  /// Made from the value itself, not from its code.
  codes::Query query() const { return codes::Query(format_, value_of(format_.element, value_)); }

 private:
  codes::Format format_;
  const void* value_ = nullptr;  // in the memory context that was current at set()
  std::vector<std::byte> code_;
  std::vector<float> scratch_;
};

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_ROW_VALUE_H_

// pg/index/values.h
//
// What every index of ours asks of its column: operator class, values, and the errors about an
// index that cannot be read.

#ifndef VEC_PG_INDEX_VALUES_H_
#define VEC_PG_INDEX_VALUES_H_

#include "core/codes/value.h"
#include "core/row_id.h"
#include "pg/pg.h"

namespace vec::pg {

/// Numbers of an operator class's support functions, in every access method.
inline constexpr int kDistanceProc = 1;
inline constexpr int kNormProc = 2;

/// The element and metric of the index's operator class, told from its distance function.
/// Raises 0A000 for a distance function that is not ours.  C-like.
struct OpClass {
  codes::Element element;
  codes::Metric metric;
};
OpClass operator_class(Relation index, const char* access_method);

/// Raises XX002: the meta page is not one of ours.
[[noreturn]] void raise_not_valid(Relation index, const char* access_method);

/// Raises XX002 with the hint to REINDEX.
[[noreturn]] void raise_corrupted(Relation index, BlockNumber block, const char* what);

/// Raises XX002 with the hint to REINDEX: what the index has for a row cannot be.
[[noreturn]] void raise_corrupted_row(Relation index, const char* what, RowId row);

/// A value of the indexed type, detoasted and without a short header, as core wants it.
/// C-like.
codes::Value value_of(codes::Element element, const void* datum);

/// Dimensions of such a value.
int dimensions_of(codes::Element element, const void* datum);

/// A value of the index's type and dimensions whose elements are all zero, as NULL is taken.
/// C-like.
void* zero_value(const codes::Format& format);

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_VALUES_H_

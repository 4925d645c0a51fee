// pg/types/results.h
//
// New values in the current memory context, for the caller to fill in.

#ifndef VEC_PG_TYPES_RESULTS_H_
#define VEC_PG_TYPES_RESULTS_H_

#include "pg/types/arguments.h"

namespace vec::pg {

/// palloc that throws std::bad_alloc, so that C++ may call it.  For sizes far below 1 GB.
void* allocate(std::size_t bytes);

/// What a dense type's value is on disk: the structs of include/vector.
template <class T>
struct DenseStruct;
template <>
struct DenseStruct<float> {
  using Type = Vector;
};
template <>
struct DenseStruct<HalfBits> {
  using Type = HalfVector;
};
template <class T>
using DenseValue = typename DenseStruct<T>::Type;

/// A vector or halfvec of `dims` elements, 1 to kMaxDims.  The elements are not set.
template <class T>
DenseValue<T>* new_dense(int dims) {
  const std::size_t bytes =
      offsetof(DenseValue<T>, x) + static_cast<std::size_t>(dims) * sizeof(T);
  auto* value = static_cast<DenseValue<T>*>(allocate(bytes));
  SET_VARSIZE(value, bytes);
  value->dim = static_cast<int16>(dims);
  value->unused = 0;
  return value;
}

/// A sparsevec with room for `count` elements.  Indices and values are not set.
SparseVector* new_sparse(int dims, int count);

/// Where the values of a sparsevec stand.
inline float* values_of(SparseVector* value) { return SPARSEVEC_VALUES(value); }

/// A bytea with room for `bytes` bytes.
bytea* new_bytea(std::size_t bytes);

/// float_to_shortest_decimal, as core wants it.
inline int format_number(float value, char* out) {
  return float_to_shortest_decimal_bufn(value, out);
}

}  // namespace vec::pg

#endif  // VEC_PG_TYPES_RESULTS_H_

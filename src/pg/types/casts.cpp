// pg/types/casts.cpp
//
// Casts among vector, halfvec, sparsevec and real[].  Each takes (value, typmod, explicit).  Those
// from arrays are in array_casts.cpp.

#include "pg/types/results.h"

namespace vec::pg {
namespace {

/// The cast of a type to itself: it only checks the type modifier, and gives the value as it is.
template <class Arg>
Datum same_type(FunctionCallInfo fcinfo) {
  const int typmod = typmod_arg(fcinfo, 1);
  // Without a modifier nothing is looked at: the value may stay where it is stored.
  if (typmod == -1) return PG_GETARG_DATUM(0);
  // The plain value is the result, so that whoever stores it need not fetch it again.
  const Datum plain = PointerGetDatum(pg_call([&] { return PG_DETOAST_DATUM(PG_GETARG_DATUM(0)); }));
  check_expected_dims(typmod, Arg(plain).dims());
  return plain;
}

SparseVector* sparse_of(const float* values, int dims) {
  SparseVector* result = new_sparse(dims, count_non_zeros(values, dims));
  take_non_zeros(values, dims, result->indices, values_of(result));
  return result;
}

template <class T>
Datum dense_to_sparse(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  check_expected_dims(typmod_arg(fcinfo, 1), value.dims());
  float values[kMaxDims];
  widen(value.view(), values);
  return PointerGetDatum(sparse_of(values, value.dims()));
}

template <class T>
Datum sparse_to_dense(FunctionCallInfo fcinfo) {
  const SparseArg value(fcinfo, 0);
  check_dims<T>(value.dims());
  check_expected_dims(typmod_arg(fcinfo, 1), value.dims());
  float values[kMaxDims];
  to_dense(value.view(), values);
  auto* result = new_dense<T>(value.dims());
  narrow_checked(values, value.dims(), result->x, format_number);
  return PointerGetDatum(result);
}

/// real[] has no type modifier: the argument is not looked at.
template <class T>
Datum dense_to_array(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  const std::size_t bytes = ARR_OVERHEAD_NONULLS(1) + value.size() * sizeof(float4);
  auto* result = static_cast<ArrayType*>(allocate(bytes));
  SET_VARSIZE(result, bytes);
  result->ndim = 1;
  result->dataoffset = 0;  // no nulls
  result->elemtype = FLOAT4OID;
  ARR_DIMS(result)[0] = value.dims();
  ARR_LBOUND(result)[0] = 1;
  widen(value.view(), reinterpret_cast<float*>(ARR_DATA_PTR(result)));
  return PointerGetDatum(result);
}

}  // namespace
}  // namespace vec::pg

using namespace vec;
using namespace vec::pg;

VEC_FUNCTION(vector) { return same_type<DenseArg<float>>(fcinfo); }
VEC_FUNCTION(halfvec) { return same_type<DenseArg<HalfBits>>(fcinfo); }
VEC_FUNCTION(sparsevec) { return same_type<SparseArg>(fcinfo); }

VEC_FUNCTION(vector_to_float4) { return dense_to_array<float>(fcinfo); }
VEC_FUNCTION(halfvec_to_float4) { return dense_to_array<HalfBits>(fcinfo); }

VEC_FUNCTION(vector_to_sparsevec) { return dense_to_sparse<float>(fcinfo); }
VEC_FUNCTION(halfvec_to_sparsevec) { return dense_to_sparse<HalfBits>(fcinfo); }
VEC_FUNCTION(sparsevec_to_vector) { return sparse_to_dense<float>(fcinfo); }
VEC_FUNCTION(sparsevec_to_halfvec) { return sparse_to_dense<HalfBits>(fcinfo); }

VEC_FUNCTION(halfvec_to_vector) {
  const DenseArg<HalfBits> value(fcinfo, 0);
  check_expected_dims(typmod_arg(fcinfo, 1), value.dims());
  auto* result = new_dense<float>(value.dims());
  widen(value.view(), result->x);
  return PointerGetDatum(result);
}

VEC_FUNCTION(vector_to_halfvec) {
  const DenseArg<float> value(fcinfo, 0);
  check_expected_dims(typmod_arg(fcinfo, 1), value.dims());
  float values[kMaxDims];
  widen(value.view(), values);
  auto* result = new_dense<HalfBits>(value.dims());
  narrow_checked(values, value.dims(), result->x, format_number);
  return PointerGetDatum(result);
}

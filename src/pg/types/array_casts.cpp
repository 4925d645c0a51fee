// pg/types/array_casts.cpp
//
// Casts from integer[], real[], float8[] and numeric[].  One C function per target type serves the
// four, which are told apart by the element type that the array carries.

#include "pg/types/results.h"

namespace vec::pg {
namespace {

/// PostgreSQL's own narrowing of numeric, which raises its own errors.  C-like: may ereport.
void floats_of_numerics_unguarded(ArrayType* array, int n, float* out) {
  const char* at = ARR_DATA_PTR(array);
  for (int i = 0; i < n; ++i) {
    out[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, PointerGetDatum(at)));
    at = att_addlength_pointer(at, -1, at);
    at = reinterpret_cast<const char*>(att_align_nominal(at, TYPALIGN_INT));
  }
}

template <class Number>
void floats_of(const ArrayType* array, int n, float* out) {
  const auto* numbers = reinterpret_cast<const Number*>(ARR_DATA_PTR(array));
  for (int i = 0; i < n; ++i) out[i] = static_cast<float>(numbers[i]);
}

/// An array argument that has one dimension and no nulls.
class ArrayArg {
 public:
  ArrayArg(FunctionCallInfo fcinfo, int i)
      : array_(pg_call([&] { return PG_GETARG_ARRAYTYPE_P(i); })) {
    if (ARR_NDIM(array_) > 1) throw Error(ErrorCode::kDataException, "array must be 1-D");
    if (ARR_HASNULL(array_) && pg_call([this] { return array_contains_nulls(array_); })) {
      throw Error(ErrorCode::kNullValueNotAllowed, "array must not contain nulls");
    }
  }

  int size() const { return ARR_NDIM(array_) == 0 ? 0 : ARR_DIMS(array_)[0]; }

  /// All elements, narrowed to float: what is too large for one becomes infinite.
  void read(float* out) const {
    switch (ARR_ELEMTYPE(array_)) {
      case INT4OID:
        return floats_of<int32>(array_, size(), out);
      case FLOAT4OID:
        return floats_of<float4>(array_, size(), out);
      case FLOAT8OID:
        return floats_of<float8>(array_, size(), out);
      case NUMERICOID:
        return pg_call([&] { floats_of_numerics_unguarded(array_, size(), out); });
      default:
        throw Error(ErrorCode::kDataException, "unsupported array type");
    }
  }

 private:
  ArrayType* array_;
};

template <class T>
Datum array_to_dense(FunctionCallInfo fcinfo) {
  const ArrayArg array(fcinfo, 0);
  check_dims<T>(array.size());
  check_expected_dims(typmod_arg(fcinfo, 1), array.size());
  float values[kMaxDims];
  array.read(values);
  auto* result = new_dense<T>(array.size());
  narrow_checked(values, array.size(), result->x, format_number);
  return PointerGetDatum(result);
}

}  // namespace
}  // namespace vec::pg

using namespace vec;
using namespace vec::pg;

VEC_FUNCTION(array_to_vector) { return array_to_dense<float>(fcinfo); }
VEC_FUNCTION(array_to_halfvec) { return array_to_dense<HalfBits>(fcinfo); }

VEC_FUNCTION(array_to_sparsevec) {
  const ArrayArg array(fcinfo, 0);
  const int dims = array.size();
  check_sparse_dims(dims);
  check_expected_dims(typmod_arg(fcinfo, 1), dims);
  // An array may be as large as a value can be at all: up to 1 GB of float8.
  auto* values = static_cast<float*>(allocate(static_cast<std::size_t>(dims) * sizeof(float)));
  array.read(values);
  const int count = count_non_zeros(values, dims);
  check_non_zeros(count);
  SparseVector* result = new_sparse(dims, count);
  take_non_zeros(values, dims, result->indices, values_of(result));
  for (int i = 0; i < count; ++i) check_element(kSparseName, values_of(result)[i]);
  pfree(values);
  return PointerGetDatum(result);
}

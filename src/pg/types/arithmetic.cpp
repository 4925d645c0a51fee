// pg/types/arithmetic.cpp
//
// + - * || of vector and halfvec, and the functions that make one value of another.

#include "core/vec/dense.h"
#include "pg/types/results.h"

namespace vec::pg {
namespace {

template <class T, void (*Operation)(DenseView<T>, DenseView<T>, T*)>
Datum elementwise(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0), b(fcinfo, 1);
  check_same_dims(Element<T>::kTypeName, a.dims(), b.dims());
  auto* result = new_dense<T>(a.dims());
  Operation(a.view(), b.view(), result->x);
  return PointerGetDatum(result);
}

/// `+`, and what sum() calls for each row.  There the state is the aggregate's own value, which may
/// be written to, so that a row costs no new value.  (Not in a window, where the state is also the
/// result of the row before.)
template <class T>
Datum add_or_sum(FunctionCallInfo fcinfo) {
  if (AggCheckCallContext(fcinfo, nullptr) == AGG_CONTEXT_AGGREGATE) {
    auto* state = reinterpret_cast<DenseValue<T>*>(PG_GETARG_POINTER(0));
    // The first row's value is the first state as it was stored: short, compressed or elsewhere.
    if (VARATT_IS_4B_U(state)) {
      const DenseArg<T> sum(fcinfo, 0), row(fcinfo, 1);
      row.fetch_next_row();
      check_same_dims(Element<T>::kTypeName, sum.dims(), row.dims());
      add(sum.view(), row.view(), state->x);
      return PointerGetDatum(state);
    }
  }
  return elementwise<T, add<T>>(fcinfo);
}

template <class T>
Datum concat(FunctionCallInfo fcinfo) {
  const DenseArg<T> a(fcinfo, 0), b(fcinfo, 1);
  check_dims<T>(a.dims() + b.dims());
  auto* result = new_dense<T>(a.dims() + b.dims());
  std::memcpy(result->x, a.data(), a.size() * sizeof(T));
  std::memcpy(result->x + a.size(), b.data(), b.size() * sizeof(T));
  return PointerGetDatum(result);
}

template <class T>
Datum normalized(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  auto* result = new_dense<T>(value.dims());
  normalize(value.view(), result->x);
  return PointerGetDatum(result);
}

template <class T>
Datum quantized(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  const int bits = value.dims();
  auto* result = static_cast<VarBit*>(allocate(VARBITTOTALLEN(bits)));
  SET_VARSIZE(result, VARBITTOTALLEN(bits));
  VARBITLEN(result) = bits;
  quantize_to_bits(value.view(), VARBITS(result));
  return PointerGetDatum(result);
}

template <class T>
Datum part_of(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  const DenseView<T> part = subvector(value.view(), PG_GETARG_INT32(1), PG_GETARG_INT32(2));
  auto* result = new_dense<T>(part.dims());
  std::memcpy(result->x, part.data(), part.size() * sizeof(T));
  return PointerGetDatum(result);
}

template <class T>
Datum dims_of(FunctionCallInfo fcinfo) {
  return Int32GetDatum(DenseArg<T>(fcinfo, 0).dims());
}

}  // namespace
}  // namespace vec::pg

using vec::HalfBits;
using namespace vec::pg;

VEC_FUNCTION(vector_add) { return add_or_sum<float>(fcinfo); }
VEC_FUNCTION(vector_sub) { return elementwise<float, vec::sub<float>>(fcinfo); }
VEC_FUNCTION(vector_mul) { return elementwise<float, vec::mul<float>>(fcinfo); }
VEC_FUNCTION(vector_concat) { return concat<float>(fcinfo); }
VEC_FUNCTION(l2_normalize) { return normalized<float>(fcinfo); }
VEC_FUNCTION(binary_quantize) { return quantized<float>(fcinfo); }
VEC_FUNCTION(subvector) { return part_of<float>(fcinfo); }
VEC_FUNCTION(vector_dims) { return dims_of<float>(fcinfo); }

VEC_FUNCTION(halfvec_add) { return add_or_sum<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_sub) { return elementwise<HalfBits, vec::sub<HalfBits>>(fcinfo); }
VEC_FUNCTION(halfvec_mul) { return elementwise<HalfBits, vec::mul<HalfBits>>(fcinfo); }
VEC_FUNCTION(halfvec_concat) { return concat<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_l2_normalize) { return normalized<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_binary_quantize) { return quantized<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_subvector) { return part_of<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_vector_dims) { return dims_of<HalfBits>(fcinfo); }

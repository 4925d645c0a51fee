// pg/types/dense_io.cpp
//
// Text and binary input and output of vector and halfvec, and their type modifiers.

#include "core/text/dense_text.h"
#include "core/vec/wire.h"
#include "pg/types/results.h"
#include "pg/types/typmod.h"

namespace vec::pg {
namespace {

template <class T>
Datum dense_in(FunctionCallInfo fcinfo) {
  float values[kMaxDims];
  const int dims = text::parse_dense<T>(PG_GETARG_CSTRING(0), values);
  check_expected_dims(typmod_arg(fcinfo, 2), dims);
  auto* result = new_dense<T>(dims);
  narrow(values, dims, result->x);
  return PointerGetDatum(result);
}

template <class T>
Datum dense_out(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  auto* result = static_cast<char*>(allocate(text::dense_text_bytes(value.dims())));
  text::print_dense(value.view(), format_number, result);
  return CStringGetDatum(result);
}

template <class T>
Datum dense_recv(FunctionCallInfo fcinfo) {
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const wire::Bytes rest(reinterpret_cast<const std::uint8_t*>(message->data) + message->cursor,
                         static_cast<std::size_t>(message->len - message->cursor));
  T values[kMaxDims];
  const int dims = wire::decode_dense(rest, typmod_arg(fcinfo, 2), values);
  message->cursor += static_cast<int>(wire::dense_bytes<T>(dims));
  auto* result = new_dense<T>(dims);
  std::memcpy(result->x, values, static_cast<std::size_t>(dims) * sizeof(T));
  return PointerGetDatum(result);
}

template <class T>
Datum dense_send(FunctionCallInfo fcinfo) {
  const DenseArg<T> value(fcinfo, 0);
  bytea* result = new_bytea(wire::dense_bytes<T>(value.dims()));
  wire::encode_dense(value.view(), reinterpret_cast<std::uint8_t*>(VARDATA(result)));
  return PointerGetDatum(result);
}

}  // namespace
}  // namespace vec::pg

using vec::HalfBits;
using namespace vec::pg;

VEC_INPUT_FUNCTION(vector_in) { return dense_in<float>(fcinfo); }
VEC_FUNCTION(vector_out) { return dense_out<float>(fcinfo); }
VEC_FUNCTION(vector_recv) { return dense_recv<float>(fcinfo); }
VEC_FUNCTION(vector_send) { return dense_send<float>(fcinfo); }
VEC_FUNCTION(vector_typmod_in) { return parse_typmod(fcinfo, "vector", vec::kMaxDims); }

VEC_INPUT_FUNCTION(halfvec_in) { return dense_in<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_out) { return dense_out<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_recv) { return dense_recv<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_send) { return dense_send<HalfBits>(fcinfo); }
VEC_FUNCTION(halfvec_typmod_in) { return parse_typmod(fcinfo, "halfvec", vec::kMaxDims); }

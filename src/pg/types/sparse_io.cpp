// pg/types/sparse_io.cpp
//
// Text and binary input and output of sparsevec, its type modifier, and l2_normalize.

#include "core/text/sparse_text.h"
#include "core/vec/wire.h"
#include "pg/types/results.h"
#include "pg/types/typmod.h"

using namespace vec;
using namespace vec::pg;

VEC_INPUT_FUNCTION(sparsevec_in) {
  SparseEntry entries[kMaxNonZeros];
  const auto [dims, count] =
      vec::text::parse_sparse(PG_GETARG_CSTRING(0), typmod_arg(fcinfo, 2), entries);
  SparseVector* result = new_sparse(dims, count);
  store_entries({entries, static_cast<std::size_t>(count)}, result->indices, values_of(result));
  return PointerGetDatum(result);
}

VEC_FUNCTION(sparsevec_out) {
  const SparseArg value(fcinfo, 0);
  const SparseVectorView view = value.view();
  auto* result = static_cast<char*>(allocate(vec::text::sparse_text_bytes(view.count())));
  vec::text::print_sparse(view, format_number, result);
  return CStringGetDatum(result);
}

VEC_FUNCTION(sparsevec_recv) {
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const wire::Bytes rest(reinterpret_cast<const std::uint8_t*>(message->data) + message->cursor,
                         static_cast<std::size_t>(message->len - message->cursor));
  std::int32_t indices[kMaxNonZeros];
  float values[kMaxNonZeros];
  const auto [dims, count] = wire::decode_sparse(rest, typmod_arg(fcinfo, 2), indices, values);
  message->cursor += static_cast<int>(wire::sparse_bytes(count));
  SparseVector* result = new_sparse(dims, count);
  std::memcpy(result->indices, indices, static_cast<std::size_t>(count) * sizeof *indices);
  std::memcpy(values_of(result), values, static_cast<std::size_t>(count) * sizeof *values);
  return PointerGetDatum(result);
}

VEC_FUNCTION(sparsevec_send) {
  const SparseArg value(fcinfo, 0);
  bytea* result = new_bytea(wire::sparse_bytes(value.view().count()));
  wire::encode_sparse(value.view(), reinterpret_cast<std::uint8_t*>(VARDATA(result)));
  return PointerGetDatum(result);
}

VEC_FUNCTION(sparsevec_typmod_in) { return parse_typmod(fcinfo, kSparseName, kMaxSparseDims); }

VEC_FUNCTION(sparsevec_l2_normalize) {
  const SparseArg value(fcinfo, 0);
  std::int32_t indices[kMaxNonZeros];
  float values[kMaxNonZeros];
  const int count = normalize(value.view(), indices, values);
  SparseVector* result = new_sparse(value.dims(), count);
  std::memcpy(result->indices, indices, static_cast<std::size_t>(count) * sizeof *indices);
  std::memcpy(values_of(result), values, static_cast<std::size_t>(count) * sizeof *values);
  return PointerGetDatum(result);
}

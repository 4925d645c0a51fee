#include "pg/types/typmod.h"

namespace vec::pg {

Datum parse_typmod(FunctionCallInfo fcinfo, const char* type_name, int max_dims) {
  int count = 0;
  const int32* modifiers = pg_call(
      [&] { return ArrayGetIntegerTypmods(PG_GETARG_ARRAYTYPE_P(0), &count); });
  if (count != 1) throw Error(ErrorCode::kInvalidParameterValue, "invalid type modifier");
  const int dims = modifiers[0];
  if (dims < 1) {
    throw Error(ErrorCode::kInvalidParameterValue, "dimensions for type %s must be at least 1",
                type_name);
  }
  if (dims > max_dims) {
    throw Error(ErrorCode::kInvalidParameterValue, "dimensions for type %s cannot exceed %d",
                type_name, max_dims);
  }
  return Int32GetDatum(dims);
}

}  // namespace vec::pg

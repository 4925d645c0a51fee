// pg/types/typmod.h

#ifndef VEC_PG_TYPES_TYPMOD_H_
#define VEC_PG_TYPES_TYPMOD_H_

#include "pg/boundary.h"

namespace vec::pg {

/// A type's typmod_in: one modifier, the number of dimensions, from 1 to max_dims.
Datum parse_typmod(FunctionCallInfo fcinfo, const char* type_name, int max_dims);

}  // namespace vec::pg

#endif  // VEC_PG_TYPES_TYPMOD_H_

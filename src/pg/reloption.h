// pg/reloption.h
//
// Where the value of an index's option is kept, for every server version.

#ifndef VEC_PG_RELOPTION_H_
#define VEC_PG_RELOPTION_H_

#include "pg/pg.h"

namespace vec::pg {

/// An integer option of an access method, at `offset` of its struct.  Version 18 has one member
/// more, which is left zero; a braced list of three would warn of it.
constexpr relopt_parse_elt int_reloption(const char* name, int offset) {
  relopt_parse_elt option{};
  option.optname = name;
  option.opttype = RELOPT_TYPE_INT;
  option.offset = offset;
  return option;
}

}  // namespace vec::pg

#endif  // VEC_PG_RELOPTION_H_

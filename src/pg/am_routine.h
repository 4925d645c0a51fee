// pg/am_routine.h
//
// What our access methods have in common in PostgreSQL's eyes: they order by an operator, index
// one column, and can do nothing else.

#ifndef VEC_PG_AM_ROUTINE_H_
#define VEC_PG_AM_ROUTINE_H_

#include "pg/pg.h"

namespace vec::pg {

/// A routine with every property set and every callback null, in the current memory context.
/// support_functions   how many support function numbers an operator class may use.
/// C-like: may ereport.
IndexAmRoutine* new_am_routine(int support_functions);

}  // namespace vec::pg

#endif  // VEC_PG_AM_ROUTINE_H_

// pg/repeated_arguments.h
//
// Arguments of functions that are stored out of line and come again and again.  The right side of
// `ORDER BY v <-> (SELECT v FROM ...)`, or the outer row's value in a join: the executor hands it
// over as it is stored for every row, and reading it costs more than the distance.
//
// A TOAST table never changes what is under a value's number; what is kept is forgotten at the end
// of the transaction.

#ifndef VEC_PG_REPEATED_ARGUMENTS_H_
#define VEC_PG_REPEATED_ARGUMENTS_H_

#include "pg/pg.h"

namespace vec::pg {

struct Argument {
  const struct varlena* value;  // in a piece
  int kept;                     // for let_go(); negative: the value is the caller's, to be freed
};

/// Reads a value that is stored out of line or compressed.  One that is out of line is kept until
/// eight others have been.  C-like.
Argument read_argument(struct varlena* stored);

/// The argument is not used any more.
void let_go(int kept);

}  // namespace vec::pg

#endif  // VEC_PG_REPEATED_ARGUMENTS_H_

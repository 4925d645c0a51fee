// pg/recent_values.h
//
// Values that an index scan has just read from a TOAST table.  The executor computes the distance
// of every row that it returns once more, for the ORDER BY column of its target list; without this
// each of them would be read twice.
//
// A TOAST table never changes what is under a value's number; what is kept is forgotten at the end
// of the scan, at the latest with the transaction.

#ifndef VEC_PG_RECENT_VALUES_H_
#define VEC_PG_RECENT_VALUES_H_

#include "pg/pg.h"

namespace vec::pg {

/// Room for a value of `bytes` bytes without its header, to be filled and then kept or dropped.
/// C-like.
struct varlena* new_recent_value(int32 bytes);

/// From here on the value is found, until 64 others have been kept, or as many as a megabyte
/// holds.
void keep_recent_value(const struct varatt_external& place, struct varlena* value);

/// The value, or null.
struct varlena* find_recent_value(const struct varatt_external& place);

/// C-like.
void forget_recent_values();

}  // namespace vec::pg

#endif  // VEC_PG_RECENT_VALUES_H_

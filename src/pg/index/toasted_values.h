// pg/index/toasted_values.h
//
// Reads values that a table keeps out of line.  PostgreSQL's own detoasting opens and locks the
// TOAST table and its index for every value, which takes longer than to read a vector of a
// thousand dimensions; here they stay open for a scan.

#ifndef VEC_PG_INDEX_TOASTED_VALUES_H_
#define VEC_PG_INDEX_TOASTED_VALUES_H_

#include "pg/pg.h"

namespace vec::pg {

/// Trivially destructible; C-like functions.  What fetch() opens, close() gives back; after an
/// error PostgreSQL does.  Holds no pin between the calls.
class ToastedValues {
 public:
  ToastedValues() = default;
  /// context   lives as long as what is opened
  explicit ToastedValues(MemoryContext context) : context_(context) {}

  /// The value in a piece if it is stored out of line and not compressed; else `value` as it is.
  /// Good until the next call.
  Datum fetch(Datum value);
  void close();

 private:
  void open(Oid table);
  /// False if the chunks are not those of one value of so many bytes.
  bool read_chunks(Oid value, char* out, int32 bytes);

  MemoryContext context_ = nullptr;
  Relation table_ = nullptr;
  Relation* indexes_ = nullptr;
  int index_count_ = 0;
  IndexScanDesc scan_ = nullptr;
  TupleTableSlot* chunk_ = nullptr;
#if PG_VERSION_NUM < 180000
  SnapshotData snapshot_ = {};
#endif
};

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_TOASTED_VALUES_H_

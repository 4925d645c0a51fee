// pg/index/toasted_values.h
//
// Reads values that a table keeps out of line.  PostgreSQL's own detoasting opens and locks the
// TOAST table and its index for every value, which takes longer than to read a vector of a
// thousand dimensions; here they stay open for a scan.

#ifndef VEC_PG_INDEX_TOASTED_VALUES_H_
#define VEC_PG_INDEX_TOASTED_VALUES_H_

#include "pg/pg.h"
#include "pg/remembered_buffers.h"

namespace vec::pg {

/// Trivially destructible; C-like functions.  What a fetch opens, close() gives back; after an
/// error PostgreSQL does.
class ToastedValues {
 public:
  ToastedValues() = default;
  /// context   lives as long as what is opened
  explicit ToastedValues(MemoryContext context) : context_(context) {}

  /// The value in a piece if it is stored out of line and not compressed; else `value` as it is.
  /// Good until the next call.  Holds no pin between the calls.
  Datum fetch(Datum value);

  /// The same for values that are asked for in about the order in which they were stored, as by a
  /// scan of the table: the next one is looked for where the last one ended.  Keeps the place, and
  /// its pins, until close().  Not to be mixed with fetch().
  Datum fetch_next(Datum value);
  void close();

 private:
  void open(Oid table);
  /// Whether the value is one that this reads, from the table that is open from now on.
  bool can_read(Datum value, struct varatt_external* place);
  /// Begins a scan at the value's chunks.
  void seek(Oid value, bool and_later);
  /// From where it is remembered to be.  False if it is not there.
  bool read_remembered(Oid value, char* out, int32 bytes);
  /// Copies what the page has of the value from chunk *number on, which is to be the row at `first`
  /// and those after it: at most `bytes` bytes.  Says how many, and counts *number up.
  int32 read_page(ItemPointerData first, Oid value, int32* number, char* out, int32 bytes);
  /// From the index scan, beginning with the row in chunk_ if `at_first`.  False if the chunks are
  /// not those of one value of so many bytes.
  bool read_chunks(Oid value, bool at_first, char* out, int32 bytes);

  MemoryContext context_ = nullptr;
  Relation table_ = nullptr;
  Relation* indexes_ = nullptr;
  int index_count_ = 0;
  IndexScanDesc scan_ = nullptr;
  TupleTableSlot* chunk_ = nullptr;
  RememberedBuffers* remembered_ = nullptr;       // of the table
  BlockNumber block_count_ = InvalidBlockNumber;  // of the table, if somebody has asked
  ItemPointerData first_chunk_ = {};              // what read_chunks() began with
  bool is_ahead_ = false;           // chunk_ has what comes after the last value
  struct varlena* room_ = nullptr;  // of fetch_next()
  Size room_bytes_ = 0;
#if PG_VERSION_NUM < 180000
  SnapshotData snapshot_ = {};
#endif
};

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_TOASTED_VALUES_H_

// pg/index/heap_rows.h
//
// Exact distances from the table: fetches a row that the index names, if the scan's snapshot sees
// it, and computes the operator's own result for it.

#ifndef VEC_PG_INDEX_HEAP_ROWS_H_
#define VEC_PG_INDEX_HEAP_ROWS_H_

#include <span>

#include "core/row_id.h"
#include "pg/index/toasted_values.h"
#include "pg/pg.h"
#include "pg/unpinned_page.h"

namespace vec::pg {

/// Trivially destructible; C-like functions.  What open() takes, close() gives back; after an
/// error PostgreSQL does.
class HeapRows {
 public:
  /// `scan` has its table, snapshot and order key.
  void open(IndexScanDesc scan);
  void close();
  bool is_open() const { return fetch_ != nullptr; }
  /// The values are a column of the table.  If not, they are an expression's, and what that gives
  /// now need not be what it gave when the row was indexed, whatever its functions promise.
  bool stored() const { return info_ == nullptr; }

  /// What rows are compared with from here on: the scan's order key in a piece, which whoever
  /// passed it keeps until the next call or close().
  void set_query(const void* value) { query_ = PointerGetDatum(value); }

  struct Answer {
    bool visible;
    bool is_null;  // the row's value; the distance is NaN then
    double distance;
  };
  /// distance_wanted   false: only whether the row is visible
  Answer look(RowId row, bool distance_wanted);

  /// The row that the scan returns now: has its page pinned for the executor, which fetches it.
  void pass_on(RowId row) const;

  /// How many rows are worth a hint before the first is looked at: LIMIT 10 looks at about as many.
  static constexpr std::size_t kExpected = 16;
  /// Hints that look() will soon be called for these rows, at most kExpected: asks the processor
  /// for the lines that say where they are, and then for the rows.
  void expect(std::span<const RowId> rows);

 private:
  bool hold_page(IndexFetchTableData* fetch, BlockNumber block) const;
  Datum indexed_value(bool* is_null);

  IndexScanDesc scan_ = nullptr;
  IndexFetchTableData* fetch_ = nullptr;
  bool is_heap_ = false;  // the table, as PostgreSQL's own are
  TupleTableSlot* slot_ = nullptr;
  IndexInfo* info_ = nullptr;  // expression indexes only
  EState* executor_ = nullptr;
  MemoryContext per_row_ = nullptr;
  ToastedValues toasted_;
  UnpinnedPages pages_;  // the table's
  RememberedBuffers* remembered_ = nullptr;
  Datum query_ = 0;
};

inline ItemPointerData to_tid(RowId row) {
  ItemPointerData tid;
  static_assert(sizeof tid == sizeof row);
  std::memcpy(&tid, &row, sizeof tid);
  return tid;
}

inline RowId to_row(const ItemPointerData* tid) {
  RowId row;
  std::memcpy(&row, tid, sizeof row);
  return row;
}

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_HEAP_ROWS_H_

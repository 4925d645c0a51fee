// pg/ivf/loader.h
//
// What one participant of a build does with the rows of the table: codes each and finds its list.

#ifndef VEC_PG_IVF_LOADER_H_
#define VEC_PG_IVF_LOADER_H_

#include <span>
#include <vector>

#include "core/ivf/assign.h"
#include "pg/index/row_value.h"
#include "pg/index/toasted_values.h"
#include "pg/ivf/entry_runs.h"

namespace vec::pg::ivf {

class Loader {
 public:
  /// memory_limit   bytes that entries may take
  Loader(const Shape& shape, std::span<const std::byte> centers, std::size_t memory_limit,
         RunFiles files, std::pmr::memory_resource* memory);

  /// Reads the table, or this participant's part of it.  Returns its number of rows.
  double load(Relation heap, Relation index, IndexInfo* info, bool progress, TableScanDesc part);

  std::size_t entry_count() const { return entry_count_; }
  EntryRuns& runs() { return runs_; }

 private:
  static void add_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state);
  void add(ItemPointer tid, Datum datum);
  void assign();

  RowValue value_;
  ToastedValues toasted_;
  MemoryContext row_memory_;
  vec::ivf::Assigner assigner_;
  std::size_t code_bytes_;
  std::pmr::vector<std::byte> codes_;  // of the rows that wait for their list
  std::vector<RowId> rows_;
  EntryRuns runs_;
  std::size_t entry_count_ = 0;
};

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_LOADER_H_

// pg/ivf/build_flat.cpp
//
// CREATE INDEX and REINDEX of flat: the codes of all rows, in the order of the table.

#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"
#include "pg/index/toasted_values.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/list_writer.h"
#include "pg/memory.h"

namespace vec::pg::ivf {

namespace {

/// A build in progress.
class FlatBuild {
 public:
  FlatBuild(Relation index, const Shape& shape)
      : shape_(shape),
        value_(shape.format, name_of(shape.method)),
        toasted_(CurrentMemoryContext),
        writer_(index, shape),
        row_memory_(pg_call([] {
          return AllocSetContextCreate(CurrentMemoryContext, "flat build row",
                                       ALLOCSET_DEFAULT_SIZES);
        })) {
    writer_.begin(0);
  }

  /// NULL, and what has no distance, are rows, too: the last ones.
  void add(ItemPointer tid, Datum datum, bool is_null) {
    const MemoryContext before = MemoryContextSwitchTo(row_memory_);
    std::span<const std::byte> code;
    if (!is_null && value_.set(pg_call([=, this] { return toasted_.fetch_next(datum); }))) {
      code = value_.code();
    }
    MemoryContextSwitchTo(before);
    writer_.add(vec::ivf::whole_entry(shape_.format, to_row(tid), code));
    MemoryContextReset(row_memory_);
  }

  void finish() {
    writer_.end();
    writer_.finish();
    pg_call([this] {
      toasted_.close();
      MemoryContextDelete(row_memory_);
    });
  }

  double entry_count() const { return static_cast<double>(writer_.entry_count()); }

 private:
  Shape shape_;
  RowValue value_;
  ToastedValues toasted_;
  ListWriter writer_;
  MemoryContext row_memory_;
};

void add_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state) {
  guarded([=] { static_cast<FlatBuild*>(state)->add(tid, values[0], is_null[0]); });
}

}  // namespace

template <>
IndexBuildResult* build<Method::kFlat>(Relation heap, Relation index, IndexInfo* info) {
  return guarded([=] {
    const Shape shape = pg_call([=] { return shape_for_build(index, Method::kFlat); });
    write_head(index, MAIN_FORKNUM, shape, {});
    FlatBuild build(index, shape);
    const double heap_rows = pg_call([&] {
      return table_index_build_scan(heap, index, info, true, true, add_row, &build, nullptr);
    });
    build.finish();
    return pg_call([&] {
      if (RelationNeedsWAL(index)) {
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
      }
      auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
      result->heap_tuples = heap_rows;
      result->index_tuples = build.entry_count();
      return result;
    });
  });
}

template <>
void build_empty<Method::kFlat>(Relation index) {
  guarded([=] {
    write_head(index, INIT_FORKNUM, pg_call([=] { return shape_for_build(index, Method::kFlat); }),
               {});
  });
}

}  // namespace vec::pg::ivf

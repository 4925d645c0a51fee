// pg/hnsw/build.cpp
//
// CREATE INDEX and REINDEX.  Rows are collected and linked in bulk (core/hnsw/bulk), or inserted
// into a graph in memory where that is cheaper; the graph is written page by page.  What does not
// fit into maintenance_work_mem is inserted into the pages, as INSERT would.

#include <memory>
#include <optional>

#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/reconnect.h"
#include "core/rng.h"
#include "pg/hnsw/access_method.h"
#include "pg/hnsw/build_phases.h"
#include "pg/hnsw/store.h"
#include "pg/hnsw/write_graph.h"
#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"
#include "pg/memory.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::MemoryGraph;

constexpr double kMegabyte = 1024.0 * 1024.0;

/// When users are told that the build has outgrown its memory: the thresholds that clients know.
class Budget {
 public:
  /// parallel   the server would build with workers; their shared area takes some of the memory
  explicit Budget(bool parallel)
      : margin_(parallel ? kMegabyte : 0), limit_(maintenance_work_mem * 1024.0) {
    constexpr double kShared = 3 * kMegabyte;
    if (parallel && limit_ > kShared) limit_ -= kShared;
  }

  bool exceeded_by(std::size_t bytes) const {
    return static_cast<double>(bytes) + margin_ >= limit_;
  }

 private:
  double margin_;
  double limit_;
};

void check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) pg_call([] { CHECK_FOR_INTERRUPTS(); });
}

/// A build in progress.
class Build {
 public:
  Build(Relation index, const Shape& shape, bool parallel)
      : index_(index),
        shape_(shape),
        budget_(parallel),
        memory_(CurrentMemoryContext),
        row_memory_(pg_call([] {
          return AllocSetContextCreate(CurrentMemoryContext, "hnsw build row",
                                       ALLOCSET_DEFAULT_SIZES);
        })),
        value_(shape.format, "hnsw"),
        graph_(
            std::make_unique<MemoryGraph>(shape.format, shape.params, &memory_, check_interrupts)) {
    if (vec::hnsw::bulk::pays(shape.format)) collector_.emplace(*graph_, memory_.resource());
  }

  /// Takes in one row of the table.
  void add(ItemPointer tid, Datum datum) {
    const MemoryContext before = MemoryContextSwitchTo(row_memory_);
    if (value_.set(datum)) {
      insert(to_row(tid));
      ++tuples_;
      pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(tuples_));
    }
    MemoryContextSwitchTo(before);
    MemoryContextReset(row_memory_);
  }

  /// Writes what is still in memory.
  void finish() {
    if (graph_ != nullptr) {
      write();
    } else {
      ContextMemory memory(row_memory_);
      vec::hnsw::reconnect(*store_, memory.resource());
    }
  }

  double tuples() const { return tuples_; }

 private:
  /// Links what is in memory, and writes it.
  void write() {
    if (collector_) {
      vec::hnsw::bulk::Watch watch;
      watch.interrupt = check_interrupts;
      collector_->finish(watch);
      collector_.reset();
    } else {
      ContextMemory memory(row_memory_);
      vec::hnsw::reconnect(*graph_, memory.resource());
    }
    write_graph(index_, *graph_);
    graph_.reset();
  }

  void insert(RowId row) {
    if (graph_ != nullptr) make_room();
    if (collector_) {
      collector_->add(value_.code(), row);
      return;
    }
    const codes::Query query = value_.query();
    const int level = vec::hnsw::draw_level(rng_.uniform(), shape_.params.m);
    ContextMemory memory(row_memory_);
    std::pmr::memory_resource* const searches = memory.resource();
    if (graph_ != nullptr) {
      vec::hnsw::insert(*graph_, query, value_.code(), row, level, scratch_, searches);
    } else {
      vec::hnsw::insert(*store_, query, value_.code(), row, level, scratch_, searches);
    }
  }

  /// Goes over to the pages if memory is used up.
  void make_room() {
    const std::size_t bytes = collector_ ? collector_->bytes() : graph_->bytes();
    if (!told_ && budget_.exceeded_by(bytes)) {
      told_ = true;
      pg_call([this] {
        ereport(NOTICE,
                (errmsg("hnsw graph no longer fits into maintenance_work_mem after %lld tuples",
                        static_cast<long long>(tuples_)),
                 errdetail("Building will take significantly more time."),
                 errhint("Increase maintenance_work_mem to speed up builds.")));
      });
    }
    if (static_cast<double>(bytes) < maintenance_work_mem * 1024.0) return;
    write();
    const Shape shape = pg_call([this] { return shape_of(index_); });
    store_ = std::make_unique<Store>(index_, shape, false);
  }

  Relation index_;
  Shape shape_;
  Budget budget_;
  ContextMemory memory_;
  MemoryContext row_memory_;
  RowValue value_;
  Rng rng_{0x5EED};
  vec::hnsw::InsertScratch scratch_;
  std::unique_ptr<MemoryGraph> graph_;                   // null once it was written
  std::optional<vec::hnsw::bulk::Collector> collector_;  // of graph_, if that is linked in bulk
  std::unique_ptr<Store> store_;                         // from then on
  double tuples_ = 0;
  bool told_ = false;
};

void add_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state) {
  if (is_null[0]) return;
  guarded([=] { static_cast<Build*>(state)->add(tid, values[0]); });
}

/// Whether the server would build this index with parallel workers.
bool would_be_parallel(Relation heap, Relation index) {
  return max_parallel_maintenance_workers > 0 &&
         plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index)) > 0;
}

}  // namespace

IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info) {
  return guarded([=] {
    const Shape shape = pg_call([=] { return shape_for_build(index); });
    const MemoryContext context = pg_call([] {
      return AllocSetContextCreate(CurrentMemoryContext, "hnsw build", ALLOCSET_DEFAULT_SIZES);
    });
    const bool parallel = pg_call([=] { return would_be_parallel(heap, index); });
    const MemoryContext before = MemoryContextSwitchTo(context);
    double heap_tuples = 0;
    double index_tuples = 0;
    {
      Build build(index, shape, parallel);
      MemoryContextSwitchTo(before);
      heap_tuples = pg_call([&] {
        pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseLoading);
        return table_index_build_scan(heap, index, info, true, true, add_row, &build, nullptr);
      });
      build.finish();
      index_tuples = build.tuples();
    }
    return pg_call([&] {
      MemoryContextDelete(context);
      if (RelationNeedsWAL(index)) {
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
      }
      auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
      result->heap_tuples = heap_tuples;
      result->index_tuples = index_tuples;
      return result;
    });
  });
}

void build_empty(Relation index) {
  guarded([=] { pg_call([=] { write_empty(index, shape_for_build(index), INIT_FORKNUM); }); });
}

}  // namespace vec::pg::hnsw

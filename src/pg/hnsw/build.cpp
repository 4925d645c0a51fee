// pg/hnsw/build.cpp
//
// CREATE INDEX and REINDEX.  Rows are collected and linked in bulk (core/hnsw/bulk), or inserted
// into a graph in memory where that is cheaper; the graph is written page by page.  When memory is
// used up, a build in bulk goes on with temporary files (core/hnsw/bulk/spilled_build.h); the other
// inserts into the pages, as INSERT would.  Parallel workers read and code rows, and help with the
// links (parallel_build.h).

#include <memory>
#include <optional>

#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/bulk/spilled_build.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/reconnect.h"
#include "core/rng.h"
#include "pg/hnsw/access_method.h"
#include "pg/hnsw/build_phases.h"
#include "pg/hnsw/graph_writer.h"
#include "pg/hnsw/parallel_build.h"
#include "pg/hnsw/store.h"
#include "pg/hnsw/temp_files.h"
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
  /// parallel   the server would build with workers
  /// workers    those that were started
  Build(Relation index, const Shape& shape, bool parallel, const Workers& workers)
      : index_(index),
        shape_(shape),
        workers_(workers),
        budget_(parallel),
        memory_(CurrentMemoryContext),
        temp_files_(CurrentMemoryContext),
        row_memory_(pg_call([] {
          return AllocSetContextCreate(CurrentMemoryContext, "hnsw build row",
                                       ALLOCSET_DEFAULT_SIZES);
        })),
        value_(shape.format, "hnsw"),
        graph_(
            std::make_unique<MemoryGraph>(shape.format, shape.params, &memory_, check_interrupts)) {
    if (vec::hnsw::bulk::pays(shape.format)) collector_.emplace(*graph_, memory_.resource());
    watch_.interrupt = check_interrupts;
  }

  /// Takes in one row of the table.
  void add(ItemPointer tid, Datum datum) {
    const MemoryContext before = MemoryContextSwitchTo(row_memory_);
    if (value_.set(datum)) insert(to_row(tid), value_.code(), [this] { return value_.query(); });
    MemoryContextSwitchTo(before);
    MemoryContextReset(row_memory_);
    if (receiver_ && ++own_rows_ % kBetweenLooks == 0) receive();
  }

  /// Opens the queues from the workers.
  void listen() { receiver_.emplace(receiver_of(workers_)); }

  /// Takes in what the workers have yet to send.
  void receive_all() {
    while (receive()) RowReceiver::wait();
    receiver_.reset();
    pg_call([this] {
      ereport(DEBUG1, (errmsg("leader processed %lld tuples", static_cast<long long>(own_rows_))));
    });
  }

  /// Links and writes what is not written yet.
  void finish() {
    std::optional<ProcessTeam> team;
    if (workers_.running()) team.emplace(workers_);
    if (spilled_) {
      write_spilled(team ? &*team : nullptr);
    } else if (graph_ != nullptr) {
      write(team ? &*team : nullptr);
    }
    if (team) team->close();
    if (store_ != nullptr) {
      ContextMemory memory(row_memory_);
      vec::hnsw::reconnect(*store_, memory.resource());
    }
  }

  double tuples() const { return tuples_; }

 private:
  static constexpr std::size_t kBetweenLooks = 64;

  /// Takes in what has arrived from workers; false if no more will come.
  bool receive() {
    const MemoryContext before = MemoryContextSwitchTo(row_memory_);
    const bool more =
        receiver_->receive([this](vec::hnsw::RowId row, std::span<const std::byte> code) {
          insert(row, code, [&] { return vec::codes::Query::of_code(shape_.format, code.data()); });
        });
    MemoryContextSwitchTo(before);
    MemoryContextReset(row_memory_);
    return more;
  }

  /// Links what is in memory, and writes it.
  void write(vec::hnsw::bulk::Team* team) {
    if (collector_) {
      collector_->finish(watch_, team);
      collector_.reset();
    } else {
      ContextMemory memory(row_memory_);
      vec::hnsw::reconnect(*graph_, memory.resource());
    }
    write_graph(index_, *graph_);
    graph_.reset();
  }

  /// Links what is in temporary files, and writes it.
  void write_spilled(vec::hnsw::bulk::Team* team) {
    GraphWriter writer(index_, shape_);
    writer.finish(spilled_->finish(watch_, team, writer));
    open_store();
    ContextMemory memory(row_memory_);
    spilled_->insert_copies(*store_, memory.resource());
    spilled_.reset();
  }

  /// From here on the graph is in the index.
  void open_store() {
    const Shape shape = pg_call([this] { return shape_of(index_); });
    store_ = std::make_unique<Store>(index_, shape, false);
  }

  /// make_query   makes one for what `code` is the code of
  template <class MakeQuery>
  void insert(vec::hnsw::RowId row, std::span<const std::byte> code, MakeQuery make_query) {
    if (graph_ != nullptr) make_room();
    insert_coded(row, code, make_query);
    ++tuples_;
    pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(tuples_));
  }

  template <class MakeQuery>
  void insert_coded(vec::hnsw::RowId row, std::span<const std::byte> code, MakeQuery make_query) {
    if (collector_) {
      collector_->add(code, row);
      return;
    }
    if (spilled_) {
      spilled_->add(code, row);
      return;
    }
    const vec::codes::Query query = make_query();
    const int level = vec::hnsw::draw_level(rng_.uniform(), shape_.params.m);
    ContextMemory memory(row_memory_);
    std::pmr::memory_resource* const searches = memory.resource();
    if (graph_ != nullptr) {
      vec::hnsw::insert(*graph_, query, code, row, level, scratch_, searches);
    } else {
      vec::hnsw::insert(*store_, query, code, row, level, scratch_, searches);
    }
  }

  /// Bytes that the build takes, and those that it will take to link what is there.
  std::size_t bytes() const {
    if (!collector_) return graph_->bytes();
    // Workers see a copy of the codes.
    const std::size_t copies =
        workers_.running() ? std::size_t{graph_->node_count()} * shape_.format.code_bytes : 0;
    return collector_->bytes() + copies;
  }

  /// Goes over to temporary files, or to the pages, if memory is used up.
  void make_room() {
    if (!told_ && budget_.exceeded_by(bytes())) {
      told_ = true;
      pg_call([this] {
        ereport(NOTICE,
                (errmsg("hnsw graph no longer fits into maintenance_work_mem after %lld tuples",
                        static_cast<long long>(tuples_)),
                 errdetail("Building will take significantly more time."),
                 errhint("Increase maintenance_work_mem to speed up builds.")));
      });
    }
    if (static_cast<double>(bytes()) < maintenance_work_mem * 1024.0) return;
    if (collector_) {
      spill();
      return;
    }
    write(nullptr);
    open_store();
  }

  /// Moves the rows that were collected to a temporary file, where later ones go, too.
  void spill() {
    spilled_.emplace(shape_.format, shape_.params,
                     static_cast<std::size_t>(maintenance_work_mem) * 1024, temp_files_,
                     memory_.resource());
    collector_->for_each_row([this](std::span<const std::byte> code, vec::hnsw::RowId row) {
      spilled_->add(code, row);
    });
    collector_.reset();
    graph_.reset();
  }

  Relation index_;
  Shape shape_;
  const Workers& workers_;
  std::optional<RowReceiver> receiver_;
  std::size_t own_rows_ = 0;
  Budget budget_;
  ContextMemory memory_;
  TempFiles temp_files_;
  MemoryContext row_memory_;
  vec::hnsw::bulk::Watch watch_;
  RowValue value_;
  Rng rng_{0x5EED};
  vec::hnsw::InsertScratch scratch_;
  std::unique_ptr<MemoryGraph> graph_;                    // null once memory was used up
  std::optional<vec::hnsw::bulk::Collector> collector_;   // of graph_, if that is linked in bulk
  std::optional<vec::hnsw::bulk::SpilledBuild> spilled_;  // from then on, if it was
  std::unique_ptr<Store> store_;                          // once the graph is in the index
  double tuples_ = 0;
  bool told_ = false;
};

void add_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state) {
  if (is_null[0]) return;
  guarded([=] { static_cast<Build*>(state)->add(tid, values[0]); });
}

/// How many workers the server would have build this index.
int workers_wanted(Relation heap, Relation index) {
  if (max_parallel_maintenance_workers == 0) return 0;
  if (plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index)) == 0) return 0;
  const int wanted = RelationGetParallelWorkers(heap, -1);
  return wanted < 0 ? max_parallel_maintenance_workers
                    : std::min(wanted, max_parallel_maintenance_workers);
}

}  // namespace

IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info) {
  return guarded([=] {
    const Shape shape = pg_call([=] { return shape_for_build(index); });
    const MemoryContext context = pg_call([] {
      return AllocSetContextCreate(CurrentMemoryContext, "hnsw build", ALLOCSET_DEFAULT_SIZES);
    });
    const int wanted = pg_call([=] { return workers_wanted(heap, index); });
    const Workers none{};
    Workers workers = pg_call([&] {
      pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, kPhaseLoading);
      return wanted == 0 ? none : start_workers(heap, index, info->ii_Concurrent, wanted);
    });
    const MemoryContext before = MemoryContextSwitchTo(context);
    double heap_tuples = 0;
    double index_tuples = 0;
    {
      Build build(index, shape, wanted > 0, workers);
      MemoryContextSwitchTo(before);
      if (workers.running()) build.listen();
      heap_tuples = pg_call([&] {
        const TableScanDesc part =
            workers.running() ? leader_part(workers.processes, heap) : nullptr;
        return table_index_build_scan(heap, index, info, true, true, add_row, &build, part);
      });
      if (workers.running()) {
        build.receive_all();
        heap_tuples += heap_rows_of(workers);
      }
      build.finish();
      index_tuples = build.tuples();
    }
    return pg_call([&] {
      if (workers.running()) end_workers(workers);
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

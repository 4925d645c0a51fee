// pg/ivf/build.cpp
//
// CREATE INDEX and REINDEX of ivfflat: centers from a sample, every row to its list, the lists
// written one after the other.

#include "core/ivf/kmeans.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/build_phases.h"
#include "pg/ivf/entry_runs.h"
#include "pg/ivf/list_writer.h"
#include "pg/ivf/loader.h"
#include "pg/ivf/parallel_build.h"
#include "pg/ivf/sample.h"
#include "pg/memory.h"

namespace vec::pg::ivf {

namespace {

using vec::ivf::CenterCodes;

void check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) pg_call([] { CHECK_FOR_INTERRUPTS(); });
}

void report(int parameter, int64 value) {
  pg_call([=] { pgstat_progress_update_param(parameter, value); });
}

struct Counts {
  double heap_rows;
  double entries;
};

/// The centers of an index on that table; random ones if there is no table.
CenterCodes make_centers(Relation heap, Relation index, IndexInfo* info, const Shape& shape,
                         std::pmr::memory_resource* memory) {
  Rng rng(0x5EED);
  vec::ivf::Samples samples(shape.format, memory);
  if (heap != nullptr) {
    sample_rows(heap, index, info, shape, rng, samples);
    if (samples.size() < shape.layout.lists()) {
      pg_call([] {
        ereport(NOTICE, (errmsg("ivfflat index created with little data"),
                         errdetail("This will cause low recall."),
                         errhint("Drop the index until the table has more data.")));
      });
    }
  }
  return vec::ivf::train(samples, shape.layout.lists(), rng, check_interrupts, memory);
}

/// Writes all lists.  Returns the number of entries.
std::size_t write_lists(Relation index, const Shape& shape, RunReader& runs, double total) {
  report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseLoading);
  report(PROGRESS_CREATEIDX_TUPLES_TOTAL, static_cast<int64>(total));
  ListWriter writer(index, shape);
  for (ListNo list = 0; list < shape.layout.lists(); ++list) {
    writer.begin(list);
    runs.read(list, [&](RowId row, std::span<const std::byte> code) {
      writer.add(vec::ivf::whole_entry(shape.format, row, code));
    });
    writer.end();
    report(PROGRESS_CREATEIDX_TUPLES_DONE, static_cast<int64>(writer.entry_count()));
  }
  writer.finish();
  return writer.entry_count();
}

Counts load_and_write(Relation heap, Relation index, IndexInfo* info, const Shape& shape,
                      const CenterCodes& centers, std::pmr::memory_resource* memory) {
  report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseAssigning);
  // Up to version 16 the server asks this for btree only.
  const Workers none{};
  Workers workers = pg_call([&] {
    const int wanted = plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));
    return wanted == 0 ? none : start_workers(heap, index, info->ii_Concurrent, wanted, centers);
  });
  if (workers.running()) {
    Loader leader(shape, centers, leader_memory(workers), leader_files(workers), memory);
    load_with_workers(workers, leader, heap, index, info);
    const Loaded loaded = loaded_by(workers);
    RunReader reader(loaded.files, loaded.files_of_participant, leader.runs(), memory);
    const std::size_t entries = write_lists(index, shape, reader, loaded.entries);
    reader.close();
    const Counts counts{loaded.heap_rows, static_cast<double>(entries)};
    pg_call([&] { end_workers(workers.processes); });
    return counts;
  }
  Loader loader(shape, centers, static_cast<std::size_t>(maintenance_work_mem) * 1024, {nullptr, 0},
                memory);
  const double heap_rows = loader.load(heap, index, info, true, nullptr);
  loader.runs().finish(false);
  RunReader reader(loader.runs(), memory);
  const std::size_t entries =
      write_lists(index, shape, reader, static_cast<double>(loader.entry_count()));
  reader.close();
  return {heap_rows, static_cast<double>(entries)};
}

/// Runs body(memory resource), which returns a T, in a memory context of its own.
template <class Body>
auto with_memory(Body body) {
  const MemoryContext context = pg_call([] {
    return AllocSetContextCreate(CurrentMemoryContext, "ivfflat build", ALLOCSET_DEFAULT_SIZES);
  });
  const MemoryContext before = MemoryContextSwitchTo(context);
  const auto result = [&] {
    ContextMemory memory(context);
    return body(&memory);
  }();
  MemoryContextSwitchTo(before);
  pg_call([context] { MemoryContextDelete(context); });
  return result;
}

}  // namespace

template <>
IndexBuildResult* build<Method::kIvfflat>(Relation heap, Relation index, IndexInfo* info) {
  return guarded([=] {
    const Shape shape = pg_call([=] { return shape_for_build(index, Method::kIvfflat); });
    report(PROGRESS_CREATEIDX_SUBPHASE, kPhaseKmeans);
    const Counts counts = with_memory([&](std::pmr::memory_resource* memory) {
      const CenterCodes centers = make_centers(heap, index, info, shape, memory);
      write_head(index, MAIN_FORKNUM, shape, centers);
      return load_and_write(heap, index, info, shape, centers, memory);
    });
    return pg_call([&] {
      if (RelationNeedsWAL(index)) {
        log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
      }
      auto* result = static_cast<IndexBuildResult*>(palloc0(sizeof(IndexBuildResult)));
      result->heap_tuples = counts.heap_rows;
      result->index_tuples = counts.entries;
      return result;
    });
  });
}

template <>
void build_empty<Method::kIvfflat>(Relation index) {
  guarded([=] {
    const Shape shape = pg_call([=] { return shape_for_build(index, Method::kIvfflat); });
    with_memory([&](std::pmr::memory_resource* memory) {
      const CenterCodes centers = make_centers(nullptr, index, nullptr, shape, memory);
      write_head(index, INIT_FORKNUM, shape, centers);
      return 0;
    });
  });
}

}  // namespace vec::pg::ivf

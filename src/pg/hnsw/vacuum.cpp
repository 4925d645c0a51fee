// pg/hnsw/vacuum.cpp

#include "core/hnsw/vacuum.h"

#include "pg/hnsw/access_method.h"
#include "pg/hnsw/store.h"
#include "pg/memory.h"

namespace vec::pg::hnsw {

namespace {

/// As much memory as this vacuum may take, by the rule that the server's own methods follow.
std::size_t vacuum_memory() {
#if PG_VERSION_NUM >= 170000
  const bool automatic = AmAutoVacuumWorkerProcess();
#else
  const bool automatic = IsAutoVacuumWorkerProcess();
#endif
  const int kilobytes =
      automatic && autovacuum_work_mem != -1 ? autovacuum_work_mem : maintenance_work_mem;
  return static_cast<std::size_t>(kilobytes) * 1024;
}

}  // namespace

IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback is_dead, void* state) {
  return guarded([=]() mutable {
    if (stats == nullptr) {
      stats = pg_call([] {
        return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
      });
    }
    stats->num_index_tuples = 0;
    ContextMemory memory(CurrentMemoryContext);
    Store store(info->index);
    vec::hnsw::remove_dead(store, DeadRows{is_dead, state, stats, vacuum_memory()}, &memory);
    return stats;
  });
}

IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
  return guarded([=] {
    // Without a bulk_delete there is nothing to clean and nothing new to report.
    if (info->analyze_only || stats == nullptr) return stats;
    stats->num_pages = pg_call([=] { return RelationGetNumberOfBlocks(info->index); });
    return stats;
  });
}

}  // namespace vec::pg::hnsw

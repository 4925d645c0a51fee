// pg/ivf/vacuum.cpp

#include "core/ivf/vacuum.h"

#include "pg/ivf/access_method.h"
#include "pg/ivf/store.h"

namespace vec::pg::ivf {

template <Method kMethod>
IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback is_dead, void* state) {
  return guarded([=]() mutable {
    if (stats == nullptr) {
      stats = pg_call([] {
        return static_cast<IndexBulkDeleteResult*>(palloc0(sizeof(IndexBulkDeleteResult)));
      });
    }
    Store store(info->index, kMethod);
    const Swept swept = vec::ivf::remove_dead(store, DeadRows{is_dead, state});
    stats->tuples_removed += static_cast<double>(swept.removed);
    stats->num_index_tuples = static_cast<double>(swept.left);
    return stats;
  });
}

template IndexBulkDeleteResult* bulk_delete<Method::kIvfflat>(IndexVacuumInfo*,
                                                              IndexBulkDeleteResult*,
                                                              IndexBulkDeleteCallback, void*);
template IndexBulkDeleteResult* bulk_delete<Method::kFlat>(IndexVacuumInfo*, IndexBulkDeleteResult*,
                                                           IndexBulkDeleteCallback, void*);

IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats) {
  return guarded([=] {
    // Without a bulk_delete there is nothing to clean and nothing new to report.
    if (info->analyze_only || stats == nullptr) return stats;
    stats->num_pages = pg_call([=] { return RelationGetNumberOfBlocks(info->index); });
    return stats;
  });
}

}  // namespace vec::pg::ivf

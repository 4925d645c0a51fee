// pg/ivf/access_method.h
//
// The callbacks of ivfflat and flat, one file each.  Those that must know which it is are
// templates, defined for both.

#ifndef VEC_PG_IVF_ACCESS_METHOD_H_
#define VEC_PG_IVF_ACCESS_METHOD_H_

#include "pg/ivf/index.h"
#include "pg/pg.h"

namespace vec::pg::ivf {

template <Method kMethod>
IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info);
template <Method kMethod>
void build_empty(Relation index);

// build.cpp
template <>
IndexBuildResult* build<Method::kIvfflat>(Relation heap, Relation index, IndexInfo* info);
template <>
void build_empty<Method::kIvfflat>(Relation index);

// build_flat.cpp
template <>
IndexBuildResult* build<Method::kFlat>(Relation heap, Relation index, IndexInfo* info);
template <>
void build_empty<Method::kFlat>(Relation index);

// insert.cpp
template <Method kMethod>
bool insert(Relation index, Datum* values, bool* is_null, ItemPointer tid, Relation heap,
            IndexUniqueCheck check, bool unchanged, IndexInfo* info);

// vacuum.cpp
template <Method kMethod>
IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback is_dead, void* state);
IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);

// cost.cpp
template <Method kMethod>
void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages);
template <>
void estimate_cost<Method::kIvfflat>(PlannerInfo* root, IndexPath* path, double loop_count,
                                     Cost* startup, Cost* total, Selectivity* selectivity,
                                     double* correlation, double* pages);
template <>
void estimate_cost<Method::kFlat>(PlannerInfo* root, IndexPath* path, double loop_count,
                                  Cost* startup, Cost* total, Selectivity* selectivity,
                                  double* correlation, double* pages);

// scan.cpp
template <Method kMethod>
IndexScanDesc begin_scan(Relation index, int keys, int order_keys);
void rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_keys,
            int order_key_count);
bool get_tuple(IndexScanDesc scan, ScanDirection direction);
void end_scan(IndexScanDesc scan);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_ACCESS_METHOD_H_

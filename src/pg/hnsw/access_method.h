// pg/hnsw/access_method.h
//
// The callbacks of the access method, one file each.

#ifndef VEC_PG_HNSW_ACCESS_METHOD_H_
#define VEC_PG_HNSW_ACCESS_METHOD_H_

#include "pg/pg.h"
#include "vector/halfvec.h"
#include "vector/sparsevec.h"
#include "vector/vector.h"

namespace vec::pg::hnsw {

// build.cpp
IndexBuildResult* build(Relation heap, Relation index, IndexInfo* info);
void build_empty(Relation index);

// insert.cpp
bool insert(Relation index, Datum* values, bool* is_null, ItemPointer tid, Relation heap,
            IndexUniqueCheck check, bool unchanged, IndexInfo* info);

// vacuum.cpp
IndexBulkDeleteResult* bulk_delete(IndexVacuumInfo* info, IndexBulkDeleteResult* stats,
                                   IndexBulkDeleteCallback is_dead, void* state);
IndexBulkDeleteResult* vacuum_cleanup(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);

// cost.cpp
void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages);

// scan.cpp
IndexScanDesc begin_scan(Relation index, int keys, int order_keys);
void rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_keys,
            int order_key_count);
bool get_tuple(IndexScanDesc scan, ScanDirection direction);
void end_scan(IndexScanDesc scan);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_ACCESS_METHOD_H_

// pg/hnsw/handler.cpp
//
// The access method's table of callbacks.

#include "pg/am_routine.h"
#include "pg/boundary.h"
#include "pg/hnsw/access_method.h"
#include "pg/hnsw/build_phases.h"
#include "pg/hnsw/settings.h"

namespace vec::pg::hnsw {
namespace {

constexpr int kSupportFunctions = 3;  // distance, norm, type

IndexAmRoutine* routine() {
  IndexAmRoutine* routine = new_am_routine(kSupportFunctions);
  routine->amusemaintenanceworkmem = true;  // vacuum.cpp
  routine->ambuild = build;
  routine->ambuildempty = build_empty;
  routine->aminsert = insert;
  routine->ambulkdelete = bulk_delete;
  routine->amvacuumcleanup = vacuum_cleanup;
  routine->amcostestimate = estimate_cost;
  routine->amoptions = parse_options;
  routine->ambuildphasename = build_phase_name;
  routine->amvalidate = [](Oid) { return true; };
  routine->ambeginscan = begin_scan;
  routine->amrescan = rescan;
  routine->amgettuple = get_tuple;
  routine->amendscan = end_scan;
  return routine;
}

}  // namespace
}  // namespace vec::pg::hnsw

VEC_FUNCTION(hnswhandler) {
  return vec::pg::pg_call([] { return PointerGetDatum(vec::pg::hnsw::routine()); });
}

// The type functions tell an index what it indexes.  Only the index calls them, and only their
// presence in an operator class means anything.
VEC_FUNCTION(hnsw_halfvec_support) { return PointerGetDatum(nullptr); }
VEC_FUNCTION(hnsw_bit_support) { return PointerGetDatum(nullptr); }
VEC_FUNCTION(hnsw_sparsevec_support) { return PointerGetDatum(nullptr); }

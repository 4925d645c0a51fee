// pg/ivf/handler.cpp
//
// The access methods' tables of callbacks.

#include "pg/am_routine.h"
#include "pg/boundary.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/build_phases.h"
#include "pg/ivf/settings.h"

namespace vec::pg::ivf {
namespace {

// distance, norm, k-means distance, k-means norm, type
constexpr int kIvfflatSupportFunctions = 5;
// distance, norm
constexpr int kFlatSupportFunctions = 2;

template <Method kMethod>
IndexAmRoutine* new_routine(int support_functions) {
  IndexAmRoutine* routine = new_am_routine(support_functions);
  routine->ambuild = build<kMethod>;
  routine->ambuildempty = build_empty<kMethod>;
  routine->aminsert = insert<kMethod>;
  routine->ambulkdelete = bulk_delete<kMethod>;
  routine->amvacuumcleanup = vacuum_cleanup;
  routine->amcostestimate = estimate_cost<kMethod>;
  routine->amvalidate = [](Oid) { return true; };
  routine->ambeginscan = begin_scan<kMethod>;
  routine->amrescan = rescan;
  routine->amgettuple = get_tuple;
  routine->amendscan = end_scan;
  return routine;
}

IndexAmRoutine* ivfflat_routine() {
  IndexAmRoutine* routine = new_routine<Method::kIvfflat>(kIvfflatSupportFunctions);
  routine->amoptions = parse_options;
  routine->ambuildphasename = build_phase_name;
  return routine;
}

IndexAmRoutine* flat_routine() {
  IndexAmRoutine* routine = new_routine<Method::kFlat>(kFlatSupportFunctions);
  routine->amoptions = parse_no_options;
#if PG_VERSION_NUM >= 170000
  routine->amcanbuildparallel = false;
#endif
  return routine;
}

}  // namespace
}  // namespace vec::pg::ivf

VEC_FUNCTION(ivfflathandler) {
  return vec::pg::pg_call([] { return PointerGetDatum(vec::pg::ivf::ivfflat_routine()); });
}

VEC_FUNCTION(flathandler) {
  return vec::pg::pg_call([] { return PointerGetDatum(vec::pg::ivf::flat_routine()); });
}

// The type functions tell an index what it indexes.  Only the index calls them, and only their
// presence in an operator class means anything.
VEC_FUNCTION(ivfflat_halfvec_support) { return PointerGetDatum(nullptr); }
VEC_FUNCTION(ivfflat_bit_support) { return PointerGetDatum(nullptr); }

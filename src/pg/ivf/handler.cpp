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

constexpr int kSupportFunctions = 5;  // distance, norm, k-means distance, k-means norm, type

IndexAmRoutine* routine() {
  IndexAmRoutine* routine = new_am_routine(kSupportFunctions);
  routine->ambuild = build<Method::kIvfflat>;
  routine->ambuildempty = build_empty<Method::kIvfflat>;
  routine->aminsert = insert<Method::kIvfflat>;
  routine->ambulkdelete = bulk_delete<Method::kIvfflat>;
  routine->amvacuumcleanup = vacuum_cleanup;
  routine->amcostestimate = estimate_cost;
  routine->amoptions = parse_options;
  routine->ambuildphasename = build_phase_name;
  routine->amvalidate = [](Oid) { return true; };
  routine->ambeginscan = begin_scan<Method::kIvfflat>;
  routine->amrescan = rescan;
  routine->amgettuple = get_tuple;
  routine->amendscan = end_scan;
  return routine;
}

}  // namespace
}  // namespace vec::pg::ivf

VEC_FUNCTION(ivfflathandler) {
  return vec::pg::pg_call([] { return PointerGetDatum(vec::pg::ivf::routine()); });
}

// The type functions tell an index what it indexes.  Only the index calls them, and only their
// presence in an operator class means anything.
VEC_FUNCTION(ivfflat_halfvec_support) { return PointerGetDatum(nullptr); }
VEC_FUNCTION(ivfflat_bit_support) { return PointerGetDatum(nullptr); }

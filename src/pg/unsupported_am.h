// pg/unsupported_am.h
//
// An access method whose catalog entries exist before it does: every use says "not yet
// supported", and the planner never chooses it.

#ifndef VEC_PG_UNSUPPORTED_AM_H_
#define VEC_PG_UNSUPPORTED_AM_H_

#include <limits>

#include "pg/am_routine.h"
#include "pg/pg.h"

namespace vec::pg {

template <const char* kName>
[[noreturn]] void raise_unsupported() {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("access method \"%s\" is not yet supported", kName)));
  pg_unreachable();
}

/// C-like: may ereport, as every callback it sets.
template <const char* kName>
IndexAmRoutine* unsupported_am_routine(int support_functions) {
  IndexAmRoutine* routine = new_am_routine(support_functions);
  routine->ambuild = [](Relation, Relation, IndexInfo*) -> IndexBuildResult* {
    raise_unsupported<kName>();
  };
  routine->ambuildempty = [](Relation) { raise_unsupported<kName>(); };
  routine->aminsert = [](Relation, Datum*, bool*, ItemPointer, Relation, IndexUniqueCheck, bool,
                         IndexInfo*) -> bool { raise_unsupported<kName>(); };
  routine->ambulkdelete = [](IndexVacuumInfo*, IndexBulkDeleteResult*, IndexBulkDeleteCallback,
                             void*) -> IndexBulkDeleteResult* { raise_unsupported<kName>(); };
  routine->amvacuumcleanup = [](IndexVacuumInfo*,
                                IndexBulkDeleteResult* stats) -> IndexBulkDeleteResult* {
    return stats;
  };
  routine->amcostestimate = [](PlannerInfo*, IndexPath*, double, Cost* startup, Cost* total,
                               Selectivity* selectivity, double* correlation, double* pages) {
    *startup = *total = std::numeric_limits<double>::infinity();
    *selectivity = 0;
    *correlation = 0;
    *pages = 0;
  };
  routine->amoptions = [](Datum, bool) -> bytea* { return nullptr; };
  routine->amvalidate = [](Oid) { return true; };
  routine->ambeginscan = [](Relation, int, int) -> IndexScanDesc { raise_unsupported<kName>(); };
  routine->amrescan = [](IndexScanDesc, ScanKey, int, ScanKey, int) {
    raise_unsupported<kName>();
  };
  routine->amgettuple = [](IndexScanDesc, ScanDirection) -> bool { raise_unsupported<kName>(); };
  routine->amendscan = [](IndexScanDesc) {};
  return routine;
}

}  // namespace vec::pg

#endif  // VEC_PG_UNSUPPORTED_AM_H_

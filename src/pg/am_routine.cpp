#include "pg/am_routine.h"

namespace vec::pg {

IndexAmRoutine* new_am_routine(int support_functions) {
  IndexAmRoutine* routine = makeNode(IndexAmRoutine);
  routine->amstrategies = 0;
  routine->amsupport = static_cast<uint16>(support_functions);
  routine->amoptsprocnum = 0;
  routine->amcanorder = false;
#if PG_VERSION_NUM >= 180000
  routine->amcanhash = false;
  routine->amconsistentequality = false;
  routine->amconsistentordering = false;
#endif
  routine->amcanorderbyop = true;
  routine->amcanbackward = false;
  routine->amcanunique = false;
  routine->amcanmulticol = false;
  routine->amoptionalkey = true;
  routine->amsearcharray = false;
  routine->amsearchnulls = false;
  routine->amstorage = false;
  routine->amclusterable = false;
  routine->ampredlocks = false;
  routine->amcanparallel = false;
#if PG_VERSION_NUM >= 170000
  routine->amcanbuildparallel = true;
#endif
  routine->amcaninclude = false;
  routine->amusemaintenanceworkmem = false;
#if PG_VERSION_NUM >= 160000
  routine->amsummarizing = false;
#endif
  routine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
  routine->amkeytype = InvalidOid;
  return routine;
}

}  // namespace vec::pg

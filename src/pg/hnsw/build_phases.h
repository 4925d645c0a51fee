// pg/hnsw/build_phases.h
//
// What pg_stat_progress_create_index shows.

#ifndef VEC_PG_HNSW_BUILD_PHASES_H_
#define VEC_PG_HNSW_BUILD_PHASES_H_

#include "pg/pg.h"

namespace vec::pg::hnsw {

inline constexpr int64 kPhaseLoading = PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE + 1;

/// ambuildphasename.
inline char* build_phase_name(int64 phase) {
  switch (phase) {
    case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
      return pstrdup("initializing");
    case kPhaseLoading:
      return pstrdup("loading tuples");
    default:
      return nullptr;
  }
}

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_BUILD_PHASES_H_

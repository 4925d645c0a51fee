// pg/ivf/build_phases.h
//
// What pg_stat_progress_create_index shows.

#ifndef VEC_PG_IVF_BUILD_PHASES_H_
#define VEC_PG_IVF_BUILD_PHASES_H_

#include "pg/pg.h"

namespace vec::pg::ivf {

inline constexpr int64 kPhaseKmeans = PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE + 1;
inline constexpr int64 kPhaseAssigning = kPhaseKmeans + 1;
inline constexpr int64 kPhaseLoading = kPhaseAssigning + 1;

/// ambuildphasename.
inline char* build_phase_name(int64 phase) {
  switch (phase) {
    case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
      return pstrdup("initializing");
    case kPhaseKmeans:
      return pstrdup("performing k-means");
    case kPhaseAssigning:
      return pstrdup("assigning tuples");
    case kPhaseLoading:
      return pstrdup("loading tuples");
    default:
      return nullptr;
  }
}

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_BUILD_PHASES_H_

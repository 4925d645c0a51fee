// pg/hnsw/settings.h
//
// hnsw.* settings and WITH (...) options.

#ifndef VEC_PG_HNSW_SETTINGS_H_
#define VEC_PG_HNSW_SETTINGS_H_

#include "pg/pg.h"

namespace vec::pg::hnsw {

enum IterativeScan { kIterativeOff, kIterativeRelaxed, kIterativeStrict };

extern int ef_search;
extern int iterative_scan;
extern int max_scan_tuples;
extern double scan_mem_multiplier;

/// Defines the settings and the options.  Called once, when the library is loaded.
void define_settings();

/// amoptions.
bytea* parse_options(Datum reloptions, bool validate);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_SETTINGS_H_

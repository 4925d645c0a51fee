// pg/ivf/settings.h
//
// ivfflat.* settings and WITH (...) options.

#ifndef VEC_PG_IVF_SETTINGS_H_
#define VEC_PG_IVF_SETTINGS_H_

#include "pg/pg.h"

namespace vec::pg::ivf {

enum IterativeScan { kIterativeOff, kIterativeRelaxed };

extern int probes;
extern int iterative_scan;
extern int max_probes;

/// Defines the settings and the options.  Called once, when the library is loaded.
void define_settings();

/// amoptions of ivfflat, and of flat, which has none.
bytea* parse_options(Datum reloptions, bool validate);
bytea* parse_no_options(Datum reloptions, bool validate);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_SETTINGS_H_

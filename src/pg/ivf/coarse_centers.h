// pg/ivf/coarse_centers.h
//
// A backend's copy of an index's centers, a byte a dimension, so that a scan need not read them
// all: most cannot be near, and that is seen from a quarter of the bytes, side by side.
//
// The copy is in what a backend keeps of an index (kept.h).

#ifndef VEC_PG_IVF_COARSE_CENTERS_H_
#define VEC_PG_IVF_COARSE_CENTERS_H_

#include "pg/ivf/store.h"

namespace vec::pg::ivf {

/// The codes of all lists' centers in that format, side by side; null if they are not kept: a
/// backend that looks into the index once or twice does not make them, nor are they made if they
/// would be large.  Good until PostgreSQL is called that may look at other backends' messages.
const std::byte* coarse_centers(Pages& pages, const codes::Format& coarse);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_COARSE_CENTERS_H_

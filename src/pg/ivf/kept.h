// pg/ivf/kept.h
//
// What a backend keeps of an index beyond a scan or an insertion: its shape, so that the meta page
// is read once, and its centers as codes (coarse_centers.h), neither of which changes after the
// build; and how many rows scans want of it.
//
// It hangs on the relation's cache entry (rd_amcache), which PostgreSQL empties whenever the index
// might be another one.  So pointers to it are good until PostgreSQL is called that may look at
// other backends' messages.

#ifndef VEC_PG_IVF_KEPT_H_
#define VEC_PG_IVF_KEPT_H_

#include "pg/ivf/index.h"

namespace vec::pg::ivf {

/// `center_bytes` of codes follow.
struct Kept {
  Shape shape;
  uint32 uses;  // of the centers, before they were kept
  uint32 center_bytes;
  uint32 rows_wanted;  // by the last scan: a guess at what the next one wants

  std::byte* centers() { return reinterpret_cast<std::byte*>(this + 1); }
};

/// What is kept of the index; raises what shape_of() does.  C-like.
Kept* kept_of(Relation index, Method method);

/// The same if something is kept already, else null.
inline Kept* kept_already(Relation index) { return static_cast<Kept*>(index->rd_amcache); }

/// Makes room for centers.  C-like.
Kept* keep_centers(Relation index, Method method, std::size_t bytes);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_KEPT_H_

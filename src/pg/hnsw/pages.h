// pg/hnsw/pages.h
//
// C-like functions under the Store: what is done to pages.  All may ereport.

#ifndef VEC_PG_HNSW_PAGES_H_
#define VEC_PG_HNSW_PAGES_H_

#include "pg/hnsw/store.h"

namespace vec::pg::hnsw {

using vec::hnsw::CodeSlot;
using vec::hnsw::ItemPlace;
using vec::hnsw::LinkSlot;
using vec::hnsw::Place;
using vec::hnsw::UpperSlot;

/// A page that is pinned and locked.
struct Held {
  Buffer buffer;
  char* page;  // null if it was never used
};

/// Pins and locks a block that must exist.  A block beyond the end of the index means that
/// whoever named it was damaged.
Held hold(Pages& pages, BlockNumber block, PageKind kind, int lock);

inline void release(const Held& held) { UnlockReleaseBuffer(held.buffer); }

template <class T>
T read_at(const char* page, std::size_t offset) {
  T value;
  std::memcpy(&value, page + offset, sizeof value);
  return value;
}

template <class T>
void write_at(char* page, std::size_t offset, const T& value) {
  std::memcpy(page + offset, &value, sizeof value);
}

/// The slot of `node` on `layer` > 0, or kNoUpper if it has none.
std::uint32_t find_upper(Pages& pages, NodeId node, int layer, LinkSlot* header);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_PAGES_H_

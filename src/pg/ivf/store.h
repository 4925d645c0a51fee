// pg/ivf/store.h
//
// The Store of core/ivf/store.h over PostgreSQL's buffers.  One page is held at a time for reading;
// what is held for writing is in the README's "Locking".

#ifndef VEC_PG_IVF_STORE_H_
#define VEC_PG_IVF_STORE_H_

#include <span>
#include <vector>

#include "core/ivf/store.h"
#include "pg/boundary.h"
#include "pg/ivf/index.h"
#include "pg/remembered_buffers.h"

namespace vec::pg::ivf {

using vec::ivf::Cursor;
using vec::ivf::PageEntries;
using vec::ivf::Swept;

/// What the C-like functions know of the index.
struct Pages {
  Relation index;
  Shape shape;
  RememberedBuffers* remembered;
  BlockNumber block_count;  // as last asked; 0 if it was not
};

/// A page that is pinned and locked.
struct Held {
  Buffer buffer;
  char* page;
};

/// Pins and locks a block that must exist and be of that kind.  C-like.
Held hold(Pages& pages, BlockNumber block, PageKind kind, int lock);

/// The same for a page of that list's entries.
Held hold_entries(Pages& pages, BlockNumber block, ListNo list, int lock);

inline void release(const Held& held) { UnlockReleaseBuffer(held.buffer); }

/// A list's slot in the directory.  C-like.
ListSlot read_slot(Pages& pages, ListNo list);

/// Which rows vacuum takes out.
struct DeadRows {
  IndexBulkDeleteCallback callback;
  void* state;
};

class Store {
 public:
  Store(Relation index, Method method);

  const codes::Format& format() const { return pages_.shape.format; }
  std::uint32_t lists() const { return layout().lists(); }
  const Layout& layout() const { return pages_.shape.layout; }

  // ReadStore
  void score_lists(const codes::Query& query, std::span<const ListNo> lists, float* out);
  bool bound_lists(const codes::Value& value, double* out);
  Cursor open(ListNo list);
  bool read(Cursor& cursor, const codes::Query* query, double limit, PageEntries& out);
  void check_interrupts();

  /// What the last scan of this backend wanted of the index, if that is known; else 0.
  std::size_t rows_wanted() const;
  void remember_wanted(std::size_t rows);

  // WriteStore
  void append(ListNo list, std::span<const std::byte> code, RowId row);

  // VacuumStore
  Swept sweep(ListNo list, const DeadRows& dead);

 private:
  Pages pages_;
};

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_STORE_H_

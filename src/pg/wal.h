// pg/wal.h
//
// How pages of an index are changed: the one place that knows which WAL records that makes.  All of
// it is C-like: it may ereport.
//
//   PageChange change(index, true);
//   char* page = change.edit(buffer);       // or create(): the page starts empty
//   ... write to `page` ...
//   change.commit();
//
// The buffers are pinned and exclusively locked by the caller from before edit() until after
// commit().  A change that is dropped without commit() changes nothing.
//
// The records are those of PostgreSQL's generic resource manager, which any server replays, and
// which pg_waldump, wal_consistency_checking and standbys without this library understand.  They
// are made here and not by GenericXLogFinish(), which compares pages byte by byte: that took up to
// 40 % of an insertion.

#ifndef VEC_PG_WAL_H_
#define VEC_PG_WAL_H_

#include "pg/pg.h"

namespace vec::pg {

/// One at a time.
class PageChange {
 public:
  /// Most pages of one change: a change is atomic after a crash.
  static constexpr int kMaxPages = MAX_GENERIC_XLOG_PAGES;

  /// logged   false while an index is built, which logs all its pages at the end: changes are
  ///          made in place then
  PageChange(Relation index, bool logged) : index_(index), in_place_(!logged) {}

  /// The page as it is, to be written to.
  char* edit(Buffer buffer) { return take(buffer, false); }

  /// The page to be filled anew; logged whole, so that recovery does not need what was there.
  char* create(Buffer buffer) { return take(buffer, true); }

  void commit();

  /// Changes nothing; nothing may have been written.
  void abandon() { count_ = 0; }

 private:
  struct Changed {
    Buffer buffer;
    bool whole;              // logged as an image, not as differences
    std::size_t delta_size;  // of its differences
  };

  char* take(Buffer buffer, bool whole);
  void find_differences(int i);
  void apply(int i) const;

  Relation index_;
  bool in_place_;
  int count_ = 0;
  Changed changed_[kMaxPages];
};

}  // namespace vec::pg

#endif  // VEC_PG_WAL_H_

// pg/wal.h
//
// How pages of an index are changed: the one place that knows which WAL records that makes.
// Generic WAL today.  All of it is C-like: it may ereport.
//
//   PageChange change(index, true);
//   char* page = change.edit(buffer);       // or create(): the page starts empty
//   ... write to `page` ...
//   change.commit();
//
// The buffers are pinned and exclusively locked by the caller from before edit() until after
// commit().  A change that is dropped without commit() changes nothing.

#ifndef VEC_PG_WAL_H_
#define VEC_PG_WAL_H_

#include "pg/pg.h"

namespace vec::pg {

class PageChange {
 public:
  /// Most pages of one change: a change is atomic after a crash.
  static constexpr int kMaxPages = MAX_GENERIC_XLOG_PAGES;

  /// logged   false while an index is built, which logs all its pages at the end: changes are
  ///          made in place then
  PageChange(Relation index, bool logged)
      : state_(logged ? GenericXLogStart(index) : nullptr), count_(0) {}

  /// The page as it is, to be written to.
  char* edit(Buffer buffer) { return take(buffer, 0); }

  /// The page to be filled anew; logged whole, so that recovery does not need what was there.
  char* create(Buffer buffer) { return take(buffer, GENERIC_XLOG_FULL_IMAGE); }

  void commit() {
    if (state_ != nullptr) {
      GenericXLogFinish(state_);
    } else {
      for (int i = 0; i < count_; ++i) MarkBufferDirty(buffers_[i]);
    }
  }

  /// Changes nothing; nothing may have been written.
  void abandon() {
    if (state_ != nullptr) GenericXLogAbort(state_);
  }

 private:
  char* take(Buffer buffer, int flags) {
    if (state_ != nullptr) return GenericXLogRegisterBuffer(state_, buffer, flags);
    buffers_[count_++] = buffer;
    return static_cast<char*>(BufferGetPage(buffer));
  }

  GenericXLogState* state_;
  int count_;
  Buffer buffers_[kMaxPages];
};

}  // namespace vec::pg

#endif  // VEC_PG_WAL_H_

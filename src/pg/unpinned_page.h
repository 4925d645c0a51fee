// pg/unpinned_page.h
//
// Looking at a page in shared buffers without pinning or locking it: nothing is written, so a look
// costs one cache line of the buffer's descriptor, and backends that look at one page do not
// disturb each other.
//
// A buffer may be given to another page at any moment.  Its tag is changed before its contents
// are, so what was read is of the page if the tag was right before and after.  (A buffer that was
// given away and back in between, two reads from disk within one look, goes unnoticed.)  And
// since nothing is locked, what was read may be half of the page before a change and half of the
// page after it.  So this is for readers whom a wrong value leads astray at worst.

#ifndef VEC_PG_UNPINNED_PAGE_H_
#define VEC_PG_UNPINNED_PAGE_H_

#include <type_traits>

#include "pg/pg.h"
#include "pg/remembered_buffers.h"

namespace vec::pg {

/// Looks at the pages of one index that are remembered.  Trivially destructible; nothing here can
/// raise an error.
class UnpinnedPages {
 public:
  UnpinnedPages() = default;
  UnpinnedPages(Relation index, RememberedBuffers* remembered);

  /// Asks the processor for what is to be looked at: prefetch() in remembered_buffers.h.
  void prefetch(const Spot* spots, std::size_t count, std::size_t bytes, Buffer* buffers) const {
    pg::prefetch(remembered_, spots, count, bytes, PageUse::kLook, buffers);
  }
  void prefetch(Spot spot, std::size_t bytes) const {
    Buffer buffer;
    prefetch(&spot, 1, bytes, &buffer);
  }

  /// Where the block is supposed to be; InvalidBuffer if that is not known.
  Buffer buffer_of(BlockNumber block) const { return remembered_->recall(block); }

  /// The page, if there is a shared buffer and it still holds that block; else null.  What is read
  /// from it counts only if still_there() says so afterwards.
  const char* look(Buffer buffer, BlockNumber block) {
#ifdef USE_VALGRIND
    return nullptr;  // such a server tells valgrind that pages without a pin are out of bounds
#endif
    if (buffer <= InvalidBuffer) return nullptr;  // a local buffer's number is negative
    BufferDesc* const descriptor = GetBufferDescriptor(buffer - 1);
    if (!holds(descriptor, block)) return nullptr;
    pg_read_barrier();
    // In this order: a buffer that has just been given the block is not valid before it is read.
    const uint32 state = pg_atomic_read_u32(&descriptor->state);
    if ((state & (BM_VALID | BM_LOCKED)) != BM_VALID) return nullptr;
    if (++remembered_->touches % kUseEvery == 0) count_use(descriptor, state);
    pg_read_barrier();
    return static_cast<const char*>(BufferGetBlock(buffer));
  }

  bool still_there(Buffer buffer, BlockNumber block) const {
    pg_read_barrier();
    return holds(GetBufferDescriptor(buffer - 1), block);
  }

 private:
  /// One look in so many counts as a use of the page, so that one in constant use is not evicted as
  /// unused.
  static constexpr uint32 kUseEvery = 16;

  bool holds(const BufferDesc* descriptor, BlockNumber block) const {
    BufferTag tag = tag_;
    tag.blockNum = block;
    static_assert(std::has_unique_object_representations_v<BufferTag>);
    return std::memcmp(&descriptor->tag, &tag, sizeof tag) == 0;
  }
  /// What pinning the buffer would do to its usage count.
  static void count_use(BufferDesc* descriptor, uint32 state);

  BufferTag tag_ = {};  // but for the block
  RememberedBuffers* remembered_ = nullptr;
};

}  // namespace vec::pg

#endif  // VEC_PG_UNPINNED_PAGE_H_

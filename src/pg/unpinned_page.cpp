#include "pg/unpinned_page.h"

namespace vec::pg {

namespace {

/// One look in so many counts as a use of the page, so that one in constant use is not evicted as
/// unused.
constexpr uint32 kUseEvery = 16;

/// What pinning the buffer would do to its usage count.
void count_use(BufferDesc* descriptor, uint32 state) {
  if (BUF_STATE_GET_USAGECOUNT(state) >= BM_MAX_USAGE_COUNT) return;
  // Fails if the state has changed, or is locked.  Next time, then.
  pg_atomic_compare_exchange_u32(&descriptor->state, &state, state + BUF_USAGECOUNT_ONE);
}

}  // namespace

UnpinnedPages::UnpinnedPages(Relation index, RememberedBuffers* remembered)
    : remembered_(remembered) {
#if PG_VERSION_NUM >= 160000
  InitBufferTag(&tag_, &index->rd_locator, MAIN_FORKNUM, 0);
#else
  INIT_BUFFERTAG(tag_, index->rd_node, MAIN_FORKNUM, 0);
#endif
}

bool UnpinnedPages::holds(const BufferDesc* descriptor, BlockNumber block) const {
  BufferTag tag = tag_;
#if PG_VERSION_NUM >= 160000
  tag.blockNum = block;
  return BufferTagsEqual(&descriptor->tag, &tag);
#else
  tag.blockNum = block;
  return BUFFERTAGS_EQUAL(descriptor->tag, tag);
#endif
}

const char* UnpinnedPages::look(Buffer buffer, BlockNumber block) {
#ifdef USE_VALGRIND
  return nullptr;  // such a server tells valgrind that pages without a pin are out of bounds
#endif
  if (buffer <= InvalidBuffer) return nullptr;  // a local buffer's number is negative
  BufferDesc* descriptor = GetBufferDescriptor(buffer - 1);
  if (!holds(descriptor, block)) return nullptr;
  pg_read_barrier();
  // In this order: a buffer that has just been given the block is not valid before it is read.
  const uint32 state = pg_atomic_read_u32(&descriptor->state);
  if ((state & (BM_VALID | BM_LOCKED)) != BM_VALID) return nullptr;
  if (++remembered_->touches % kUseEvery == 0) count_use(descriptor, state);
  pg_read_barrier();
  return static_cast<const char*>(BufferGetBlock(buffer));
}

bool UnpinnedPages::still_there(Buffer buffer, BlockNumber block) const {
  pg_read_barrier();
  return holds(GetBufferDescriptor(buffer - 1), block);
}

}  // namespace vec::pg

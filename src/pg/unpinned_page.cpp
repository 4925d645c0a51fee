#include "pg/unpinned_page.h"

namespace vec::pg {

void UnpinnedPages::count_use(BufferDesc* descriptor, uint32 state) {
  if (BUF_STATE_GET_USAGECOUNT(state) >= BM_MAX_USAGE_COUNT) return;
  // Fails if the state has changed, or is locked.  Next time, then.
  pg_atomic_compare_exchange_u32(&descriptor->state, &state, state + BUF_USAGECOUNT_ONE);
}

UnpinnedPages::UnpinnedPages(Relation index, RememberedBuffers* remembered)
    : remembered_(remembered) {
#if PG_VERSION_NUM >= 160000
  InitBufferTag(&tag_, &index->rd_locator, MAIN_FORKNUM, 0);
#else
  INIT_BUFFERTAG(tag_, index->rd_node, MAIN_FORKNUM, 0);
#endif
}

}  // namespace vec::pg

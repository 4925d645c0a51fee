// pg/remembered_buffers.h
//
// A backend's memory of which buffer held which block of an index, or of a table, so that a page
// that is still there is found without the shared buffer table: 40 to 250 ns instead of 500.  A
// guess that is wrong costs one look at the buffer's tag.
//
// Only pages whose kind was checked are remembered: one that is still where it was need not show
// its trailer again, which is a cache line and an address translation of its own.

#ifndef VEC_PG_REMEMBERED_BUFFERS_H_
#define VEC_PG_REMEMBERED_BUFFERS_H_

#include "pg/pg.h"

namespace vec::pg {

/// Blocks of one index.  Direct-mapped: a block that takes another's place is simply found the
/// ordinary way next time.
struct RememberedBuffers {
  struct Entry {
    BlockNumber block;
    Buffer buffer;  // InvalidBuffer if nothing is remembered
  };

  Oid tablespace;
  Oid database;
  Oid file;
  uint64 last_used;
  uint32 mask;     // entries - 1, a power of two less one
  uint32 touches;  // counts up, see pin()
  Entry* entries;  // in TopMemoryContext

  Buffer recall(BlockNumber block) const {
    const Entry& entry = entries[block & mask];
    return entry.block == block ? entry.buffer : InvalidBuffer;
  }
};

/// What this backend remembers of the index, a fresh memory if nothing.  The pointer stays good;
/// what it points to may become another index's memory.  C-like.
RememberedBuffers* remembered_buffers(Relation index);

/// Pins a block's buffer if it is remembered and still holds the block; else InvalidBuffer. C-like.
Buffer pin_remembered(Relation index, RememberedBuffers* remembered, BlockNumber block);

/// Pins a block.  C-like.
///
/// *known   whether it was remembered; if not, whoever has checked the page calls remember()
Buffer pin(Relation index, RememberedBuffers* remembered, BlockNumber block, bool* known);

inline void remember(RememberedBuffers* remembered, BlockNumber block, Buffer buffer) {
  remembered->entries[block & remembered->mask] = {block, buffer};
}

/// Some bytes of a block.
struct Spot {
  BlockNumber block;
  uint32 offset;
};

/// What is to be done with the pages that are asked for: pinning writes to the descriptor.
enum class PageUse { kLook, kPin };

/// Asks the processor for the descriptors of `count` blocks' buffers and for `bytes` bytes at each
/// spot, as far as the buffers are remembered.
///
/// buffers[i]   where spots[i] is supposed to be; InvalidBuffer if that is not known
void prefetch(const RememberedBuffers* remembered, const Spot* spots, std::size_t count,
              std::size_t bytes, PageUse use, Buffer* buffers);

/// Where the block is if it is still where it was; asks the processor for its buffer's descriptor.
/// Null if nothing is remembered.  Good for prefetching only.
const char* remembered_page(const RememberedBuffers* remembered, BlockNumber block);

/// The same for a whole page that is about to be read from end to end.
void prefetch_page(const RememberedBuffers* remembered, BlockNumber block);

}  // namespace vec::pg

#endif  // VEC_PG_REMEMBERED_BUFFERS_H_

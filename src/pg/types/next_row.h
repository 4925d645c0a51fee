// pg/types/next_row.h
//
// Fetching the next row's value into the cache while this row's is worked on.
//
// A sequential scan of a large table waits for memory, not for arithmetic: two thirds of its time
// at 128 dimensions.  The processor cannot foresee the addresses, because rows fill a heap page
// from its end, so that a scan goes through it backwards.  The page's line pointers tell where the
// rows after this one are; after the last row of a page comes, as a guess, the next buffer.
//
// Only a hint is made of what is read here: the page is pinned but not locked, and rows that are
// added to it meanwhile, or a wrong guess, cost a needless fetch and nothing else.

#ifndef VEC_PG_TYPES_NEXT_ROW_H_
#define VEC_PG_TYPES_NEXT_ROW_H_

#include "pg/pg.h"

namespace vec::pg {

/// Whether the buffer after `buffer` holds the block after its block, as it mostly does in a table
/// that was read or written in one go, and does not in a ring that a scan reads through.
inline bool next_block_follows(int buffer) {
  if (buffer + 1 >= NBuffers) return false;
  const BufferDesc* const here = GetBufferDescriptor(static_cast<uint32>(buffer));
  const BufferDesc* const next = GetBufferDescriptor(static_cast<uint32>(buffer + 1));
  return next->tag.blockNum == here->tag.blockNum + 1;
}

/// bytes    of this row's value, `size` of them; in shared buffers, or nothing is done
inline void fetch_next_row(const unsigned char* bytes, std::size_t size) {
  constexpr std::size_t kLine = 64;
  /// Rows within so many bytes are on their way before they are needed.
  constexpr std::size_t kAhead = 2048;

  const auto* const blocks = reinterpret_cast<const unsigned char*>(BufferBlocks);
  const auto place = static_cast<std::size_t>(bytes - blocks);
  if (place >= static_cast<std::size_t>(NBuffers) * BLCKSZ) return;

  const unsigned char* const block = blocks + place / BLCKSZ * BLCKSZ;
  const auto in_page = static_cast<unsigned>(place % BLCKSZ);
  const auto* const page = reinterpret_cast<const PageHeaderData*>(block);
  const unsigned upper = page->pd_upper, special = page->pd_special;
  const unsigned count = (page->pd_lower - SizeOfPageHeaderData) / sizeof(ItemIdData);
  if (in_page < upper || special > BLCKSZ || count == 0 || count > MaxHeapTuplesPerPage) return;

  // Where all rows are as long as each other, this is the row in which the value lies.
  const unsigned stride = (special - upper) / count;
  if (stride < size) return;
  const unsigned row = (special - 1 - in_page) / stride;
  if (row >= count) return;
  const unsigned start = page->pd_linp[row].lp_off;
  if (in_page < start || in_page - start > stride) return;

  unsigned next = row + 1 + static_cast<unsigned>(kAhead / (stride + 1));
  const unsigned char* from = block;
  if (next >= count) {
    next -= count;
    const auto buffer = static_cast<int>(place / BLCKSZ);
    if (next >= count || !next_block_follows(buffer)) return;
    from += BLCKSZ;
    if (next == 0) __builtin_prefetch(from);
  }
  from += page->pd_linp[next].lp_off;
  const std::size_t end = in_page - start + size;
  for (std::size_t i = 0; i < end; i += kLine) __builtin_prefetch(from + i, 0, 2);
}

}  // namespace vec::pg

#endif  // VEC_PG_TYPES_NEXT_ROW_H_

// pg/ivf/store_read.cpp
//
// Reading the lists: see store.h.

#include <limits>

#include "pg/ivf/store.h"

namespace vec::pg::ivf {

namespace {

using vec::ivf::EntryHeader;

void score_lists_unguarded(Pages& pages, const codes::Query& query, float* out) {
  constexpr std::uint32_t kBatch = 64;
  const Layout& layout = pages.shape.layout;
  const std::byte* centers[kBatch];
  codes::Scored scored[kBatch];
  for (ListNo list = 0; list < layout.lists();) {
    CHECK_FOR_INTERRUPTS();
    const BlockNo block = layout.list_slot(list).block;
    const ListNo end = std::min(layout.lists(), list + layout.slots_per_page());
    if (end < layout.lists()) prefetch_page(pages.remembered, block + 1);
    const Held held = hold(pages, block, PageKind::kLists, BUFFER_LOCK_SHARE);
    while (list < end) {
      const std::uint32_t count = std::min(kBatch, end - list);
      for (std::uint32_t i = 0; i < count; ++i) {
        centers[i] = reinterpret_cast<const std::byte*>(held.page) +
                     layout.list_slot(list + i).offset + sizeof(ListSlot);
      }
      query.score(centers, count, scored);
      for (std::uint32_t i = 0; i < count; ++i) out[list + i] = scored[i].distance;
      list += count;
    }
    release(held);
  }
}

/// codes   room for a page's entries
void read_unguarded(Pages& pages, Cursor& cursor, const codes::Query* query,
                    const std::byte** codes, PageEntries& out) {
  const Layout& layout = pages.shape.layout;
  const Held held = hold_entries(pages, cursor.next, cursor.list, BUFFER_LOCK_SHARE);
  const BlockNo next = trailer_of(held.page).next;
  if (next != kNoBlock) prefetch_page(pages.remembered, next);
  const auto* page = reinterpret_cast<const std::byte*>(held.page);
  RowId* rows = out.rows.data();
  codes::Scored* scored = out.scored.data();
  std::size_t count = 0;
  std::size_t coded = 0;
  const bool sound = vec::ivf::for_each_entry(
      pages.shape.format, page, layout.begin(), used_end(held.page),
      [&](std::size_t at, const EntryHeader& header) {
        rows[count] = header.row;
        scored[count] = {std::numeric_limits<float>::quiet_NaN(), 0};
        codes[count++] = header.bytes == 0 ? nullptr : page + at + sizeof header;
        coded += header.bytes != 0;
      });
  if (!sound) raise_corrupted(pages.index, cursor.next, "entry");
  if (query != nullptr && coded == count) {
    query->score(codes, count, scored);
  } else if (query != nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      if (codes[i] != nullptr) query->score(codes + i, 1, scored + i);
    }
  }
  release(held);
  out.count = count;
  cursor.next = next;
}

}  // namespace

Held hold(Pages& pages, BlockNumber block, PageKind kind, int lock) {
  if (block >= pages.block_count) {
    pages.block_count = RelationGetNumberOfBlocks(pages.index);
    if (block >= pages.block_count) raise_corrupted(pages.index, block, "reference");
  }
  bool known = false;
  const Buffer buffer = pin(pages.index, pages.remembered, block, &known);
  LockBuffer(buffer, lock);
  check_page(pages.index, buffer, kind);
  if (!known) remember(pages.remembered, block, buffer);
  return {buffer, static_cast<char*>(BufferGetPage(buffer))};
}

Held hold_entries(Pages& pages, BlockNumber block, ListNo list, int lock) {
  const Held held = hold(pages, block, PageKind::kEntries, lock);
  if (trailer_of(held.page).list != list) raise_corrupted(pages.index, block, "list");
  return held;
}

ListSlot read_slot(Pages& pages, ListNo list) {
  const Layout::Place place = pages.shape.layout.list_slot(list);
  const Held held = hold(pages, place.block, PageKind::kLists, BUFFER_LOCK_SHARE);
  ListSlot slot;
  std::memcpy(&slot, held.page + place.offset, sizeof slot);
  release(held);
  return slot;
}

Store::Store(Relation index, Method method)
    : pages_{index, pg_call([=] { return shape_of(index, method); }),
             pg_call([=] { return remembered_buffers(index); }),
             pg_call([=] { return RelationGetNumberOfBlocks(index); })},
      codes_(pages_.shape.layout.max_entries()) {}

void Store::score_lists(const codes::Query& query, float* out) {
  if (!pages_.shape.has_centers()) {
    std::fill(out, out + lists(), 0.0F);
    return;
  }
  pg_call([&] { score_lists_unguarded(pages_, query, out); });
}

Cursor Store::open(ListNo list) {
  const BlockNo first = pg_call([&] { return read_slot(pages_, list); }).first;
  if (first != kNoBlock) prefetch_page(pages_.remembered, first);
  return {list, first, 0};
}

bool Store::read(Cursor& cursor, const codes::Query* query, PageEntries& out) {
  if (cursor.next == kNoBlock) return false;
  pg_call([&] {
    // A chain that leads back to itself.
    if (cursor.pages++ > pages_.block_count &&
        cursor.pages > (pages_.block_count = RelationGetNumberOfBlocks(pages_.index))) {
      raise_corrupted(pages_.index, cursor.next, "reference");
    }
    read_unguarded(pages_, cursor, query, codes_.data(), out);
  });
  return true;
}

void Store::check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) {
    pg_call([] { CHECK_FOR_INTERRUPTS(); });
  }
}

}  // namespace vec::pg::ivf

// pg/ivf/store_write.cpp
//
// Changing the lists.  Locking order: a page of the directory before pages of entries, and of
// those a page before the one that comes after it (README, "Locking").

#include "pg/ivf/store.h"
#include "pg/wal.h"

namespace vec::pg::ivf {

namespace {

using vec::ivf::Entry;
using vec::ivf::EntryHeader;
using vec::ivf::EntrySize;

void delay_point() {
#if PG_VERSION_NUM >= 180000
  vacuum_delay_point(false);
#else
  vacuum_delay_point();
#endif
}

/// A new block at the end of the index, exclusively locked.
Buffer extend(Pages& pages) {
  LockRelationForExtension(pages.index, ExclusiveLock);
  const Buffer buffer =
      ReadBufferExtended(pages.index, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
  UnlockRelationForExtension(pages.index, ExclusiveLock);
  pages.block_count = std::max(pages.block_count, BufferGetBlockNumber(buffer) + 1);
  return buffer;
}

/// Fills a new page with its first entry.
void put_first_entry(const Pages& pages, PageChange& change, Buffer buffer, ListNo list,
                     const Entry& entry) {
  char* page = change.create(buffer);
  init_page(page, PageKind::kEntries, list);
  put_entry(page, pages.shape, entry);
}

/// Gives a list its first page, with the entry on it.  False if it has one by now; then `slot` says
/// where.
bool start_list(Pages& pages, ListNo list, const Entry& entry, ListSlot* slot) {
  const Layout::Place place = pages.shape.layout.list_slot(list);
  const Held directory = hold(pages, place.block, PageKind::kLists, BUFFER_LOCK_EXCLUSIVE);
  std::memcpy(slot, directory.page + place.offset, sizeof *slot);
  const bool first = slot->first == kNoBlock;
  if (first) {
    const Buffer buffer = extend(pages);
    slot->first = slot->insert = BufferGetBlockNumber(buffer);
    PageChange change(pages.index, true);
    put_first_entry(pages, change, buffer, list, entry);
    std::memcpy(change.edit(directory.buffer) + place.offset, slot, sizeof *slot);
    change.commit();
    UnlockReleaseBuffer(buffer);
  }
  release(directory);
  return first;
}

/// Says where the next insertion begins to look, unless somebody else has changed that.
void move_insert(Pages& pages, ListNo list, BlockNo from, BlockNo to) {
  const Layout::Place place = pages.shape.layout.list_slot(list);
  const Held directory = hold(pages, place.block, PageKind::kLists, BUFFER_LOCK_EXCLUSIVE);
  ListSlot slot;
  std::memcpy(&slot, directory.page + place.offset, sizeof slot);
  if (slot.insert == from) {
    slot.insert = to;
    PageChange change(pages.index, true);
    std::memcpy(change.edit(directory.buffer) + place.offset, &slot, sizeof slot);
    change.commit();
  }
  release(directory);
}

void append_unguarded(Pages& pages, ListNo list, const Entry& entry) {
  const Layout& layout = pages.shape.layout;
  const EntrySize size = vec::ivf::entry_size(pages.shape.format, entry.header.bytes);
  if (size.all() > layout.end() - layout.begin()) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("index tuple too large")));
  }
  ListSlot slot = read_slot(pages, list);
  if (slot.insert == kNoBlock && start_list(pages, list, entry, &slot)) return;

  BlockNo block = slot.insert;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    const Held held = hold_entries(pages, block, list, BUFFER_LOCK_EXCLUSIVE);
    if (has_room(extent_of(held.page, layout), size)) {
      PageChange change(pages.index, true);
      put_entry(change.edit(held.buffer), pages.shape, entry);
      change.commit();
      release(held);
      break;
    }
    PageTrailer trailer = trailer_of(held.page);
    if (trailer.next != kNoBlock) {
      release(held);
      block = trailer.next;
      continue;
    }
    const Buffer added = extend(pages);
    block = trailer.next = BufferGetBlockNumber(added);
    PageChange change(pages.index, true);
    set_trailer(change.edit(held.buffer), trailer);
    put_first_entry(pages, change, added, list, entry);
    change.commit();
    UnlockReleaseBuffer(added);
    release(held);
    break;
  }
  if (block != slot.insert) move_insert(pages, list, slot.insert, block);
}

/// What a page of entries was found to be after dead ones were taken out.
struct SweptPage {
  Swept swept;
  Extent extent;
  BlockNo next;
};

SweptPage sweep_page(Pages& pages, BlockNo block, ListNo list, const DeadRows& dead) {
  const Layout& layout = pages.shape.layout;
  const Held held = hold_entries(pages, block, list, BUFFER_LOCK_EXCLUSIVE);
  SweptPage result{{}, extent_of(held.page, layout), trailer_of(held.page).next};
  const Extent before = result.extent;
  bool is_dead[BLCKSZ / sizeof(EntryHeader)];
  std::size_t count = 0;
  const auto* page = reinterpret_cast<const std::byte*>(held.page);
  const auto each_entry = [&](auto visit) {
    return for_each_entry(pages.shape.format, page, before, visit);
  };
  const bool sound = each_entry([&](const Entry& entry) {
    ItemPointerData tid;
    std::memcpy(&tid, &entry.header.row, sizeof tid);
    is_dead[count] = dead.callback(&tid, dead.state);
    result.swept.removed += is_dead[count++];
  });
  if (!sound) raise_corrupted(pages.index, block, "entry");
  result.swept.left = count - result.swept.removed;
  if (result.swept.removed > 0) {
    PageChange change(pages.index, true);
    char* to = change.edit(held.buffer);
    set_extent(to, {layout.begin(), layout.begin(), layout.end(), layout.end()});
    count = 0;
    each_entry([&](const Entry& entry) {
      if (!is_dead[count++]) put_entry(to, pages.shape, entry);
    });
    result.extent = extent_of(to, layout);
    change.commit();
  }
  release(held);
  return result;
}

}  // namespace

void Store::append(ListNo list, std::span<const std::byte> code, RowId row) {
  const Entry entry = vec::ivf::whole_entry(format(), row, code);
  pg_call([&] { append_unguarded(pages_, list, entry); });
}

Swept Store::sweep(ListNo list, const DeadRows& dead) {
  Swept swept;
  const ListSlot slot = pg_call([&] { return read_slot(pages_, list); });
  const EntrySize wanted = format().kind == codes::CodeKind::kSparse
                               ? EntrySize{(layout().end() - layout().begin()) / 4, 0}
                               : vec::ivf::entry_size(format(), format().code_bytes);
  BlockNo roomy = kNoBlock;  // the first page with room for another entry
  for (BlockNo block = slot.first; block != kNoBlock;) {
    const SweptPage page = pg_call([&] {
      delay_point();
      return sweep_page(pages_, block, list, dead);
    });
    swept.removed += page.swept.removed;
    swept.left += page.swept.left;
    const bool last = page.next == kNoBlock;
    if (roomy == kNoBlock && (last || has_room(page.extent, wanted))) roomy = block;
    block = page.next;
  }
  if (roomy != slot.insert && roomy != kNoBlock) {
    pg_call([&] { move_insert(pages_, list, slot.insert, roomy); });
  }
  return swept;
}

}  // namespace vec::pg::ivf

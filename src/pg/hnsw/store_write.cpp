// pg/hnsw/store_write.cpp
//
// Changing the graph.  Locking order: the meta page, then one page of links, then one of codes, of
// upper links or of items (HNSW README, "Locking").

#include "core/codes/slots.h"
#include "pg/hnsw/pages.h"
#include "pg/wal.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::kNoNode;
using vec::hnsw::kNoUpper;

constexpr std::size_t kMetaOffset = SizeOfPageHeaderData;

/// Makes the index long enough to have `block`.  New pages are zero until they are first used.
void extend_to(Pages& pages, BlockNumber block) {
  // The next page of a kind is less than a round of all kinds away; a damaged count could mean
  // terabytes.
  constexpr BlockNumber kFarthest = 4096;
  if (block < pages.block_count) return;
  LockRelationForExtension(pages.index, ExclusiveLock);
  pages.block_count = RelationGetNumberOfBlocks(pages.index);
  if (block >= pages.block_count && block - pages.block_count >= kFarthest) {
    raise_corrupted(pages.index, 0, "count");
  }
  while (pages.block_count <= block) {
    ReleaseBuffer(ReadBufferExtended(pages.index, MAIN_FORKNUM, P_NEW, RBM_NORMAL, nullptr));
    ++pages.block_count;
  }
  UnlockRelationForExtension(pages.index, ExclusiveLock);
}

/// Locks a block for a change, making it if need be.
Held hold_or_make(Pages& pages, BlockNumber block, PageKind kind) {
  extend_to(pages, block);
  return hold(pages, block, kind, BUFFER_LOCK_EXCLUSIVE);
}

/// The page in the change: as it is, or a fresh one of its kind.
char* edit_or_init(Pages& pages, PageChange& change, const Held& held, PageKind kind) {
  if (held.page != nullptr) return change.edit(held.buffer);
  char* page = change.create(held.buffer);
  init_page(page, pages.shape.layout, kind);
  return page;
}

void write_list(char* at, std::span<const Link> links, int limit) {
  for (int i = 0; i < limit; ++i) {
    const auto place = static_cast<std::size_t>(i);
    const Link link = place < links.size() ? links[place] : vec::hnsw::kNoLink;
    write_at(at, place * sizeof link, link);
  }
}

/// Takes an upper slot, writes it, and returns its number.  The meta page is held.
std::uint32_t create_upper(Pages& pages, const Held& meta, NodeId owner, std::uint32_t next,
                           const LinkList& links) {
  auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
  const bool reuse = contents.first_free_upper != kNoUpper;
  const std::uint32_t upper = reuse ? contents.first_free_upper : contents.upper_count;
  const Place place = pages.shape.layout.upper_slot(upper);
  const Held held = hold_or_make(pages, place.block, PageKind::kUpper);
  PageChange change(pages.index, pages.logged);
  char* page = edit_or_init(pages, change, held, PageKind::kUpper);
  if (reuse) {
    const auto slot = read_at<UpperSlot>(page, place.offset);
    if (slot.owner != kNoNode) raise_corrupted(pages.index, place.block, "free list");
    contents.first_free_upper = slot.next;
  } else {
    ++contents.upper_count;
  }
  write_at(page, place.offset, UpperSlot{owner, next});
  write_list(page + place.offset + sizeof(UpperSlot), links.view(), pages.shape.params.m);
  write_at(change.edit(meta.buffer), kMetaOffset, contents);
  change.commit();
  release(held);
  return upper;
}

/// Puts a code among the items and says where.  The meta page is held.
ItemPlace create_item(Pages& pages, const Held& meta, std::span<const std::byte> code) {
  const Layout& layout = pages.shape.layout;
  const std::size_t cells = vec::hnsw::cells_of(code.size());
  if (cells > layout.cells_per_page()) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("index tuple too large")));
  }
  auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
  for (std::uint32_t number = std::min(contents.item_page, contents.item_pages);; ++number) {
    const Held held = hold_or_make(pages, layout.items_block(number), PageKind::kItems);
    std::size_t run = 0;
    std::size_t cell = 0;
    if (held.page == nullptr) {
      run = cells;
    } else {
      const char* taken = held.page + layout.header_bytes();
      for (cell = 0; cell < layout.cells_per_page() && run < cells; ++cell) {
        run = taken[cell] != 0 ? 0 : run + 1;
      }
      cell -= run;
    }
    if (run < cells) {
      release(held);
      continue;
    }
    PageChange change(pages.index, pages.logged);
    char* page = edit_or_init(pages, change, held, PageKind::kItems);
    std::memset(page + layout.header_bytes() + cell, 1, cells);
    std::memcpy(page + layout.cell_offset(static_cast<std::uint32_t>(cell)), code.data(),
                code.size());
    contents.item_page = number;
    contents.item_pages = std::max(contents.item_pages, number + 1);
    write_at(change.edit(meta.buffer), kMetaOffset, contents);
    change.commit();
    release(held);
    return {number, static_cast<std::uint16_t>(cell), static_cast<std::uint16_t>(code.size())};
  }
}

NodeId create_node_unguarded(Pages& pages, int level, std::span<const std::byte> code, RowId row,
                             std::span<const LinkList> lists) {
  const Layout& layout = pages.shape.layout;
  const Held meta = hold(pages, 0, PageKind::kMeta, BUFFER_LOCK_EXCLUSIVE);
  if (meta.page == nullptr) raise_corrupted(pages.index, 0, "meta page");
  auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
  const bool reuse = contents.first_free != kNoNode;
  const NodeId node = reuse ? contents.first_free : contents.node_count;
  if (reuse && node >= contents.node_count) raise_corrupted(pages.index, 0, "free list");
  if (node >= vec::hnsw::kMaxNodes) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("hnsw index cannot have more than %u elements", vec::hnsw::kMaxNodes)));
  }

  // A crash between here and the node itself leaks a slot, nothing else.
  std::uint32_t upper = kNoUpper;
  for (int layer = level; layer > 0; --layer) {
    upper = create_upper(pages, meta, node, upper, lists[static_cast<std::size_t>(layer)]);
  }
  ItemPlace item{};
  if (layout.has_items()) item = create_item(pages, meta, code);

  const Place link_place = layout.link_slot(node);
  const Place code_place = layout.code_slot(node);
  const Held link_page = hold_or_make(pages, link_place.block, PageKind::kLinks);
  const Held code_page = hold_or_make(pages, code_place.block, PageKind::kCodes);
  contents = read_at<MetaPage>(meta.page, kMetaOffset);

  PageChange change(pages.index, pages.logged);
  char* links = edit_or_init(pages, change, link_page, PageKind::kLinks);
  char* codes = edit_or_init(pages, change, code_page, PageKind::kCodes);
  std::uint16_t generation = 0;
  if (reuse) {
    const auto slot = read_at<LinkSlot>(links, link_place.offset);
    if (slot.state != NodeState::kFree) {
      raise_corrupted(pages.index, link_place.block, "free list");
    }
    contents.first_free = slot.upper;
    --contents.free_count;
    generation = slot.generation;
  } else {
    ++contents.node_count;
  }
  LinkSlot slot{NodeState::kLive, static_cast<std::uint8_t>(level), generation, upper, {}};
  slot.rows[0] = row;
  write_at(links, link_place.offset, slot);
  write_list(links + link_place.offset + sizeof slot, lists[0].view(),
             pages.shape.params.max_links(0));
  write_at(codes, code_place.offset, CodeSlot{NodeState::kLive, 0, generation});
  if (layout.has_items()) {
    write_at(codes, code_place.offset + sizeof(CodeSlot), item);
  } else {
    char* const to = codes + code_place.offset + sizeof(CodeSlot);
    vec::codes::put_in_slot(pages.shape.format, code, reinterpret_cast<std::byte*>(to));
  }
  write_at(change.edit(meta.buffer), kMetaOffset, contents);
  change.commit();
  release(code_page);
  release(link_page);
  release(meta);
  return node;
}

bool same_links(const char* list, int limit, std::span<const Link> expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (read_at<Link>(list, i * sizeof(Link)) != expected[i]) return false;
  }
  return static_cast<int>(expected.size()) == limit ||
         read_at<Link>(list, expected.size() * sizeof(Link)) == vec::hnsw::kNoLink;
}

bool replace_links_unguarded(Pages& pages, NodeId node, int layer, std::span<const Link> expected,
                             std::span<const Link> desired) {
  const int limit = pages.shape.params.max_links(layer);
  Place place = pages.shape.layout.link_slot(node);
  PageKind kind = PageKind::kLinks;
  std::size_t header_bytes = sizeof(LinkSlot);
  if (layer > 0) {
    LinkSlot header;
    const std::uint32_t upper = find_upper(pages, node, layer, &header);
    if (upper == kNoUpper || header.state != NodeState::kLive) return false;
    place = pages.shape.layout.upper_slot(upper);
    kind = PageKind::kUpper;
    header_bytes = sizeof(UpperSlot);
  }
  const Held held = hold(pages, place.block, kind, BUFFER_LOCK_EXCLUSIVE);
  bool fits = held.page != nullptr;
  if (fits) {
    fits = layer == 0 ? read_at<LinkSlot>(held.page, place.offset).state == NodeState::kLive
                      : read_at<UpperSlot>(held.page, place.offset).owner == node;
    fits = fits && same_links(held.page + place.offset + header_bytes, limit, expected);
  }
  if (fits) {
    PageChange change(pages.index, pages.logged);
    write_list(change.edit(held.buffer) + place.offset + header_bytes, desired, limit);
    change.commit();
  }
  release(held);
  return fits;
}

bool add_row_unguarded(Pages& pages, NodeId node, std::uint16_t generation, RowId row) {
  const Place place = pages.shape.layout.link_slot(node);
  const Held held = hold(pages, place.block, PageKind::kLinks, BUFFER_LOCK_EXCLUSIVE);
  bool added = false;
  if (held.page != nullptr) {
    auto slot = read_at<LinkSlot>(held.page, place.offset);
    if (slot.state == NodeState::kLive && slot.generation == generation) {
      for (RowId& room : slot.rows) {
        if (room.valid()) continue;
        room = row;
        added = true;
        break;
      }
    }
    if (added) {
      PageChange change(pages.index, pages.logged);
      write_at(change.edit(held.buffer), place.offset, slot);
      change.commit();
    }
  }
  release(held);
  return added;
}

}  // namespace

void Store::begin_insert(bool exclusive) {
  insert_lock_ = exclusive ? ExclusiveLock : ShareLock;
  pg_call([this] { LockPage(pages_.index, 0, insert_lock_); });
}

void Store::end_insert() {
  pg_call([this] { UnlockPage(pages_.index, 0, insert_lock_); });
  insert_lock_ = NoLock;
}

NodeId Store::create_node(int level, std::span<const std::byte> code, RowId row,
                          std::span<const LinkList> lists) {
  return pg_call([&] { return create_node_unguarded(pages_, level, code, row, lists); });
}

bool Store::replace_links(NodeId node, int layer, std::span<const Link> expected,
                          std::span<const Link> desired) {
  return pg_call([&] { return replace_links_unguarded(pages_, node, layer, expected, desired); });
}

bool Store::add_row(NodeId node, std::uint16_t generation, RowId row) {
  return pg_call([&] { return add_row_unguarded(pages_, node, generation, row); });
}

bool Store::replace_entry(NodeId old, EntryPoint entry) {
  return pg_call([&] {
    const Held meta = hold(pages_, 0, PageKind::kMeta, BUFFER_LOCK_EXCLUSIVE);
    if (meta.page == nullptr) raise_corrupted(pages_.index, 0, "meta page");
    auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
    const bool replaced = contents.entry_node == old;
    if (replaced) {
      contents.entry_node = entry.node;
      contents.entry_level = entry.level;
      PageChange change(pages_.index, pages_.logged);
      write_at(change.edit(meta.buffer), kMetaOffset, contents);
      change.commit();
    }
    release(meta);
    return replaced;
  });
}

}  // namespace vec::pg::hnsw

// pg/hnsw/store_vacuum.cpp
//
// What vacuum does to pages.  Each page is changed once for all its dead nodes.

#include "pg/hnsw/pages.h"
#include "pg/wal.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::kNoNode;
using vec::hnsw::kNoUpper;

constexpr std::size_t kMetaOffset = SizeOfPageHeaderData;

void delay_point() {
#if PG_VERSION_NUM >= 180000
  vacuum_delay_point(false);
#else
  vacuum_delay_point();
#endif
}

/// What a sweep over one page of links found.
struct Sweep {
  int removed;
  int left;
  int dying_count;  // nodes that are dying now
};

/// Drops dead rows from the nodes [first, end) of one page; fills `dying`.
Sweep sweep_page(Pages& pages, NodeId first, NodeId end, IndexBulkDeleteCallback is_dead,
                 void* state, NodeId* dying) {
  Sweep sweep{};
  const Layout& layout = pages.shape.layout;
  const Held held =
      hold(pages, layout.link_slot(first).block, PageKind::kLinks, BUFFER_LOCK_EXCLUSIVE);
  if (held.page == nullptr) {
    release(held);
    return sweep;
  }
  PageChange change(pages.index, pages.logged);
  char* page = change.edit(held.buffer);
  bool changed = false;
  for (NodeId node = first; node < end; ++node) {
    const std::size_t offset = layout.link_slot(node).offset;
    auto slot = read_at<LinkSlot>(page, offset);
    if (slot.state == NodeState::kFree) continue;
    std::size_t left = 0;
    bool slot_changed = false;
    for (const RowId& row : slot.rows) {
      if (!row.valid()) continue;
      ItemPointerData tid;
      std::memcpy(&tid, &row, sizeof tid);
      if (is_dead(&tid, state)) {
        ++sweep.removed;
        slot_changed = true;
      } else {
        slot.rows[left++] = row;
      }
    }
    sweep.left += static_cast<int>(left);
    for (std::size_t i = left; i < slot.rows.size(); ++i) slot.rows[i] = RowId{};
    if (left == 0) {
      slot_changed = slot_changed || slot.state != NodeState::kDying;
      slot.state = NodeState::kDying;
      dying[sweep.dying_count++] = node;
    }
    if (slot_changed) write_at(page, offset, slot);
    changed = changed || slot_changed;
  }
  if (changed) {
    change.commit();
  } else {
    change.abandon();
  }
  release(held);
  return sweep;
}

/// Sets the state of the codes of `nodes`, which are in order; and, for free ones, the generation
/// that the node has from now on.
void mark_codes(Pages& pages, std::span<const NodeId> nodes, NodeState state) {
  const Layout& layout = pages.shape.layout;
  for (std::size_t i = 0; i < nodes.size();) {
    const BlockNumber block = layout.code_slot(nodes[i]).block;
    const Held held = hold(pages, block, PageKind::kCodes, BUFFER_LOCK_EXCLUSIVE);
    if (held.page == nullptr) raise_corrupted(pages.index, block, "page");
    PageChange change(pages.index, pages.logged);
    char* page = change.edit(held.buffer);
    for (; i < nodes.size() && layout.code_slot(nodes[i]).block == block; ++i) {
      const std::size_t offset = layout.code_slot(nodes[i]).offset;
      auto slot = read_at<CodeSlot>(page, offset);
      if (slot.state == NodeState::kFree) continue;  // by a vacuum that did not come to its end
      if (state == NodeState::kFree) ++slot.generation;
      slot.state = state;
      write_at(page, offset, slot);
    }
    change.commit();
    release(held);
  }
}

/// Gives back the upper slots of a dying node.
void free_uppers(Pages& pages, NodeId node) {
  LinkSlot header;
  std::uint32_t upper = find_upper(pages, node, 1, &header);
  for (int layer = 1; layer <= header.level && upper != kNoUpper; ++layer) {
    const Held meta = hold(pages, 0, PageKind::kMeta, BUFFER_LOCK_EXCLUSIVE);
    const Place place = pages.shape.layout.upper_slot(upper);
    const Held held = hold(pages, place.block, PageKind::kUpper, BUFFER_LOCK_EXCLUSIVE);
    if (meta.page == nullptr || held.page == nullptr) {
      raise_corrupted(pages.index, place.block, "page");
    }
    auto slot = read_at<UpperSlot>(held.page, place.offset);
    const std::uint32_t next = slot.next;
    if (slot.owner == node) {
      auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
      PageChange change(pages.index, pages.logged);
      write_at(change.edit(held.buffer), place.offset,
               UpperSlot{kNoNode, contents.first_free_upper});
      contents.first_free_upper = upper;
      write_at(change.edit(meta.buffer), kMetaOffset, contents);
      change.commit();
    }
    release(held);
    release(meta);
    upper = slot.owner == node ? next : kNoUpper;
  }
}

/// Gives back the cells of a dying node's code, and makes its code slot free.  One change: if the
/// slot still named the cells after a crash, the next vacuum would take them from whoever has them
/// by then.
void free_item(Pages& pages, NodeId node) {
  const Layout& layout = pages.shape.layout;
  const Place place = layout.code_slot(node);
  const Held meta = hold(pages, 0, PageKind::kMeta, BUFFER_LOCK_EXCLUSIVE);
  const Held codes = hold(pages, place.block, PageKind::kCodes, BUFFER_LOCK_EXCLUSIVE);
  if (meta.page == nullptr || codes.page == nullptr) {
    raise_corrupted(pages.index, place.block, "page");
  }
  auto slot = read_at<CodeSlot>(codes.page, place.offset);
  if (slot.state != NodeState::kFree) {
    const auto item = read_at<ItemPlace>(codes.page, place.offset + sizeof slot);
    const std::size_t cells = vec::hnsw::cells_of(item.bytes);
    if (item.cell + cells > layout.cells_per_page()) {
      raise_corrupted(pages.index, place.block, "item");
    }
    const Held items =
        hold(pages, layout.items_block(item.page), PageKind::kItems, BUFFER_LOCK_EXCLUSIVE);
    if (items.page == nullptr) raise_corrupted(pages.index, place.block, "item");
    PageChange change(pages.index, pages.logged);
    std::memset(change.edit(items.buffer) + layout.header_bytes() + item.cell, 0, cells);
    slot.state = NodeState::kFree;
    ++slot.generation;
    write_at(change.edit(codes.buffer), place.offset, slot);
    auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
    if (item.page < contents.item_page) {
      contents.item_page = item.page;
      write_at(change.edit(meta.buffer), kMetaOffset, contents);
    }
    change.commit();
    release(items);
  }
  release(codes);
  release(meta);
}

/// Frees the dying nodes of one page of links.
void free_page(Pages& pages, std::span<const NodeId> nodes) {
  const Layout& layout = pages.shape.layout;
  for (const NodeId node : nodes) {
    if (layout.has_items()) free_item(pages, node);
    free_uppers(pages, node);
  }
  // The code first: a crash in between leaves the node dying, and the next vacuum comes here again.
  mark_codes(pages, nodes, NodeState::kFree);

  const BlockNumber block = layout.link_slot(nodes[0]).block;
  const Held meta = hold(pages, 0, PageKind::kMeta, BUFFER_LOCK_EXCLUSIVE);
  const Held held = hold(pages, block, PageKind::kLinks, BUFFER_LOCK_EXCLUSIVE);
  if (meta.page == nullptr || held.page == nullptr) raise_corrupted(pages.index, block, "page");
  PageChange change(pages.index, pages.logged);
  char* page = change.edit(held.buffer);
  auto contents = read_at<MetaPage>(meta.page, kMetaOffset);
  for (const NodeId node : nodes) {
    const std::size_t offset = layout.link_slot(node).offset;
    auto slot = read_at<LinkSlot>(page, offset);
    if (slot.state != NodeState::kDying) continue;
    slot.state = NodeState::kFree;
    slot.level = 0;
    ++slot.generation;
    slot.upper = contents.first_free;
    contents.first_free = node;
    ++contents.free_count;
    write_at(page, offset, slot);
  }
  write_at(change.edit(meta.buffer), kMetaOffset, contents);
  change.commit();
  release(held);
  release(meta);
}

}  // namespace

void Store::mark_dead(const DeadRows& dead, std::vector<NodeId>& dying) {
  std::vector<NodeId> of_page(layout().links_per_page());
  const NodeId count = node_count();
  for (NodeId first = 0; first < count; first += layout().links_per_page()) {
    const NodeId end = std::min(count, first + layout().links_per_page());
    const Sweep sweep = pg_call([&] {
      delay_point();
      const Sweep found = sweep_page(pages_, first, end, dead.callback, dead.state, of_page.data());
      const std::span<const NodeId> marked{of_page.data(),
                                           static_cast<std::size_t>(found.dying_count)};
      if (!marked.empty()) mark_codes(pages_, marked, NodeState::kDying);
      return found;
    });
    dying.insert(dying.end(), of_page.begin(), of_page.begin() + sweep.dying_count);
    dead.stats->tuples_removed += sweep.removed;
    dead.stats->num_index_tuples += sweep.left;
  }
  if (!dying.empty()) code_cache_ = vec::hnsw::CodeCache(format(), count, dead.cache_bytes);
}

void Store::wait_for_inserts() {
  pg_call([this] {
    LockPage(pages_.index, 0, ExclusiveLock);
    UnlockPage(pages_.index, 0, ExclusiveLock);
  });
}

bool Store::copy_page(PageKind kind, std::uint32_t page, std::byte* out) {
  return pg_call([&] {
    delay_point();
    const Held held = hold(pages_, layout().block_of(kind, page), kind, BUFFER_LOCK_SHARE);
    if (held.page != nullptr) std::memcpy(out, held.page, BLCKSZ);
    release(held);
    return held.page != nullptr;
  });
}

void Store::free_nodes(std::span<const NodeId> nodes) {
  code_cache_ = {};
  for (std::size_t first = 0; first < nodes.size();) {
    const BlockNumber block = layout().link_slot(nodes[first]).block;
    std::size_t end = first;
    while (end < nodes.size() && layout().link_slot(nodes[end]).block == block) ++end;
    pg_call([&] {
      delay_point();
      free_page(pages_, nodes.subspan(first, end - first));
    });
    first = end;
  }
}

}  // namespace vec::pg::hnsw

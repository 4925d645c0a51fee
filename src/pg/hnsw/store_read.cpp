// pg/hnsw/store_read.cpp
//
// Reading the graph: see store.h.

#include <limits>

#include "core/codes/slots.h"
#include "pg/hnsw/pages.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::kMaxLinks;

/// Blocks of the nodes of one hop, in order of block.
struct Visits {
  struct Visit {
    BlockNumber block;
    std::uint32_t offset;
    std::uint32_t index;  // of the node in the caller's array
  };
  std::array<Visit, kMaxLinks> list;
  std::size_t count;

  void sort() {
    // Insertion sort: 32 at most in the common case, often in order.
    for (std::size_t i = 1; i < count; ++i) {
      const Visit visit = list[i];
      std::size_t at = i;
      for (; at > 0 && list[at - 1].block > visit.block; --at) list[at] = list[at - 1];
      list[at] = visit;
    }
  }
};

/// Calls each(first, end, held) for every run of visits to one page, which is held meanwhile, with
/// held.page null if it was never used.
template <class Each>
void for_each_page(Pages& pages, const Visits& visits, PageKind kind, Each each) {
  for (std::size_t first = 0; first < visits.count;) {
    std::size_t end = first + 1;
    while (end < visits.count && visits.list[end].block == visits.list[first].block) ++end;
    const Held held = hold(pages, visits.list[first].block, kind, BUFFER_LOCK_SHARE);
    each(first, end, held);
    release(held);
    first = end;
  }
}

void plan_code_visits(Pages& pages, std::span<const NodeId> nodes, std::size_t bytes,
                      Visits& visits) {
  visits.count = nodes.size();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Place place = pages.shape.layout.code_slot(nodes[i]);
    visits.list[i] = {place.block, place.offset, static_cast<std::uint32_t>(i)};
  }
  visits.sort();
  std::array<Spot, kMaxLinks> spots;
  std::array<Buffer, kMaxLinks> buffers;
  for (std::size_t i = 0; i < visits.count; ++i) {
    spots[i] = {visits.list[i].block, visits.list[i].offset};
  }
  prefetch(pages.remembered, spots.data(), visits.count, bytes, PageUse::kPin, buffers.data());
}

/// Calls each(index, slot, code, bytes) for each node's code, as slots have it, its page held
/// meanwhile; with code null if the node is free.
template <class Each>
void visit_codes(Pages& pages, std::span<const NodeId> nodes, Each each) {
  const Layout& layout = pages.shape.layout;
  constexpr CodeSlot kNothing{NodeState::kFree, 0, 0};
  Visits visits;
  plan_code_visits(pages, nodes, layout.code_slot_bytes(), visits);
  if (!layout.has_items()) {
    const std::size_t bytes = codes::slot_bytes(pages.shape.format);
    for_each_page(pages, visits, PageKind::kCodes,
                  [&](std::size_t first, std::size_t end, const Held& held) {
                    for (std::size_t i = first; i < end; ++i) {
                      const auto& visit = visits.list[i];
                      if (held.page == nullptr) {
                        each(visit.index, kNothing, nullptr, 0);
                        continue;
                      }
                      const auto slot = read_at<CodeSlot>(held.page, visit.offset);
                      const char* code = held.page + visit.offset + sizeof slot;
                      const bool free = slot.state == NodeState::kFree;
                      each(visit.index, slot, free ? nullptr : code, bytes);
                    }
                  });
    return;
  }

  // The slot says where the code is: a second round of visits.
  std::array<CodeSlot, kMaxLinks> slots;
  std::array<ItemPlace, kMaxLinks> places;
  Visits items;
  items.count = 0;
  for_each_page(
      pages, visits, PageKind::kCodes, [&](std::size_t first, std::size_t end, const Held& held) {
        for (std::size_t i = first; i < end; ++i) {
          const auto& visit = visits.list[i];
          slots[visit.index] =
              held.page == nullptr ? kNothing : read_at<CodeSlot>(held.page, visit.offset);
          if (slots[visit.index].state == NodeState::kFree) {
            each(visit.index, slots[visit.index], nullptr, 0);
            continue;
          }
          const auto place = read_at<ItemPlace>(held.page, visit.offset + sizeof(CodeSlot));
          const std::size_t end_offset = layout.cell_offset(place.cell) + place.bytes;
          if (end_offset > layout.used_bytes(PageKind::kItems)) {
            raise_corrupted(pages.index, visit.block, "item");
          }
          places[visit.index] = place;
          items.list[items.count++] = {layout.items_block(place.page),
                                       static_cast<std::uint32_t>(layout.cell_offset(place.cell)),
                                       visit.index};
        }
      });
  items.sort();
  for_each_page(
      pages, items, PageKind::kItems, [&](std::size_t first, std::size_t end, const Held& held) {
        for (std::size_t i = first; i < end; ++i) {
          const auto& visit = items.list[i];
          const auto bytes = std::size_t{places[visit.index].bytes};
          const char* code = held.page == nullptr ? nullptr : held.page + visit.offset;
          // The node may have been freed meanwhile, and its cells used again.
          const bool whole =
              code != nullptr && codes::valid_code(pages.shape.format,
                                                   reinterpret_cast<const std::byte*>(code), bytes);
          each(visit.index, whole ? slots[visit.index] : kNothing, whole ? code : nullptr, bytes);
        }
      });
}

void score_unguarded(Pages& pages, const Query& query, std::span<const NodeId> nodes, float limit,
                     NodeScore* out) {
  visit_codes(pages, nodes, [&](std::size_t index, CodeSlot slot, const char* code, std::size_t) {
    out[index] = kFreeScore;
    if (code == nullptr) return;
    const auto* bytes = reinterpret_cast<const std::byte*>(code);
    query.score_slots(&bytes, 1, limit, &out[index].scored);
    out[index].state = slot.state;
    out[index].generation = slot.generation;
  });
}

void links_unguarded(Pages& pages, NodeId node, int layer, LinkList& out) {
  const Params& params = pages.shape.params;
  const Place place = pages.shape.layout.link_slot(node);
  if (layer == 0) {
    const Held held = hold(pages, place.block, PageKind::kLinks, BUFFER_LOCK_SHARE);
    out.count = 0;
    out.state = NodeState::kFree;
    if (held.page != nullptr) {
      read_links(params, reinterpret_cast<const std::byte*>(held.page + place.offset), out);
    }
    release(held);
    return;
  }
  LinkSlot header;
  const std::uint32_t upper = find_upper(pages, node, layer, &header);
  out.count = 0;
  out.state = header.state;
  if (upper == vec::hnsw::kNoUpper) return;
  const Place at = pages.shape.layout.upper_slot(upper);
  const Held held = hold(pages, at.block, PageKind::kUpper, BUFFER_LOCK_SHARE);
  if (held.page != nullptr && read_at<UpperSlot>(held.page, at.offset).owner == node) {
    const auto* slot = reinterpret_cast<const std::byte*>(held.page + at.offset);
    read_list(slot + sizeof(UpperSlot), params.max_links(layer), out);
  }
  release(held);
}

Rows rows_unguarded(Pages& pages, NodeId node, std::uint16_t generation) {
  Rows rows{{}, 0};
  const Place place = pages.shape.layout.link_slot(node);
  const Held held = hold(pages, place.block, PageKind::kLinks, BUFFER_LOCK_SHARE);
  if (held.page != nullptr) {
    const auto slot = read_at<LinkSlot>(held.page, place.offset);
    if (slot.state == NodeState::kLive && slot.generation == generation) {
      for (const RowId& row : slot.rows) {
        if (row.valid()) rows.ids[static_cast<std::size_t>(rows.count++)] = row;
      }
    }
  }
  release(held);
  return rows;
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
  if (known) return {buffer, static_cast<char*>(BufferGetPage(buffer))};
  char* page = page_of_kind(pages.index, buffer, kind);
  if (page != nullptr) remember(pages.remembered, block, buffer);
  return {buffer, page};
}

void read_links(const Params& params, const std::byte* slot, LinkList& out) {
  LinkSlot header;
  std::memcpy(&header, slot, sizeof header);
  out.count = 0;
  out.state = header.state;
  if (header.state == NodeState::kFree) return;
  read_list(slot + sizeof header, params.max_links(0), out);
}

void read_list(const std::byte* list, int limit, LinkList& out) {
  out.count = 0;
  while (out.count < limit) {
    Link link;
    std::memcpy(&link, list + sizeof link * static_cast<std::size_t>(out.count), sizeof link);
    if (link == vec::hnsw::kNoLink) break;
    out.links[static_cast<std::size_t>(out.count++)] = link;
  }
}

std::uint32_t find_upper(Pages& pages, NodeId node, int layer, LinkSlot* header) {
  const Place place = pages.shape.layout.link_slot(node);
  Held held = hold(pages, place.block, PageKind::kLinks, BUFFER_LOCK_SHARE);
  *header = held.page == nullptr ? LinkSlot{} : read_at<LinkSlot>(held.page, place.offset);
  release(held);
  if (header->state == NodeState::kFree || layer > header->level) return vec::hnsw::kNoUpper;
  std::uint32_t upper = header->upper;
  for (int at = 1; at < layer && upper != vec::hnsw::kNoUpper; ++at) {
    const Place slot = pages.shape.layout.upper_slot(upper);
    held = hold(pages, slot.block, PageKind::kUpper, BUFFER_LOCK_SHARE);
    upper = vec::hnsw::kNoUpper;
    if (held.page != nullptr) {
      const auto content = read_at<UpperSlot>(held.page, slot.offset);
      if (content.owner == node) upper = content.next;
    }
    release(held);
  }
  return upper;
}

Store::Store(Relation index, const Shape& shape, bool logged)
    : pages_{index, shape, pg_call([index] { return remembered_buffers(index); }),
             pg_call([index] { return RelationGetNumberOfBlocks(index); }), logged} {}

Store::Store(Relation index) : Store(index, pg_call([index] { return shape_of(index); }), true) {}

MetaPage Store::meta() {
  return pg_call([this] {
    MetaPage out;
    if (!read_meta(pages_.index, &out)) raise_corrupted(pages_.index, 0, "meta page");
    return out;
  });
}

EntryPoint Store::entry() {
  const MetaPage contents = meta();
  if (contents.entry_node == vec::hnsw::kNoNode) return {};
  return {contents.entry_node, std::min(contents.entry_level, vec::hnsw::kMaxLevel)};
}

// Every page of upper slots comes into the index when the nodes have come to where it is.  Levels
// are random, and before that more slots may be wanted than expected; growing to such a page takes
// unused pages of the other kinds along.  So there a node is one of a lower level.
int Store::level_with_room(int level) {
  if (level == 0) return 0;
  const MetaPage contents = meta();
  if (contents.first_free_upper != vec::hnsw::kNoUpper) return level;
  const auto has_room = [&](int wanted) {
    const std::uint32_t last = contents.upper_count + static_cast<std::uint32_t>(wanted) - 1;
    return last < layout().uppers_per_page() ||
           layout().upper_slot(last).block < pages_.block_count;
  };
  while (level > 0 && !has_room(level)) --level;
  return level;
}

NodeId Store::node_count() { return meta().node_count; }

std::uint32_t Store::item_pages() {
  const std::uint32_t count = meta().item_pages;
  pg_call([&] {
    // Memory is taken by this number.
    if (count > RelationGetNumberOfBlocks(pages_.index)) {
      raise_corrupted(pages_.index, 0, "count");
    }
  });
  return count;
}

void Store::links(NodeId node, int layer, LinkList& out) {
  pg_call([&] { links_unguarded(pages_, node, layer, out); });
}

void Store::score(const Query& query, std::span<const NodeId> nodes, float limit, NodeScore* out) {
  pg_call([&] { score_unguarded(pages_, query, nodes, limit, out); });
}

void Store::fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) {
  code_cache_.fetch_codes(nodes, batch, [this](std::span<const NodeId> missing, CodeBatch& into) {
    read_codes(missing, into);
  });
}

void Store::read_codes(std::span<const NodeId> nodes, CodeBatch& batch) {
  const std::size_t stride = (std::size_t{format().code_bytes} + 7) / 8 * 8;
  batch.room.resize(nodes.size() * stride);
  batch.codes.resize(nodes.size());
  batch.states.resize(nodes.size());
  batch.generations.resize(nodes.size());
  for (std::size_t first = 0; first < nodes.size(); first += kMaxLinks) {
    const std::size_t count = std::min<std::size_t>(kMaxLinks, nodes.size() - first);
    pg_call([&] {
      visit_codes(pages_, nodes.subspan(first, count),
                  [&](std::size_t index, CodeSlot slot, const char* code, std::size_t bytes) {
                    const std::size_t at = first + index;
                    std::byte* room = batch.room.data() + at * stride;
                    if (code != nullptr) {
                      codes::take_from_slot(format(), reinterpret_cast<const std::byte*>(code),
                                            bytes, room);
                    }
                    batch.codes[at] = code == nullptr ? nullptr : room;
                    batch.states[at] = slot.state;
                    batch.generations[at] = slot.generation;
                  });
    });
  }
}

void Store::prefetch_links(NodeId node) const {
  const Place place = layout().link_slot(node);
  const Spot spot{place.block, place.offset};
  Buffer buffer;
  prefetch(pages_.remembered, &spot, 1, layout().link_slot_bytes(), PageUse::kPin, &buffer);
}

void Store::check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) {
    pg_call([] { CHECK_FOR_INTERRUPTS(); });
  }
}

Rows Store::rows(NodeId node, std::uint16_t generation) {
  return pg_call([&] { return rows_unguarded(pages_, node, generation); });
}

}  // namespace vec::pg::hnsw

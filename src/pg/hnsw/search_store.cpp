#include "pg/hnsw/search_store.h"

#include "core/codes/slots.h"
#include "pg/hnsw/pages.h"

namespace vec::pg::hnsw {

using vec::hnsw::kMaxLinks;

/// Calls read(slot) with what is at that place.  False if what it read does not count.
template <class Read>
bool SearchStore::look(Place place, Read read) {
  const Buffer buffer = unpinned_.buffer_of(place.block);
  const char* page = unpinned_.look(buffer, place.block);
  if (page == nullptr) return false;
  read(reinterpret_cast<const std::byte*>(page + place.offset));
  return unpinned_.still_there(buffer, place.block);
}

bool SearchStore::look_at_upper_links(NodeId node, int layer, LinkList& out) {
  LinkSlot header;
  if (!look(layout().link_slot(node),
            [&](const std::byte* slot) { std::memcpy(&header, slot, sizeof header); })) {
    return false;
  }
  out.count = 0;
  out.state = header.state;
  if (header.state == NodeState::kFree || layer > header.level) return true;
  std::uint32_t upper = header.upper;
  for (int at = 1; at <= layer && upper != vec::hnsw::kNoUpper; ++at) {
    UpperSlot content;
    const bool seen = look(layout().upper_slot(upper), [&](const std::byte* slot) {
      std::memcpy(&content, slot, sizeof content);
      if (at == layer) read_list(slot + sizeof content, params().max_links(layer), out);
    });
    if (!seen) return false;
    if (content.owner != node) {
      out.count = 0;
      return true;
    }
    upper = content.next;
  }
  return true;
}

void SearchStore::links(NodeId node, int layer, LinkList& out) {
  const bool seen = layer > 0 ? look_at_upper_links(node, layer, out)
                              : look(layout().link_slot(node), [&](const std::byte* slot) {
                                  read_links(params(), slot, out);
                                });
  if (!seen) Store::links(node, layer, out);
}

RowId SearchStore::likely_row(NodeId node) {
  LinkSlot header{};
  const bool seen = look(layout().link_slot(node),
                         [&](const std::byte* slot) { std::memcpy(&header, slot, sizeof header); });
  return seen && header.state == NodeState::kLive ? header.rows[0] : RowId{};
}

void SearchStore::prefetch_links(NodeId node) const {
  const Place place = layout().link_slot(node);
  unpinned_.prefetch({place.block, place.offset}, layout().link_slot_bytes());
}

void SearchStore::prefetch_rows(std::span<const vec::hnsw::Candidate> candidates) const {
  std::array<Spot, kMaxLinks> spots;
  std::array<Buffer, kMaxLinks> buffers;
  const std::size_t count = std::min(candidates.size(), spots.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Place place = layout().link_slot(candidates[i].id);
    spots[i] = {place.block, place.offset};
  }
  unpinned_.prefetch(spots.data(), count, sizeof(LinkSlot), buffers.data());
}

void SearchStore::score(const Query& query, std::span<const NodeId> nodes, float limit,
                        NodeScore* out) {
  if (layout().has_items()) return Store::score(query, nodes, limit, out);
  const std::size_t count = nodes.size();
  std::array<Spot, kMaxLinks> spots;
  std::array<Buffer, kMaxLinks> buffers;
  const bool all = limit == std::numeric_limits<float>::infinity();
  const std::size_t bytes =
      all ? layout().code_slot_bytes() : sizeof(CodeSlot) + codes::slot_head_bytes(format());
  for (std::size_t i = 0; i < count; ++i) {
    const Place place = layout().code_slot(nodes[i]);
    spots[i] = {place.block, place.offset};
  }
  unpinned_.prefetch(spots.data(), count, bytes, buffers.data());

  std::array<std::uint32_t, kMaxLinks> seen;  // which of `nodes` they are of
  std::size_t seen_count = 0;
  std::array<NodeId, kMaxLinks> missed;
  std::array<std::uint32_t, kMaxLinks> missed_at;
  std::size_t missed_count = 0;
  const auto miss = [&](std::size_t i) {
    missed[missed_count] = nodes[i];
    missed_at[missed_count++] = static_cast<std::uint32_t>(i);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const char* page = unpinned_.look(buffers[i], spots[i].block);
    if (page == nullptr) {
      miss(i);
      continue;
    }
    const auto slot = read_at<CodeSlot>(page, spots[i].offset);
    out[i].state = slot.state;
    out[i].generation = slot.generation;
    codes_[seen_count] = reinterpret_cast<const std::byte*>(page + spots[i].offset + sizeof slot);
    seen[seen_count++] = static_cast<std::uint32_t>(i);
  }
  std::array<codes::Scored, kMaxLinks> scored;
  query.score_slots(codes_.data(), seen_count, limit, scored.data());
  for (std::size_t k = 0; k < seen_count; ++k) {
    const std::uint32_t i = seen[k];
    if (out[i].state == NodeState::kFree) {
      out[i] = kFreeScore;
    } else {
      out[i].scored = scored[k];
    }
    if (!unpinned_.still_there(buffers[i], spots[i].block)) miss(i);
  }
  if (missed_count == 0) return;
  std::array<NodeScore, kMaxLinks> late;
  Store::score(query, {missed.data(), missed_count}, limit, late.data());
  for (std::size_t k = 0; k < missed_count; ++k) out[missed_at[k]] = late[k];
}

}  // namespace vec::pg::hnsw

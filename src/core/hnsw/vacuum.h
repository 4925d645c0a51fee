// core/hnsw/vacuum.h
//
// Taking dead rows out of the graph.  The paper (search.h) has no deletion; this is ours.
//
//   1. drop the dead rows; a node left without any becomes dying: still passed through, never a
//      result, never chosen for a neighbour by inserts that begin from here on
//   2. wait for the inserts that had begun, which may have linked to it
//   3. look who lives, and wait for the inserts again, which may have made one of these that has
//      yet to find a parent; give a new parent to whoever lost it, and a new entry point to the
//      graph if need be (reconnect.h)
//   4. give every list that has a dying node the nearest of what it led to instead, and a second
//      link to whoever is led to once (in_links.h)
//   5. free the dying nodes: nobody leads to them any more
//
// A vacuum that is interrupted leaves dying nodes behind; the next one takes them, too.

#ifndef VEC_CORE_HNSW_VACUUM_H_
#define VEC_CORE_HNSW_VACUUM_H_

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/reconnect.h"
#include "core/visited_set.h"

namespace vec::hnsw {

/// Repairs lists after some nodes became dying.  Room is kept from list to list.
template <WriteStore Store>
class Repair {
 public:
  /// dying   one flag a node; nodes beyond its end are not dying
  /// in_links   where links that come to layer 0 are counted
  Repair(Store& store, const std::vector<bool>& dying, InLinks& in_links,
         std::pmr::memory_resource* memory)
      : store_(store), dying_(dying), in_links_(in_links), memory_(memory) {}

  /// Repairs `node`'s links on `layer`, which are `list`, if one of them is dying.
  void list(NodeId node, int layer, const LinkList& list) {
    if (std::none_of(list.view().begin(), list.view().end(),
                     [&](Link link) { return is_dying(node_of(link)); })) {
      return;
    }
    LinkList now = list;
    constexpr int kTries = 100;
    for (int attempt = 0; attempt < kTries; ++attempt) {
      if (now.state != NodeState::kLive || now.count == 0) return;
      if (repair(node, layer, now)) return;
      store_.check_interrupts();
      store_.links(node, layer, now);
    }
    throw Error(ErrorCode::kIndexCorrupted, "hnsw graph not repaired")
        .with_hint("Please REINDEX it.");
  }

 private:
  /// How many dying nodes a repair looks through for living ones behind them.
  static constexpr std::size_t kMaxDyingVisited = 64;

  bool is_dying(NodeId node) const { return node < dying_.size() && dying_[node]; }

  /// Fills nodes_ with the node itself, then the living nodes it has links to, in stay_, then those
  /// it reaches through dying ones.
  void gather(NodeId node, int layer, const LinkList& list) {
    VisitedSet seen(1024, memory_);
    seen.insert(node);
    nodes_.assign(1, node);
    stay_.clear();
    std::vector<NodeId> through;
    for (const Link link : list.view()) {
      const NodeId other = node_of(link);
      if (!seen.insert(other)) continue;
      if (is_dying(other)) {
        through.push_back(other);
      } else {
        nodes_.push_back(other);
        stay_.push_back(link);
      }
    }
    LinkList behind;
    for (std::size_t i = 0; i < through.size() && i < kMaxDyingVisited; ++i) {
      store_.links(through[i], layer, behind);
      for (const Link link : behind.view()) {
        const NodeId other = node_of(link);
        if (seen.insert(other)) (is_dying(other) ? through : nodes_).push_back(other);
      }
    }
  }

  /// Adds to nodes_ what a search from the entry point finds near `code`.
  void search(int layer, const std::byte* code) {
    const EntryPoint entry = store_.entry();
    if (!entry.exists() || entry.level < layer) return;
    const codes::Query query = codes::Query::of_code(store_.format(), code);
    const auto ef = static_cast<std::size_t>(store_.params().ef_construction);
    LayerSearch<Store> search(store_, query, layer, ef, false, memory_);
    search.start(approach(store_, query, entry, layer, ef, memory_));
    for (const Candidate& found : search.sorted_results()) {
      if (std::find(nodes_.begin(), nodes_.end(), found.id) == nodes_.end() &&
          !is_dying(found.id)) {
        nodes_.push_back(found.id);
      }
    }
  }

  /// Leaves twice as many of `candidates` as an insert chooses among (README, "Vacuum"), nearest
  /// first.
  void keep_nearest(std::vector<LinkCandidate>& candidates) const {
    const auto nearer = [this](const LinkCandidate& a, const LinkCandidate& b) {
      return a.distance < b.distance ||
             (a.distance == b.distance && nodes_[a.index] < nodes_[b.index]);
    };
    const auto most = 2 * static_cast<std::size_t>(store_.params().ef_construction);
    if (candidates.size() > most) {
      const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(most);
      std::nth_element(candidates.begin(), end, candidates.end(), nearer);
      candidates.erase(end, candidates.end());
    }
    std::sort(candidates.begin(), candidates.end(), nearer);
  }

  /// One try; false if the list changed meanwhile.
  bool repair(NodeId node, int layer, const LinkList& list) {
    const codes::Format& format = store_.format();
    const auto limit = static_cast<std::size_t>(store_.params().max_links(layer));
    gather(node, layer, list);
    store_.fetch_codes(nodes_, batch_);
    if (batch_.codes[0] == nullptr) return true;
    if (nodes_.size() - 1 < limit / 2) {
      const std::vector<std::byte> own(batch_.codes[0], batch_.codes[0] + own_bytes(format));
      search(layer, own.data());
      store_.fetch_codes(nodes_, batch_);
      if (batch_.codes[0] == nullptr) return true;
    }

    // Living links stay.  Free places go to the nearest of the rest, by the rule first.
    std::vector<LinkCandidate> kept;
    std::vector<LinkCandidate> candidates;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      if (batch_.states[i] != NodeState::kLive) continue;
      const float distance = codes::pair_distance(format, batch_.codes[0], batch_.codes[i]);
      if (i <= stay_.size()) {
        kept.push_back({distance, i, kept_by_rule(stay_[i - 1]), in_tree(stay_[i - 1])});
      } else {
        candidates.push_back({distance, i});
      }
    }
    keep_nearest(candidates);
    const std::size_t stayed = kept.size();
    fill_neighbors(kept, candidates, limit, [&](std::size_t a, std::size_t b) {
      return codes::pair_distance(format, batch_.codes[a], batch_.codes[b]);
    });
    std::array<Link, kMaxLinks> desired;
    std::size_t count = 0;
    for (const LinkCandidate& candidate : kept) {
      desired[count++] = make_link(nodes_[candidate.index], candidate.kept, candidate.tree);
    }
    if (!store_.replace_links(node, layer, list.view(), {desired.data(), count})) return false;

    // The dying ones also led here.  Those that now stand in their place should, too.
    const std::vector<std::byte> code(batch_.codes[0], batch_.codes[0] + own_bytes(format));
    for (std::size_t i = stayed; i < kept.size(); ++i) {
      if (layer == 0) in_links_.add(nodes_[kept[i].index]);
      connect(store_, layer, nodes_[kept[i].index], node, code.data(), false, scratch_);
    }
    return true;
  }

  /// Bytes of batch_'s first code.
  std::size_t own_bytes(const codes::Format& format) const {
    return codes::code_size(format, batch_.codes[0]);
  }

  Store& store_;
  const std::vector<bool>& dying_;
  InLinks& in_links_;
  std::pmr::memory_resource* memory_;
  std::vector<NodeId> nodes_;
  std::vector<Link> stay_;  // [i]: the link to nodes_[1 + i]
  CodeBatch batch_;
  InsertScratch scratch_;
};

/// Drops every row that is_dead(row) names, and the nodes that have none left.  Returns how many
/// nodes were freed.
template <WriteStore Store, class IsDead>
std::size_t remove_dead(Store& store, IsDead is_dead, std::pmr::memory_resource* memory) {
  std::vector<NodeId> dying;
  store.mark_dead(is_dead, dying);
  if (dying.empty()) return 0;
  std::vector<bool> is_dying(store.node_count());
  for (const NodeId node : dying) is_dying[node] = true;
  store.wait_for_inserts();
  Spanned spanned = span_layers(store, memory);

  Repair<Store> repair(store, is_dying, spanned.in_links, memory);
  store.for_each_live([&](NodeId node, int level, const LinkList& base) {
    store.check_interrupts();
    repair.list(node, 0, base);
    LinkList links;
    for (int layer = 1; layer <= level; ++layer) {
      store.links(node, layer, links);
      repair.list(node, layer, links);
    }
  });
  give_second_links(store, spanned);
  // An insert that began before the entry point was replaced may hold the old one.
  store.wait_for_inserts();
  store.free_nodes(dying);
  return dying.size();
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_VACUUM_H_

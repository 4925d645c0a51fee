// core/hnsw/insert.h
//
// Putting a value into the graph: Malkov & Yashunin 2020 (search.h), algorithm 1.  Departures: a
// value whose code is in the graph already joins that node; a node takes up to 2m links on layer
// 0, not m; no page is held while distances are computed, so that a list is replaced only if it
// is still the one that was looked at (HNSW invariant 4).

#ifndef VEC_CORE_HNSW_INSERT_H_
#define VEC_CORE_HNSW_INSERT_H_

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/search.h"
#include "core/hnsw/select_neighbors.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// Room that is kept from insert to insert.
struct InsertScratch {
  CodeBatch candidates;
  CodeBatch neighbors;
  std::vector<NodeId> nodes;
  std::vector<LinkList> lists;
};

/// Whether links are kept for the sake of nodes that nobody else knows.  Not for inner products:
/// there the nearest of all are a few long vectors, short ones are nobody's nearest and no query's
/// answer, and lists that hold on to them lose the way to the long ones (recall fell from .97 to
/// .58 on 10,000 random vectors of 3 dimensions).
inline bool keeps_everyone(const codes::Format& format) {
  return format.metric != codes::Metric::kInnerProduct;
}

/// Whether `node` can be reached on `layer` from a near neighbour other than `without`, or need not
/// be.
template <ReadStore Store>
bool is_known_elsewhere(Store& store, int layer, NodeId node, NodeId without) {
  constexpr int kMostAsked = 8;
  if (!keeps_everyone(store.format())) return true;
  LinkList own;
  LinkList other;
  store.links(node, layer, own);
  if (own.state != NodeState::kLive) return true;
  for (int i = 0; i < std::min(own.count, kMostAsked); ++i) {
    const NodeId neighbor = node_of(own.links[static_cast<std::size_t>(i)]);
    if (neighbor == without) continue;
    store.links(neighbor, layer, other);
    if (other.state != NodeState::kLive) continue;
    for (const Link link : other.view()) {
      if (node_of(link) == node) return true;
    }
  }
  return false;
}

/// Adds a link from `target` to `added` on `layer`, making room if there is none; a node that
/// nobody else near it knows is not dropped for it.
/// added_code   the code of `added`
/// A target that is no longer live is left alone.
struct Connected {
  bool there;
  NodeId dropped;  // who lost a link for it, or kNoNode
};
template <WriteStore Store>
Connected connect(Store& store, int layer, NodeId target, NodeId added, const std::byte* added_code,
                  Adding adding, InsertScratch& scratch) {
  // Each failed try means that somebody else's link got in: rare even with many writers.
  constexpr int kTries = 100;
  const codes::Format& format = store.format();
  const auto limit = static_cast<std::size_t>(store.params().max_links(layer));
  LinkList list;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    store.links(target, layer, list);
    if (list.state != NodeState::kLive) return {false, kNoNode};
    auto& nodes = scratch.nodes;
    nodes.assign(1, target);
    for (const Link link : list.view()) {
      if (node_of(link) == added) return {true, kNoNode};
      nodes.push_back(node_of(link));
    }
    CodeBatch& batch = scratch.neighbors;
    store.fetch_codes(nodes, batch);
    if (batch.codes[0] == nullptr) return {false, kNoNode};

    // Index 0 is the new one from here on, i the i-th link.
    std::vector<LinkCandidate> candidates;
    candidates.reserve(limit + 1);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      if (batch.states[i] != NodeState::kLive) continue;
      candidates.push_back({codes::pair_distance(format, batch.codes[0], batch.codes[i]), i,
                            kept_by_rule(list.links[i - 1])});
    }
    const auto code_of = [&](std::size_t i) { return i == 0 ? added_code : batch.codes[i]; };
    const Added change = add_neighbor(
        candidates, {codes::pair_distance(format, batch.codes[0], added_code), 0, false}, limit,
        adding,
        [&](std::size_t a, std::size_t b) {
          return codes::pair_distance(format, code_of(a), code_of(b));
        },
        [&](std::size_t i) { return is_known_elsewhere(store, layer, nodes[i], target); });
    if (!change.there) return {false, kNoNode};
    const NodeId dropped =
        change.dropped < 0 ? kNoNode : nodes[static_cast<std::size_t>(change.dropped)];

    std::array<Link, kMaxLinks> desired;
    std::size_t count = 0;
    for (const LinkCandidate& candidate : candidates) {
      const NodeId node = candidate.index == 0 ? added : nodes[candidate.index];
      desired[count++] = node | (candidate.kept ? kKeptByRule : 0);
    }
    if (store.replace_links(target, layer, list.view(), {desired.data(), count})) {
      return {true, dropped};
    }
    store.check_interrupts();
  }
  return {false, kNoNode};
}

/// Adds a link to `node` from one of those that `links` leads to, or from one that they hold on to.
/// Where the near ones all hold on to nodes that only they know (hubs of an inner product, sparse
/// vectors of very different length), one of those takes it in.  Returns who was dropped for it.
template <WriteStore Store>
NodeId find_home(Store& store, int layer, NodeId node, const std::byte* code, const LinkList& links,
                 InsertScratch& scratch) {
  for (const Link link : links.view()) {
    const Connected done =
        connect(store, layer, node_of(link), node, code, Adding::kMustStay, scratch);
    if (done.there) return done.dropped;
  }
  if (links.count == 0) return kNoNode;
  LinkList held;
  store.links(node_of(links.links[0]), layer, held);
  for (const Link link : held.view()) {
    if (node_of(link) == node) return kNoNode;
    const Connected done =
        connect(store, layer, node_of(link), node, code, Adding::kMustStay, scratch);
    if (done.there) return done.dropped;
  }
  return connect(store, layer, node_of(links.links[0]), node, code, Adding::kByForce, scratch)
      .dropped;
}

/// Finds a home for a node that lost a link, if that was the last that is known of.
template <WriteStore Store>
void rescue(Store& store, int layer, NodeId node, InsertScratch& scratch) {
  // Each home found may put somebody else out; that ends soon, as most nodes are known to many.
  constexpr int kMostMoves = 8;
  LinkList own;
  for (int move = 0; move < kMostMoves && node != kNoNode; ++move) {
    if (is_known_elsewhere(store, layer, node, kNoNode)) return;
    store.links(node, layer, own);
    store.fetch_codes({&node, 1}, scratch.neighbors);
    if (own.state != NodeState::kLive || scratch.neighbors.codes[0] == nullptr) return;
    const std::vector<std::byte> code(
        scratch.neighbors.codes[0],
        scratch.neighbors.codes[0] + codes::code_size(store.format(), scratch.neighbors.codes[0]));
    node = find_home(store, layer, node, code.data(), own, scratch);
  }
}

/// Adds links to a new node from those it links to on `layer`, nearest first, and sees to it that
/// there is at least one.
template <WriteStore Store>
void connect_back(Store& store, int layer, NodeId node, std::span<const std::byte> code,
                  const LinkList& links, InsertScratch& scratch) {
  bool known = false;
  std::vector<NodeId> dropped;
  for (const Link link : links.view()) {
    const Adding adding = known ? Adding::kIfWorthIt : Adding::kMustStay;
    const Connected done = connect(store, layer, node_of(link), node, code.data(), adding, scratch);
    known = known || done.there;
    if (done.dropped != kNoNode) dropped.push_back(done.dropped);
  }
  if (!known) dropped.push_back(find_home(store, layer, node, code.data(), links, scratch));
  // Somebody else may have dropped the same node from another list at the same time.  Whoever
  // looks last sees it.
  for (const NodeId other : dropped) rescue(store, layer, other, scratch);
}

/// Selects the links of a new node with that code from `found`, whose codes are in `batch`.
/// Distances are taken anew, from code to code: they are compared with such.
inline void choose_links(const codes::Format& format, const std::byte* code,
                         std::span<const Candidate> found, const CodeBatch& batch, int limit,
                         LinkList& out) {
  std::vector<LinkCandidate> candidates;
  candidates.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (batch.states[i] != NodeState::kLive) continue;
    candidates.push_back({codes::pair_distance(format, code, batch.codes[i]), i, false});
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const LinkCandidate& a, const LinkCandidate& b) { return a.distance < b.distance; });
  const auto kept = select_neighbors(
      candidates, static_cast<std::size_t>(limit), [&](std::size_t a, std::size_t b) {
        return codes::pair_distance(format, batch.codes[a], batch.codes[b]);
      });
  out.count = 0;
  out.state = NodeState::kLive;
  for (const LinkCandidate& candidate : kept) {
    out.links[static_cast<std::size_t>(out.count++)] =
        found[candidate.index].id | (candidate.kept ? kKeptByRule : 0);
  }
}

/// Adds the row to a node of `found` that has exactly this code, if there is one with room.
template <WriteStore Store>
bool join_equal(Store& store, std::span<const Candidate> found, const CodeBatch& batch,
                std::span<const std::byte> code, RowId row) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (batch.states[i] != NodeState::kLive) continue;
    if (std::memcmp(batch.codes[i], code.data(), code.size()) != 0) continue;
    if (store.add_row(found[i].id, batch.generations[i], row)) return true;
  }
  return false;
}

/// Finds a new node's links on every layer it shares with the graph.  Returns false if the row
/// joined a node with the same code instead.
template <WriteStore Store>
bool find_links(Store& store, const codes::Query& query, std::span<const std::byte> code, RowId row,
                int level, EntryPoint entry, InsertScratch& scratch,
                std::pmr::memory_resource* memory) {
  scratch.lists.assign(static_cast<std::size_t>(level) + 1, LinkList{});
  if (!entry.exists()) return true;
  std::vector<Candidate> found;
  found.push_back(
      descend(store, query, entry_candidate(store, query, entry), entry.level, level + 1));
  for (int layer = std::min(level, entry.level); layer >= 0; --layer) {
    const auto ef = static_cast<std::size_t>(store.params().ef_construction);
    LayerSearch<Store> search(store, query, layer, ef, false, memory);
    search.start(found);
    const auto results = search.sorted_results();
    if (results.empty()) continue;
    found.assign(results.begin(), results.end());
    scratch.nodes.clear();
    for (const Candidate& candidate : found) scratch.nodes.push_back(candidate.id);
    store.fetch_codes(scratch.nodes, scratch.candidates);
    if (layer == 0 && join_equal(store, found, scratch.candidates, code, row)) return false;
    choose_links(store.format(), code.data(), found, scratch.candidates,
                 store.params().max_links(layer), scratch.lists[static_cast<std::size_t>(layer)]);
  }
  return true;
}

/// Inserts a row.
/// query   made from the row's value
/// code    the value's code
/// level   of the node, if it needs one of its own
/// memory  for the searches
template <WriteStore Store>
void insert(Store& store, const codes::Query& query, std::span<const std::byte> code, RowId row,
            int level, InsertScratch& scratch, std::pmr::memory_resource* memory) {
  // A node that changes the entry point is inserted alone, because two such nodes would not know
  // each other: one that is higher than today's, or one that finds no living node to link to.
  EntryPoint entry;
  for (bool alone = false;; alone = true) {
    store.begin_insert(alone);
    entry = store.entry();
    if (alone || level <= entry.level) {
      if (!find_links(store, query, code, row, level, entry, scratch, memory)) {
        store.end_insert();
        return;
      }
      if (alone || scratch.lists[0].count > 0) break;
    }
    store.end_insert();
  }

  const NodeId node = store.create_node(level, code, row, scratch.lists);
  const bool first = scratch.lists[0].count == 0;
  for (int layer = level; layer >= 0; --layer) {
    const LinkList links = scratch.lists[static_cast<std::size_t>(layer)];
    connect_back(store, layer, node, code, links, scratch);
  }
  if (first || level > entry.level) store.replace_entry(entry.node, {node, level});
  store.end_insert();
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_INSERT_H_

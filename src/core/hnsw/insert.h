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
#include "core/hnsw/connect.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/search.h"
#include "core/hnsw/select_neighbors.h"
#include "core/hnsw/store.h"
#include "core/hnsw/tree.h"

namespace vec::hnsw {

/// Selects the links of a new node with that code from `found`, whose codes are in `batch`.
/// Distances are taken anew, from code to code: they are compared with such.
inline void choose_links(const codes::Format& format, const std::byte* code,
                         std::span<const Candidate> found, const CodeBatch& batch, int limit,
                         LinkList& out) {
  std::vector<LinkCandidate> candidates;
  candidates.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (batch.states[i] != NodeState::kLive) continue;
    candidates.push_back({codes::pair_distance(format, code, batch.codes[i]), i});
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
        make_link(found[candidate.index].id, candidate.kept, false);
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
template <WriteStore Store, ReadStore Searched>
bool find_links(Store& store, Searched& searched, const codes::Query& query,
                std::span<const std::byte> code, RowId row, int level, EntryPoint entry,
                InsertScratch& scratch, std::pmr::memory_resource* memory) {
  scratch.lists.assign(static_cast<std::size_t>(level) + 1, LinkList{});
  if (!entry.exists()) return true;
  const auto ef = static_cast<std::size_t>(store.params().ef_construction);
  std::vector<Candidate> found = approach(searched, query, entry, level, ef, memory);
  for (int layer = std::min(level, entry.level); layer >= 0; --layer) {
    LayerSearch<Searched> search(searched, query, layer, ef, false, memory);
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
/// searched  the same graph, to find neighbours in; what is decided by is read from `store`
/// query   made from the row's value
/// code    the value's code
/// level   of the node, if it needs one of its own
/// memory  for the searches
template <WriteStore Store, ReadStore Searched>
void insert(Store& store, Searched& searched, const codes::Query& query,
            std::span<const std::byte> code, RowId row, int level, InsertScratch& scratch,
            std::pmr::memory_resource* memory) {
  // A node that changes the entry point is inserted alone, because two such nodes would not know
  // each other: one that is higher than today's, or one that finds no living node to link to.
  EntryPoint entry;
  for (bool alone = false;; alone = true) {
    store.begin_insert(alone);
    entry = store.entry();
    if (alone || level <= entry.level) {
      if (!find_links(store, searched, query, code, row, level, entry, scratch, memory)) {
        store.end_insert();
        return;
      }
      if (alone || scratch.lists[0].count > 0) break;
    }
    store.end_insert();
  }

  const NodeId node = store.create_node(level, code, row, scratch.lists);
  // A node has a parent, or is the root, before anybody comes to know it.  So the lowest layer comes
  // first: whoever knows a node on one layer comes down to it on all below.
  const bool is_high = level > entry.level || scratch.lists[0].count == 0;
  if (is_high) become_entry(store, {node, level}, code, scratch);
  for (int layer = 0; layer <= level; ++layer) {
    const LinkList links = scratch.lists[static_cast<std::size_t>(layer)];
    if (!is_high) join_tree(store, layer, node, code, links, scratch);
    connect_back(store, layer, node, code, links, scratch);
  }
  store.end_insert();
}

template <WriteStore Store>
void insert(Store& store, const codes::Query& query, std::span<const std::byte> code, RowId row,
            int level, InsertScratch& scratch, std::pmr::memory_resource* memory) {
  insert(store, store, query, code, row, level, scratch, memory);
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_INSERT_H_

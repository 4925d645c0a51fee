// core/hnsw/connect.h
//
// Adding a link to a list that may be full, and the tree that keeps every node reachable.
//
// Dropping the worst link to make room, as HNSW does (search.h has the paper), leaves nodes to
// which nobody links any more: where hubs exist (inner products, L1 between sparse vectors) a tenth
// and more.  So each node but the entry point is the child of one other, its parent: a link of the
// parent's list is marked as leading to it, and such links are never dropped.  Parents were there
// first, so the marked links of a layer form a tree that spans it, with the entry point as its root
// (HNSW invariant 8).  It takes one link in thirty-two, and nothing has to be asked of other nodes
// to know whether a link may go.  tree.h finds parents.

#ifndef VEC_CORE_HNSW_CONNECT_H_
#define VEC_CORE_HNSW_CONNECT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/select_neighbors.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// Room that is kept from insert to insert.
struct InsertScratch {
  CodeBatch candidates;
  CodeBatch neighbors;
  CodeBatch single;
  std::vector<NodeId> nodes;
  std::vector<NodeId> dying;
  std::vector<LinkList> lists;
};

inline int child_count(std::span<const Link> links) {
  return static_cast<int>(std::count_if(links.begin(), links.end(), in_tree));
}

/// Sets scratch.dying to the children among `links` that a vacuum has found dead and that nobody is
/// below.
template <WriteStore Store>
void find_idle_children(Store& store, int layer, std::span<const Link> links,
                        InsertScratch& scratch) {
  auto& children = scratch.nodes;
  children.clear();
  for (const Link link : links) {
    if (in_tree(link)) children.push_back(node_of(link));
  }
  store.fetch_codes(children, scratch.neighbors);
  LinkList below;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (scratch.neighbors.states[i] == NodeState::kLive) continue;
    store.links(children[i], layer, below);
    if (child_count(below.view()) == 0) scratch.dying.push_back(children[i]);
  }
}

/// Adds a link from `target` to `added` on `layer`, making room if there is none.
/// added_code   the code of `added`
/// as_child     the link becomes one of the tree. Dying children that nobody is below make room for
///              it: living ones below others may wait for a vacuum to give them a parent
/// unneeded     another dying child that may make room, or kNoNode
///
/// Returns whether it is there now.  False if `target` is no longer live; as a child: or has as
/// many children as it may have; else: or the new one was the one to leave out.
template <WriteStore Store>
bool connect(Store& store, int layer, NodeId target, NodeId added, const std::byte* added_code,
             bool as_child, InsertScratch& scratch, NodeId unneeded = kNoNode) {
  // Each failed try means that somebody else's link got in: rare even with many writers.
  constexpr int kTries = 100;
  const codes::Format& format = store.format();
  const auto limit = static_cast<std::size_t>(store.params().max_links(layer));
  LinkList list;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    store.check_interrupts();
    store.links(target, layer, list);
    if (list.state != NodeState::kLive) return false;
    const std::span<const Link> links = list.view();
    const auto present =
        std::find_if(links.begin(), links.end(), [&](Link link) { return node_of(link) == added; });
    if (present != links.end() && (!as_child || in_tree(*present))) return true;
    scratch.dying.clear();
    if (as_child && child_count(links) >= store.params().max_children(layer)) {
      find_idle_children(store, layer, links, scratch);
      const bool has_unneeded = std::any_of(links.begin(), links.end(), [&](Link link) {
        return in_tree(link) && node_of(link) == unneeded;
      });
      if (has_unneeded) scratch.dying.push_back(unneeded);
      if (scratch.dying.empty()) return false;
    }

    const auto stays_child = [&](Link link) {
      return in_tree(link) &&
             std::count(scratch.dying.begin(), scratch.dying.end(), node_of(link)) == 0;
    };

    std::array<Link, kMaxLinks> desired;
    std::size_t count = 0;
    if (present != links.end()) {
      for (const Link link : links) {
        const bool tree = node_of(link) == added || stays_child(link);
        desired[count++] = make_link(node_of(link), kept_by_rule(link), tree);
      }
    } else {
      auto& nodes = scratch.nodes;
      nodes.assign(1, target);
      for (const Link link : links) nodes.push_back(node_of(link));
      CodeBatch& batch = scratch.neighbors;
      store.fetch_codes(nodes, batch);
      if (batch.codes[0] == nullptr) return false;

      // Index 0 is the new one from here on, i the i-th link.
      std::vector<LinkCandidate> candidates;
      candidates.reserve(limit + 1);
      for (std::size_t i = 1; i < nodes.size(); ++i) {
        // A dying child stays: living ones below it may wait for a vacuum to give them a parent.
        const bool child = stays_child(links[i - 1]);
        if (batch.states[i] != NodeState::kLive && !child) continue;
        if (batch.codes[i] == nullptr) continue;
        candidates.push_back({codes::pair_distance(format, batch.codes[0], batch.codes[i]), i,
                              kept_by_rule(links[i - 1]), child});
      }
      const auto code_of = [&](std::size_t i) { return i == 0 ? added_code : batch.codes[i]; };
      if (!add_neighbor(
              candidates,
              {codes::pair_distance(format, batch.codes[0], added_code), 0, false, as_child}, limit,
              [&](std::size_t a, std::size_t b) {
                return codes::pair_distance(format, code_of(a), code_of(b));
              })) {
        return false;
      }
      for (const LinkCandidate& candidate : candidates) {
        const NodeId node = candidate.index == 0 ? added : nodes[candidate.index];
        desired[count++] = make_link(node, candidate.kept, candidate.tree);
      }
    }
    if (store.replace_links(target, layer, links, {desired.data(), count})) return true;
  }
  return false;
}

/// Adds links to a new node from those it links to on `layer`, nearest first.
template <WriteStore Store>
void connect_back(Store& store, int layer, NodeId node, std::span<const std::byte> code,
                  const LinkList& links, InsertScratch& scratch) {
  for (const Link link : links.view()) {
    connect(store, layer, node_of(link), node, code.data(), false, scratch);
  }
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_CONNECT_H_

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
// to know whether a link may go.

#ifndef VEC_CORE_HNSW_CONNECT_H_
#define VEC_CORE_HNSW_CONNECT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

/// Sets scratch.dying to those children among `links` that need no parent any more: a vacuum has
/// found them dead, and nobody is below them.  If all children are dying it is all of them, since
/// somebody must take in whoever has no parent.
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
  bool all = true;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const bool live = scratch.neighbors.states[i] == NodeState::kLive;
    all = all && !live;
    if (live) continue;
    store.links(children[i], layer, below);
    if (child_count(below.view()) == 0) scratch.dying.push_back(children[i]);
  }
  if (all && scratch.dying.empty()) scratch.dying = children;
}

/// Adds a link from `target` to `added` on `layer`, making room if there is none.
/// added_code   the code of `added`
/// as_child     the link becomes one of the tree
///
/// Returns whether it is there now.  False if `target` is no longer live; as a child: or has as
/// many children as it may have; else: or the new one was the one to leave out.
template <WriteStore Store>
bool connect(Store& store, int layer, NodeId target, NodeId added, const std::byte* added_code,
             bool as_child, InsertScratch& scratch) {
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

/// An order of a node's possible parents that differs from node to node, and has nothing to do with
/// how the tree has grown: a regular one made chains of copies.
inline float any_rank(NodeId node, NodeId parent) {
  std::uint64_t x = (std::uint64_t{node} << 32 | parent) + 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return static_cast<float>(x >> 40);
}

/// Finds `node` a parent: one of `near`, nearest first, or, where those have all the children they
/// may have, the nearest of the children of the nearest, and so on.  After a few steps it is any of
/// the children: the way to a leaf is short then, however many copies of one value there are.
/// is_rooted(n)   of one of `near`: whether it may be the parent, not being a descendant of `node`.
///                Its own descendants may then, too: also those that the caller does not know of
///                because they were inserted meanwhile
/// Returns false if nobody could be found.
template <WriteStore Store, class IsRooted>
bool find_parent(Store& store, int layer, NodeId node, const std::byte* code,
                 std::span<const NodeId> near, IsRooted is_rooted, InsertScratch& scratch) {
  constexpr std::size_t kMostAsked = 16;
  constexpr int kNearestSteps = 3;
  constexpr int kDeepest = 1000;
  NodeId start = kNoNode;
  std::size_t asked = 0;
  for (const NodeId candidate : near) {
    if (candidate == node || !is_rooted(candidate)) continue;
    if (asked++ == kMostAsked) break;
    if (connect(store, layer, candidate, node, code, true, scratch)) return true;
    if (start == kNoNode) start = candidate;
  }
  LinkList list;
  std::vector<NodeId> children;
  for (int depth = 0; depth < kDeepest && start != kNoNode; ++depth) {
    store.check_interrupts();
    store.links(start, layer, list);
    children.clear();
    for (const Link link : list.view()) {
      if (in_tree(link) && node_of(link) != node) children.push_back(node_of(link));
    }
    if (children.empty()) return false;
    start = kNoNode;
    store.fetch_codes(children, scratch.neighbors);
    const CodeBatch& batch = scratch.neighbors;
    float best = 0;
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (batch.states[i] != NodeState::kLive) continue;
      const float rank = depth < kNearestSteps
                             ? codes::pair_distance(store.format(), code, batch.codes[i])
                             : any_rank(node, children[i]);
      if (start != kNoNode && rank >= best) continue;
      best = rank;
      start = children[i];
    }
    if (start != kNoNode && connect(store, layer, start, node, code, true, scratch)) return true;
  }
  return false;
}

/// Gives a new node a parent, if there is anybody: one of those it links to on `layer`, or below
/// those.  Comes before connect_back: nobody knows a node that is not in the tree.
template <WriteStore Store>
void join_tree(Store& store, int layer, NodeId node, std::span<const std::byte> code,
               const LinkList& links, InsertScratch& scratch) {
  std::array<NodeId, kMaxLinks> near;
  std::size_t count = 0;
  for (const Link link : links.view()) near[count++] = node_of(link);
  if (count == 0) {
    // On this layer the search has come to nobody but dying nodes.
    const EntryPoint entry = store.entry();
    if (entry.exists() && entry.level >= layer) near[count++] = entry.node;
  }
  // Nobody is found only if a vacuum takes them all away at this moment.  It waits for this insert
  // before it looks for nodes without a parent.
  find_parent(
      store, layer, node, code.data(), {near.data(), count}, [](NodeId) { return true; }, scratch);
}

/// Adds links to a new node from those it links to on `layer`, nearest first.
template <WriteStore Store>
void connect_back(Store& store, int layer, NodeId node, std::span<const std::byte> code,
                  const LinkList& links, InsertScratch& scratch) {
  for (const Link link : links.view()) {
    connect(store, layer, node_of(link), node, code.data(), false, scratch);
  }
}

/// Makes `node` the entry point and the one before it a child of `node`; or, if there is one on as
/// high a layer by now, `node` one of those below it.
template <WriteStore Store>
void become_entry(Store& store, EntryPoint node, std::span<const std::byte> code,
                  InsertScratch& scratch) {
  const auto anybody = [](NodeId) { return true; };
  for (;;) {
    const EntryPoint entry = store.entry();
    if (entry.exists()) {
      store.fetch_codes({&entry.node, 1}, scratch.single);
      const bool live = scratch.single.states[0] == NodeState::kLive;
      const bool stays = live && entry.level >= node.level;
      for (int layer = 0; live && layer <= std::min(entry.level, node.level); ++layer) {
        if (stays) {
          find_parent(store, layer, node.node, code.data(), {&entry.node, 1}, anybody, scratch);
        } else {
          connect(store, layer, node.node, entry.node, scratch.single.codes[0], true, scratch);
        }
      }
      if (stays) return;
    }
    if (store.replace_entry(entry.node, node)) return;
  }
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_CONNECT_H_

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
#include <set>
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

/// Sets scratch.dying to those children among `links` that a vacuum has found dead and that nobody
/// is below: living ones below others may wait for a parent.  With `any` it is the first dying one.
template <WriteStore Store>
void find_dying_children(Store& store, int layer, std::span<const Link> links, bool any,
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
    if (!any) store.links(children[i], layer, below);
    if (any || child_count(below.view()) == 0) scratch.dying.push_back(children[i]);
    if (any) return;
  }
}

/// What a link leads to.
enum class As {
  kNeighbor,  // no more than that
  kChild,     // a child; dying ones that nobody is below make room for it
  kHeir,      // a child; a dying one makes room for it, and goes below it.  For vacuum, which will
              // repair the list
  kOnlyHeir,  // a child; a dying one makes room for it, which nobody alive may be below
};

template <WriteStore Store>
void put_below(Store& store, int layer, NodeId node, NodeId top, InsertScratch& scratch);

/// Adds a link from `target` to `added` on `layer`, making room if there is none.
/// added_code   the code of `added`
///
/// Returns whether it is there now.  False if `target` is no longer live; as a child: or has as
/// many children as it may have; else: or the new one was the one to leave out.
template <WriteStore Store>
bool connect(Store& store, int layer, NodeId target, NodeId added, const std::byte* added_code,
             As as, InsertScratch& scratch) {
  const bool as_child = as != As::kNeighbor;
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
      find_dying_children(store, layer, links, as != As::kChild, scratch);
      if (scratch.dying.empty()) return false;
      if (as == As::kHeir) {
        const NodeId dying = scratch.dying.front();
        put_below(store, layer, dying, added, scratch);
        scratch.dying.assign(1, dying);
      }
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
/// as             any but kNeighbor
/// pass_dying     whether the way may lead through dying nodes.  Not if `node` itself may be below
///                one
/// Returns false if nobody could be found.
template <WriteStore Store, class IsRooted>
bool find_parent(Store& store, int layer, NodeId node, const std::byte* code,
                 std::span<const NodeId> near, IsRooted is_rooted, As as, bool pass_dying,
                 InsertScratch& scratch) {
  constexpr std::size_t kMostAsked = 16;
  constexpr std::size_t kNearestSteps = 3;
  constexpr std::size_t kMostSteps = 10000;
  std::vector<NodeId> todo;
  for (const NodeId candidate : near) {
    if (candidate == node || !is_rooted(candidate)) continue;
    if (todo.size() == kMostAsked) break;
    if (connect(store, layer, candidate, node, code, as, scratch)) return true;
    todo.push_back(candidate);
  }
  std::size_t asked = todo.size();  // that many at the front of `todo`
  std::reverse(todo.begin(), todo.end());
  // A link of a dying node may lead to one that has another parent by now, and so in a circle.
  std::set<NodeId> seen(todo.begin(), todo.end());
  seen.insert(node);
  struct Child {
    bool is_dying;
    float rank;
    NodeId node;
  };
  std::vector<Child> ranked;
  std::vector<NodeId> children;
  LinkList list;
  for (std::size_t step = 0; step < kMostSteps && !todo.empty(); ++step) {
    store.check_interrupts();
    const NodeId parent = todo.back();
    todo.pop_back();
    if (todo.size() >= asked && connect(store, layer, parent, node, code, as, scratch)) return true;
    asked = std::min(asked, todo.size());
    store.links(parent, layer, list);
    children.clear();
    for (const Link link : list.view()) {
      if (in_tree(link) && seen.insert(node_of(link)).second) children.push_back(node_of(link));
    }
    store.fetch_codes(children, scratch.neighbors);
    const CodeBatch& batch = scratch.neighbors;
    ranked.clear();
    for (std::size_t i = 0; i < children.size(); ++i) {
      const bool is_dying = batch.states[i] != NodeState::kLive;
      if (batch.codes[i] == nullptr || (is_dying && !pass_dying)) continue;
      const float rank = step < kNearestSteps
                             ? codes::pair_distance(store.format(), code, batch.codes[i])
                             : any_rank(node, children[i]);
      ranked.push_back({is_dying, rank, children[i]});
    }
    // The first to be asked comes last.
    std::sort(ranked.begin(), ranked.end(), [](const Child& a, const Child& b) {
      return a.is_dying != b.is_dying ? a.is_dying : a.rank > b.rank;
    });
    for (const Child& child : ranked) todo.push_back(child.node);
  }
  return false;
}

/// Puts `node`, which may be dying, below `top`: among its children or theirs.
template <WriteStore Store>
void put_below(Store& store, int layer, NodeId node, NodeId top, InsertScratch& scratch) {
  store.fetch_codes({&node, 1}, scratch.single);
  if (scratch.single.codes[0] == nullptr) return;
  const auto is_top = [&](NodeId other) { return other == top; };
  for (const As as : {As::kChild, As::kOnlyHeir}) {
    if (find_parent(store, layer, node, scratch.single.codes[0], {&top, 1}, is_top, as, true,
                    scratch)) {
      return;
    }
  }
}

/// Gives a new node a parent on `layer`: one of those it links to, or below those, or anybody.  The
/// way may lead through dying nodes: what lives below them waits for a vacuum to get another
/// parent, and has `node` with it until then.  Comes before connect_back: nobody knows a node that
/// is not in the tree. Returns false if nobody was found to be alive there.
template <WriteStore Store>
bool join_tree(Store& store, int layer, NodeId node, std::span<const std::byte> code,
               const LinkList& links, InsertScratch& scratch) {
  std::vector<NodeId> near;
  for (const Link link : links.view()) near.push_back(node_of(link));
  const auto anybody = [](NodeId) { return true; };
  const auto find = [&](As as) {
    return find_parent(store, layer, node, code.data(), near, anybody, as, true, scratch);
  };
  if (find(As::kChild)) return true;
  const EntryPoint entry = store.entry();
  if (entry.exists() && entry.level >= layer) {
    near.assign(1, entry.node);
    if (find(As::kChild)) return true;
  }
  // Nobody lives below the dying ones that are to make room, or there would have been room.
  return find(As::kOnlyHeir);
}

/// Adds links to a new node from those it links to on `layer`, nearest first.
template <WriteStore Store>
void connect_back(Store& store, int layer, NodeId node, std::span<const std::byte> code,
                  const LinkList& links, InsertScratch& scratch) {
  for (const Link link : links.view()) {
    connect(store, layer, node_of(link), node, code.data(), As::kNeighbor, scratch);
  }
}

/// Makes `node` the entry point and the one before it a child of `node`; or, if there is one on as
/// high a layer, `node` one of those below it.  The one before must have been live when this insert
/// began: then it may be linked to also if it is dying by now, as a vacuum waits for this insert.
template <WriteStore Store>
void become_entry(Store& store, EntryPoint node, std::span<const std::byte> code,
                  InsertScratch& scratch) {
  for (;;) {
    const EntryPoint entry = store.entry();
    const bool stays = entry.level >= node.level;
    bool has_parent = false;
    for (int layer = 0; layer <= std::min(entry.level, node.level); ++layer) {
      if (stays) {
        const bool joined = join_tree(store, layer, node.node, code, LinkList{}, scratch);
        has_parent = has_parent || (layer == 0 && joined);
      } else {
        store.fetch_codes({&entry.node, 1}, scratch.single);
        if (scratch.single.codes[0] == nullptr) break;
        connect(store, layer, node.node, entry.node, scratch.single.codes[0], As::kChild, scratch);
      }
    }
    if (has_parent || store.replace_entry(entry.node, node)) return;
  }
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_CONNECT_H_

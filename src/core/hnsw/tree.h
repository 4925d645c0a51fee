// core/hnsw/tree.h
//
// Finding every node a parent (connect.h says what the tree is for).
//
// Between a vacuum's finding nodes dead and its freeing them, and for long if it was interrupted,
// the way to a live node may lead over dying ones.  So these keep their places until nobody needs
// them (HNSW invariant 9).

#ifndef VEC_CORE_HNSW_TREE_H_
#define VEC_CORE_HNSW_TREE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/connect.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// An order of a node's possible parents that differs from node to node, and has nothing to do with
/// how the tree has grown: a regular one made chains of copies.
inline float any_rank(NodeId node, NodeId parent) {
  std::uint64_t x = (std::uint64_t{node} << 32 | parent) + 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return static_cast<float>(x >> 40);
}

/// Where a parent is looked for.
enum class Way {
  kLive,        // over live nodes only.  If the node itself may be below dying ones
  kDisplacing,  // likewise; a dying child makes room and goes below the node.  For vacuum, which
                // will repair the node's list
  kDying,       // over dying nodes, too
  kUnneeded,    // likewise, and in the end in the place of a dying one which is not needed to come
                // to any live one from where the way begins
};

/// Where a way has been.
struct Step {
  NodeId node;
  std::size_t from;  // the step that led to it; its own for one of those the way begins with
  bool is_dying;
  bool is_needed;  // to come to a live node, or it is not known
};

template <WriteStore Store>
void put_below(Store& store, int layer, NodeId node, NodeId top, NodeId except,
               InsertScratch& scratch);

/// Makes `node` a child of `parent` in the place of a dying one, and that one of those below
/// `node`: whoever lives below it stays within reach.
template <WriteStore Store>
bool displace(Store& store, int layer, NodeId parent, NodeId node, const std::byte* code,
              InsertScratch& scratch) {
  LinkList list;
  store.links(parent, layer, list);
  LinkList child;
  for (const Link link : list.view()) {
    if (!in_tree(link)) continue;
    store.links(node_of(link), layer, child);
    if (child.state == NodeState::kLive) continue;
    put_below(store, layer, node_of(link), node, parent, scratch);
    return connect(store, layer, parent, node, code, true, scratch, node_of(link));
  }
  return false;
}

/// Finds `node` a parent: one of `near`, nearest first, or, where those have all the children they
/// may have, the nearest of the children of the nearest, and so on.  After a few steps it is any of
/// the children: the way to a leaf is short then, however many copies of one value there are.
/// is_rooted(n)   of one of `near`: whether it may be the parent, not being a descendant of `node`.
///                Its own descendants may then, too: also those that the caller does not know of
///                because they were inserted meanwhile
/// except         is not asked
/// Returns false if nobody could be found.
template <WriteStore Store, class IsRooted>
bool find_parent(Store& store, int layer, NodeId node, const std::byte* code,
                 std::span<const NodeId> near, IsRooted is_rooted, Way way, InsertScratch& scratch,
                 NodeId except = kNoNode) {
  constexpr std::size_t kMostAsked = 16;
  constexpr std::size_t kNearestSteps = 3;
  constexpr std::size_t kMostSteps = 10000;
  const auto ask = [&](NodeId parent) {
    if (parent == except) return false;
    if (connect(store, layer, parent, node, code, true, scratch)) return true;
    return way == Way::kDisplacing && displace(store, layer, parent, node, code, scratch);
  };
  std::vector<Step> steps;
  for (const NodeId candidate : near) {
    if (candidate == node || !is_rooted(candidate)) continue;
    if (steps.size() == kMostAsked) break;
    if (ask(candidate)) return true;
    steps.push_back({candidate, steps.size(), false, true});
  }
  const bool over_dying = way == Way::kDying || way == Way::kUnneeded;
  const std::size_t asked = steps.size();
  std::vector<std::size_t> todo;
  // A link of a dying node may lead to one that has another parent by now, and so in a circle.
  std::set<NodeId> seen{node};
  for (std::size_t i = asked; i-- > 0;) {
    todo.push_back(i);
    seen.insert(steps[i].node);
  }
  std::vector<std::pair<NodeId, NodeId>> twice;  // who leads to a dying one that was seen before
  std::vector<std::pair<float, Step>> ranked;
  std::vector<NodeId> children;
  LinkList list;
  for (std::size_t count = 0; count < kMostSteps && !todo.empty(); ++count) {
    store.check_interrupts();
    const std::size_t at = todo.back();
    const NodeId parent = steps[at].node;
    todo.pop_back();
    if (at >= asked && ask(parent)) return true;
    store.links(parent, layer, list);
    steps[at].is_needed = list.state == NodeState::kLive;
    children.clear();
    for (const Link link : list.view()) {
      if (in_tree(link)) children.push_back(node_of(link));
    }
    store.fetch_codes(children, scratch.neighbors);
    const CodeBatch& batch = scratch.neighbors;
    ranked.clear();
    for (std::size_t i = 0; i < children.size(); ++i) {
      const bool is_dying = batch.states[i] != NodeState::kLive;
      if (batch.codes[i] == nullptr || (is_dying && !over_dying)) continue;
      if (!seen.insert(children[i]).second) {
        if (is_dying) twice.emplace_back(parent, children[i]);
        continue;
      }
      const float rank = count < kNearestSteps
                             ? codes::pair_distance(store.format(), code, batch.codes[i])
                             : any_rank(node, children[i]);
      ranked.push_back({rank, {children[i], at, is_dying, true}});
    }
    // Live ones are asked first, and those last in the list.
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      return a.second.is_dying != b.second.is_dying ? a.second.is_dying : a.first > b.first;
    });
    for (const auto& [rank, step] : ranked) {
      todo.push_back(steps.size());
      steps.push_back(step);
    }
  }
  if (way != Way::kUnneeded) return false;
  for (std::size_t i = steps.size(); i-- > asked;) {
    Step& from = steps[steps[i].from];
    from.is_needed = from.is_needed || steps[i].is_needed;
    if (!steps[i].is_needed) twice.emplace_back(from.node, steps[i].node);
  }
  return std::any_of(twice.begin(), twice.end(), [&](const auto& link) {
    return link.first != except &&
           connect(store, layer, link.first, node, code, true, scratch, link.second);
  });
}

/// Puts `node`, which may be dying, below `top`: among its children or theirs, but not of `except`.
template <WriteStore Store>
void put_below(Store& store, int layer, NodeId node, NodeId top, NodeId except,
               InsertScratch& scratch) {
  store.fetch_codes({&node, 1}, scratch.single);
  if (scratch.single.codes[0] == nullptr) return;
  const auto is_top = [&](NodeId other) { return other == top; };
  find_parent(store, layer, node, scratch.single.codes[0], {&top, 1}, is_top, Way::kUnneeded,
              scratch, except);
}

/// Gives a new node a parent on `layer`: one of those it links to, or below those, or anybody.  The
/// way may lead over dying nodes: what lives below them waits for a vacuum to get another parent,
/// and has `node` with it until then.  Comes before connect_back: nobody knows a node that is not
/// in the tree. Returns false if nobody was found to be alive there.
template <WriteStore Store>
bool join_tree(Store& store, int layer, NodeId node, std::span<const std::byte> code,
               const LinkList& links, InsertScratch& scratch) {
  std::vector<NodeId> near;
  for (const Link link : links.view()) near.push_back(node_of(link));
  const auto anybody = [](NodeId) { return true; };
  const auto find = [&](Way way) {
    return find_parent(store, layer, node, code.data(), near, anybody, way, scratch);
  };
  if (find(Way::kDying)) return true;
  const EntryPoint entry = store.entry();
  if (!entry.exists() || entry.level < layer) return false;
  near.assign(1, entry.node);
  return find(Way::kUnneeded);
}

/// Makes `node` the entry point and the one before it a child of `node`; or, if there is one on as
/// high a layer, `node` one of those below it.  The one before may be dying, and nevertheless be
/// linked to, as it has others below it: a vacuum replaces it first, waits for inserts that may
/// hold it, and repairs lists after that.
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
        connect(store, layer, node.node, entry.node, scratch.single.codes[0], true, scratch);
      }
    }
    if (has_parent || store.replace_entry(entry.node, node)) return;
  }
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_TREE_H_

// core/hnsw/reconnect.h
//
// Seeing to it that the tree spans every layer again (tree.h, HNSW invariant 8): after vacuum
// has found nodes dead, and after a build that links nodes without regard to it.
//
//   1. walk the tree from the entry point
//   2. whoever it did not come to, but who is linked by somebody that it came to: that link joins
//      the tree
//   3. whoever is left gets a parent among the nearest that the tree has come to, found by a search
//      from the entry point, which cannot end inside a group that only knows itself
//
// The walk comes to every list, so it counts the links that lead to each node, too (in_links.h).
//
// One to two passes over the links, about 0.1 us a node in memory.

#ifndef VEC_CORE_HNSW_RECONNECT_H_
#define VEC_CORE_HNSW_RECONNECT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/hnsw/in_links.h"
#include "core/hnsw/search.h"
#include "core/hnsw/tree.h"

namespace vec::hnsw {

/// Spans one layer of a graph.
template <WriteStore Store>
class Spanning {
 public:
  /// live   the layer's live nodes; later ones are not looked at
  /// root   one of them: the entry point, or what was when `live` was made. A later one has it for
  ///        a child.
  /// in_links   where the layer's links are counted; may be null
  Spanning(Store& store, int layer, NodeId root, const std::vector<bool>& live, InLinks* in_links,
           std::pmr::memory_resource* memory)
      : store_(store),
        layer_(layer),
        root_(root),
        in_links_(in_links),
        memory_(memory),
        live_(live),
        rooted_(live.size()),
        missing_(static_cast<std::size_t>(std::count(live.begin(), live.end(), true))) {}

  /// Returns how many links were added.
  std::size_t run() {
    root({&root_, 1});
    fresh_.clear();
    const int most = store_.params().max_children(layer_);
    // Few children each first: a list of links that may not be dropped learns nothing new.
    for (const int children : {std::max(1, most / 4), most}) {
      for (NodeId node = 0; node < rooted_.size() && missing_ > 0; ++node) {
        if (!rooted_[node]) continue;
        take_in(node, children);
        take_in_fresh(children);
      }
    }
    std::size_t added = 0;
    for (NodeId node = 0; node < rooted_.size() && missing_ > 0; ++node) {
      if (!is_missing(node) || !adopt(node)) continue;
      ++added;
      if (in_links_ != nullptr) in_links_->add(node);
      root({&node, 1});
      take_in_fresh(most);
    }
    return added;
  }

 private:
  bool is_rooted(NodeId node) const { return node < rooted_.size() && rooted_[node]; }
  bool is_missing(NodeId node) const {
    return node < rooted_.size() && live_[node] && !rooted_[node];
  }

  /// Notes that `tops`, and with them what is below them in the tree, can be reached.
  void root(std::span<const NodeId> tops) {
    std::vector<NodeId> below;
    const auto note = [&](NodeId node) {
      rooted_[node] = true;
      --missing_;
      fresh_.push_back(node);
      below.push_back(node);
    };
    for (const NodeId top : tops) {
      if (is_missing(top)) note(top);
    }
    while (!below.empty()) {
      const NodeId node = below.back();
      below.pop_back();
      std::array<Link, kMaxLinks> desired;
      for (bool done = false; !done;) {
        store_.check_interrupts();
        store_.links(node, layer_, list_);
        std::size_t count = 0;
        done = true;
        for (Link link : list_.view()) {
          const NodeId child = node_of(link);
          if (in_tree(link) && is_missing(child)) {
            note(child);
            mine_.insert(child);
          } else if (in_tree(link) && is_rooted(child) && mine_.count(child) == 0) {
            // It has another parent by now.
            link &= ~kTreeLink;
            done = false;
          }
          desired[count++] = link;
        }
        if (!done && list_.state == NodeState::kLive) {
          done = store_.replace_links(node, layer_, list_.view(), {desired.data(), count});
        } else {
          done = true;
        }
      }
      if (in_links_ != nullptr && list_.state == NodeState::kLive) in_links_->add(list_.view());
      mine_.clear();
    }
  }

  /// Lets `node` take those it has links to, and that are missing, for children, unless it has
  /// `most` by then.
  void take_in(NodeId node, int most) {
    std::vector<NodeId> taken;
    std::array<Link, kMaxLinks> desired;
    for (bool done = false; !done;) {
      store_.check_interrupts();
      store_.links(node, layer_, list_);
      taken.clear();
      int children = child_count(list_.view());
      std::size_t count = 0;
      for (Link link : list_.view()) {
        if (children < most && !in_tree(link) && is_missing(node_of(link))) {
          taken.push_back(node_of(link));
          link |= kTreeLink;
          ++children;
        }
        desired[count++] = link;
      }
      done = taken.empty() || list_.state != NodeState::kLive ||
             store_.replace_links(node, layer_, list_.view(), {desired.data(), count});
    }
    if (list_.state != NodeState::kLive) return;
    root(taken);
  }

  void take_in_fresh(int most) {
    while (!fresh_.empty()) {
      const NodeId node = fresh_.back();
      fresh_.pop_back();
      take_in(node, most);
    }
  }

  /// Gives `node` a parent.
  bool adopt(NodeId node) {
    const codes::Format& format = store_.format();
    store_.fetch_codes({&node, 1}, batch_);
    if (batch_.codes[0] == nullptr) return false;
    const std::vector<std::byte> code(batch_.codes[0],
                                      batch_.codes[0] + codes::code_size(format, batch_.codes[0]));
    const auto rooted = [&](NodeId other) { return is_rooted(other); };
    std::vector<NodeId> near;
    store_.links(node, layer_, list_);
    for (const Link link : list_.view()) near.push_back(node_of(link));
    const auto find = [&](Way way) {
      return find_parent(store_, layer_, node, code.data(), near, rooted, way, scratch_);
    };
    if (find(Way::kLive)) return true;

    const codes::Query query = codes::Query::of_code(format, code.data());
    const EntryPoint entry = store_.entry();
    if (!entry.exists() || entry.level < layer_) return false;
    const auto ef = static_cast<std::size_t>(store_.params().ef_construction);
    LayerSearch<Store> search(store_, query, layer_, ef, false, memory_);
    search.start(approach(store_, query, entry, layer_, ef, memory_));
    near.clear();
    for (const Candidate& found : search.sorted_results()) near.push_back(found.id);
    near.push_back(root_);
    return find(Way::kLive) || find(Way::kDisplacing);
  }

  Store& store_;
  int layer_;
  NodeId root_;
  InLinks* in_links_;
  std::pmr::memory_resource* memory_;
  const std::vector<bool>& live_;
  std::vector<bool> rooted_;
  std::size_t missing_;        // live and not rooted
  std::vector<NodeId> fresh_;  // rooted, and not looked at since
  std::set<NodeId> mine_;      // children of the node that root() is at
  LinkList list_;
  CodeBatch batch_;
  InsertScratch scratch_;
};

/// The live nodes of a graph.
struct LiveNodes {
  std::vector<bool> base;                  // one flag a node
  std::vector<std::vector<NodeId>> upper;  // [i]: those whose level is i + 1
  EntryPoint highest;
};

template <WriteStore Store>
LiveNodes find_live(Store& store) {
  LiveNodes live;
  live.base.resize(store.node_count());
  store.for_each_live([&](NodeId node, int level, const LinkList&) {
    store.check_interrupts();
    if (node >= live.base.size()) return;
    live.base[node] = true;
    if (level > live.highest.level) live.highest = {node, level};
    if (level == 0) return;
    if (live.upper.size() < static_cast<std::size_t>(level)) {
      live.upper.resize(static_cast<std::size_t>(level));
    }
    live.upper[static_cast<std::size_t>(level) - 1].push_back(node);
  });
  return live;
}

/// Puts the entry point below `next`, which is about to take its place: if the vacuum ends early,
/// the way to many nodes still leads through it, dying as it may be.
template <WriteStore Store>
void hand_over_tree(Store& store, EntryPoint entry, EntryPoint next) {
  InsertScratch scratch;
  for (int layer = 0; layer <= std::min(entry.level, next.level); ++layer) {
    put_below(store, layer, entry.node, next.node, kNoNode, scratch);
  }
}

/// Sees to it that the entry point is a live node of the highest layer, and returns it, with the
/// live nodes of that moment.
///
/// An insert that holds an entry point which is about to be replaced does not know that its own
/// node is higher than the new one.  So whoever replaces it waits for such inserts, and looks
/// again.  And an insert may have made a node whose parent it has yet to find: those that were
/// under way when the nodes were looked at come to their end, or two would find one.  Ends with an
/// error if that does not come to an end, as in a damaged index.
template <WriteStore Store>
EntryPoint settle_entry(Store& store, LiveNodes& live) {
  constexpr int kTries = 100;
  LinkList list;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    live = find_live(store);
    store.wait_for_inserts();
    const EntryPoint entry = store.entry();
    if (!entry.exists()) return entry;
    store.links(entry.node, 0, list);
    const bool is_live = list.state == NodeState::kLive;
    // One that was inserted after the nodes were looked at.
    if (is_live && (entry.node >= live.base.size() || !live.base[entry.node])) continue;
    if (is_live && entry.level >= live.highest.level) return entry;
    if (live.highest.exists()) hand_over_tree(store, entry, live.highest);
    if (store.replace_entry(entry.node, live.highest)) store.wait_for_inserts();
  }
  throw Error(ErrorCode::kIndexCorrupted, "hnsw graph not repaired")
      .with_hint("Please REINDEX it.");
}

/// What there is to know of a graph whose layers have been spanned.
struct Spanned {
  std::size_t added = 0;   // links of the tree
  std::vector<bool> live;  // one flag a node
  InLinks in_links{0};     // of layer 0
};

/// Spans all layers, from an entry point that is a live node of the highest.
template <WriteStore Store>
Spanned span_layers(Store& store, std::pmr::memory_resource* memory) {
  LiveNodes live;
  Spanned spanned;
  const EntryPoint entry = settle_entry(store, live);
  if (!entry.exists()) return spanned;
  spanned.in_links = InLinks(live.base.size());
  spanned.added = Spanning<Store>(store, 0, entry.node, live.base, &spanned.in_links, memory).run();
  std::vector<bool> of_layer;
  for (std::size_t layer = 1; layer <= live.upper.size(); ++layer) {
    of_layer.assign(live.base.size(), false);
    for (std::size_t i = layer - 1; i < live.upper.size(); ++i) {
      for (const NodeId node : live.upper[i]) of_layer[node] = true;
    }
    spanned.added +=
        Spanning<Store>(store, static_cast<int>(layer), entry.node, of_layer, nullptr, memory)
            .run();
  }
  spanned.live = std::move(live.base);
  return spanned;
}

/// Gives second links to whoever is led to once.
template <WriteStore Store>
void give_second_links(Store& store, Spanned& spanned) {
  SecondLinks<Store> second(store, spanned.in_links);
  for (NodeId node = 0; node < spanned.live.size(); ++node) {
    if (spanned.live[node]) second.give(node);
  }
}

/// Sees to it that every node is reached, and easily.  Returns how many links of the tree it took.
template <WriteStore Store>
std::size_t reconnect(Store& store, std::pmr::memory_resource* memory) {
  Spanned spanned = span_layers(store, memory);
  give_second_links(store, spanned);
  return spanned.added;
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_RECONNECT_H_

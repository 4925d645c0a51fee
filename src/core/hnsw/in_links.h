// core/hnsw/in_links.h
//
// Seeing to it that a node of layer 0 is led to by more than its parent (connect.h).
//
// Lists are chosen by those who keep them, so a node that is nobody's near neighbour ends up with
// the tree's link alone.  If its parent is such a node, too, a search that comes to all around them
// comes to neither.  So whoever is led to once gets a second link, from the nearest of those it
// leads to itself that can spare one.

#ifndef VEC_CORE_HNSW_IN_LINKS_H_
#define VEC_CORE_HNSW_IN_LINKS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// How many links lead to each node, as far as a byte counts.  Nodes beyond those it was made for
/// have any number.
class InLinks {
 public:
  explicit InLinks(std::size_t nodes) : counts_(nodes) {}

  void add(NodeId node) {
    if (node < counts_.size() && counts_[node] < kMany) ++counts_[node];
  }
  void drop(NodeId node) {
    if (node < counts_.size() && counts_[node] > 0 && counts_[node] < kMany) --counts_[node];
  }
  void add(std::span<const Link> links) {
    for (const Link link : links) add(node_of(link));
  }

  /// A search may miss it.
  bool too_few(NodeId node) const { return node < counts_.size() && counts_[node] < kFew; }
  /// One may be taken away.
  bool can_spare(NodeId node) const { return node >= counts_.size() || counts_[node] > kFew; }

 private:
  static constexpr std::uint8_t kFew = 2;
  static constexpr std::uint8_t kMany = std::numeric_limits<std::uint8_t>::max();
  std::vector<std::uint8_t> counts_;
};

/// Gives nodes second links.  Room is kept from node to node.
template <WriteStore Store>
class SecondLinks {
 public:
  SecondLinks(Store& store, InLinks& in_links) : store_(store), in_links_(in_links) {}

  /// Has one of those that `node` leads to lead back to it, if it is led to too little.
  void give(NodeId node) {
    if (!in_links_.too_few(node)) return;
    store_.check_interrupts();
    store_.links(node, 0, own_);
    if (own_.state != NodeState::kLive) return;
    nodes_.assign(1, node);
    for (const Link link : own_.view()) nodes_.push_back(node_of(link));
    store_.fetch_codes(nodes_, batch_);
    if (batch_.codes[0] == nullptr) return;
    const codes::Format& format = store_.format();
    std::vector<std::pair<float, NodeId>> near;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      if (batch_.states[i] != NodeState::kLive) continue;
      near.emplace_back(codes::pair_distance(format, batch_.codes[0], batch_.codes[i]), nodes_[i]);
    }
    std::sort(near.begin(), near.end());
    for (const auto& [distance, from] : near) {
      if (!in_links_.too_few(node)) return;
      link(from, node);
    }
  }

 private:
  /// Adds a link to `to` among those of `from`, in the place of the farthest that the rule did not
  /// keep and that is not missed.  Nothing if there is none, or somebody else changes the list.
  void link(NodeId from, NodeId to) {
    store_.links(from, 0, list_);
    if (list_.state != NodeState::kLive) return;
    const std::span<const Link> links = list_.view();
    if (std::any_of(links.begin(), links.end(), [&](Link link) { return node_of(link) == to; })) {
      return;
    }
    // Kept, or the next insert would drop it again.
    const Link added = make_link(to, true, false);
    std::array<Link, kMaxLinks> desired;
    std::copy(links.begin(), links.end(), desired.begin());
    std::size_t count = links.size();
    NodeId dropped = kNoNode;
    if (count < static_cast<std::size_t>(store_.params().max_links(0))) {
      desired[count++] = added;
    } else {
      const std::size_t victim = farthest_to_spare(from, links);
      if (victim == links.size()) return;
      dropped = node_of(links[victim]);
      desired[victim] = added;
    }
    if (!store_.replace_links(from, 0, links, {desired.data(), count})) return;
    in_links_.add(to);
    if (dropped != kNoNode) in_links_.drop(dropped);
  }

  std::size_t farthest_to_spare(NodeId from, std::span<const Link> links) {
    nodes_.assign(1, from);
    for (const Link link : links) nodes_.push_back(node_of(link));
    store_.fetch_codes(nodes_, batch_);
    std::size_t victim = links.size();
    float farthest = 0;
    for (std::size_t i = 0; i < links.size(); ++i) {
      if (in_tree(links[i]) || kept_by_rule(links[i]) || !in_links_.can_spare(node_of(links[i]))) {
        continue;
      }
      if (batch_.codes[0] == nullptr || batch_.codes[i + 1] == nullptr) continue;
      const float distance =
          codes::pair_distance(store_.format(), batch_.codes[0], batch_.codes[i + 1]);
      if (victim != links.size() && distance <= farthest) continue;
      farthest = distance;
      victim = i;
    }
    return victim;
  }

  Store& store_;
  InLinks& in_links_;
  LinkList own_;
  LinkList list_;
  std::vector<NodeId> nodes_;
  CodeBatch batch_;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_IN_LINKS_H_

// core/hnsw/check.h
//
// Does a graph keep the invariants of README.md?  Reads every list and every code; nobody may write
// meanwhile.

#ifndef VEC_CORE_HNSW_CHECK_H_
#define VEC_CORE_HNSW_CHECK_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "core/hnsw/connect.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// Checks one graph; each problem is a sentence.
template <WriteStore Store>
class Check {
 public:
  explicit Check(Store& store) : store_(store), levels_(store.node_count(), kAbsent) {}

  std::vector<std::string> run() {
    int highest = -1;
    store_.for_each_live([&](NodeId node, int level, const LinkList&) {
      levels_[node] = static_cast<signed char>(level);
      highest = std::max(highest, level);
    });
    const EntryPoint entry = store_.entry();
    if (entry.exists() != (highest >= 0)) {
      say(entry.exists()
              ? "the entry point of an index without rows is node " + std::to_string(entry.node)
              : "there are rows and no entry point");
    } else if (entry.exists()) {
      if (level_of(entry.node) != entry.level || entry.level < highest) {
        say(name(entry.node) + " is the entry point, for layer " + std::to_string(entry.level) +
            ", and not the highest");
      }
      for (int layer = 0; layer <= highest; ++layer) check_layer(layer, entry.node);
    }
    check_codes();
    return problems_;
  }

 private:
  static constexpr signed char kAbsent = -1;
  static constexpr std::size_t kMostProblems = 1000;

  static std::string name(NodeId node) { return "node " + std::to_string(node); }

  void say(std::string problem) {
    if (problems_.size() < kMostProblems) problems_.push_back(std::move(problem));
  }

  int level_of(NodeId node) const { return node < levels_.size() ? levels_[node] : kAbsent; }

  /// Every list of the layer, and whether the tree spans it.
  void check_layer(int layer, NodeId root) {
    const std::string where = " on layer " + std::to_string(layer);
    std::vector<bool> reached(levels_.size());
    std::vector<NodeId> todo;
    LinkList list;
    const auto reach = [&](NodeId node) {
      if (level_of(node) < layer || reached[node]) return;
      reached[node] = true;
      todo.push_back(node);
    };
    for (reach(root); !todo.empty();) {
      const NodeId node = todo.back();
      todo.pop_back();
      store_.check_interrupts();
      store_.links(node, layer, list);
      for (const Link link : list.view()) {
        if (in_tree(link) && level_of(node_of(link)) >= layer && reached[node_of(link)]) {
          say(name(node_of(link)) + " is the child of two" + where);
        }
        if (in_tree(link)) reach(node_of(link));
      }
    }
    std::vector<NodeId> targets;
    for (NodeId node = 0; node < levels_.size(); ++node) {
      if (level_of(node) < layer) continue;
      store_.check_interrupts();
      if (!reached[node]) say(name(node) + " is not reached by the tree" + where);
      store_.links(node, layer, list);
      if (list.state != NodeState::kLive) say(name(node) + " has lost its state" + where);
      targets.clear();
      for (const Link link : list.view()) {
        const NodeId target = node_of(link);
        targets.push_back(target);
        if (target == node) say(name(node) + " is linked to itself" + where);
        if (level_of(target) >= layer) continue;
        // Until a vacuum that was interrupted is made up for, links lead to dying nodes.
        if (target >= levels_.size() || !is_dying(target)) {
          say(name(node) + " is linked to " + name(target) + ", which is not there," + where);
        }
      }
      std::sort(targets.begin(), targets.end());
      if (std::adjacent_find(targets.begin(), targets.end()) != targets.end()) {
        say(name(node) + " is linked to a node twice" + where);
      }
      if (child_count(list.view()) > store_.params().max_children(layer)) {
        say(name(node) + " has too many children" + where);
      }
    }
  }

  bool is_dying(NodeId node) {
    LinkList list;
    store_.links(node, 0, list);
    return list.state == NodeState::kDying;
  }

  /// Links and code must be of one mind about a node's state.
  void check_codes() {
    constexpr std::size_t kBatch = 64;
    CodeBatch batch;
    std::vector<NodeId> nodes;
    const auto flush = [&] {
      store_.check_interrupts();
      store_.fetch_codes(nodes, batch);
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (batch.states[i] != NodeState::kLive || batch.codes[i] == nullptr) {
          say(name(nodes[i]) + " has rows and no code");
        }
      }
      nodes.clear();
    };
    for (NodeId node = 0; node < levels_.size(); ++node) {
      if (levels_[node] != kAbsent) nodes.push_back(node);
      if (nodes.size() == kBatch) flush();
    }
    if (!nodes.empty()) flush();
  }

  Store& store_;
  std::vector<signed char> levels_;  // kAbsent: not a live node
  std::vector<std::string> problems_;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_CHECK_H_

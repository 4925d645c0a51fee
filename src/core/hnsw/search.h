// core/hnsw/search.h
//
// Searching one layer, and descending to it.
//
// Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
// Navigable Small World graphs", IEEE TPAMI 42(4), 2020, algorithms 2 and 5.  Departures: a search
// can be resumed from what it had turned away; dying nodes are passed through but are no results;
// the visits of one hop are one call of the Store, which orders them by page, and which need not
// say exactly how far those are that are too far in any case.

#ifndef VEC_CORE_HNSW_SEARCH_H_
#define VEC_CORE_HNSW_SEARCH_H_

#include <algorithm>
#include <limits>
#include <memory>
#include <memory_resource>
#include <span>
#include <utility>
#include <vector>

#include "core/hnsw/graph.h"
#include "core/hnsw/store.h"
#include "core/visited_set.h"

namespace vec::hnsw {

/// Nearer first; of equal distances the lower id, so that a search depends on the graph alone.
/// Objects, not functions: the algorithms of the standard library inline them.
inline constexpr auto nearer = [](const Candidate& a, const Candidate& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
};
inline constexpr auto farther = [](const Candidate& a, const Candidate& b) { return nearer(b, a); };

/// Writes which nodes a list leads to; returns how many.
inline std::size_t nodes_of(const LinkList& list, NodeId* nodes) {
  const std::span<const Link> links = list.view();
  for (std::size_t i = 0; i < links.size(); ++i) nodes[i] = node_of(links[i]);
  return links.size();
}

/// A search of one layer.  Its memory grows with the nodes visited: about 20 bytes each, and 16
/// more if it may be resumed.
template <ReadStore Store>
class LayerSearch {
 public:
  /// keep_discarded   remember what is turned away, so that resume() can go on from it
  LayerSearch(Store& store, const codes::Query& query, int layer, std::size_t ef,
              bool keep_discarded, std::pmr::memory_resource* memory)
      : store_(store),
        query_(query),
        layer_(layer),
        ef_(ef),
        keep_discarded_(keep_discarded),
        visited_(ef * 24, memory),
        frontier_(memory),
        results_(memory),
        discarded_(memory),
        passages_(memory) {
    results_.reserve(ef + 1);
    frontier_.reserve(ef * 4);
    if (keep_discarded) discarded_.reserve(ef * 16);
  }

  /// Searches from `entries`, whose distances are known.
  /// root   the root of the layer's tree, from which resume() goes on when all that `entries` lead
  ///        to has been seen; kNoNode if it need not
  void start(std::span<const Candidate> entries, NodeId root = kNoNode) {
    root_ = root;
    for (const Candidate& entry : entries) {
      if (visited_.insert(entry.id)) frontier_.push_back(entry);
    }
    for (const Candidate& entry : frontier_) admit(entry);
    std::make_heap(frontier_.begin(), frontier_.end(), farther);
    expand();
  }

  /// Searches a lower layer from `entries`, which were found on the one above.  What was seen there
  /// and is not among them is not looked at again: it was farther.
  void start_below(int layer, std::span<const Candidate> entries) {
    layer_ = layer;
    results_.clear();
    frontier_.assign(entries.begin(), entries.end());
    for (const Candidate& entry : entries) admit(entry);
    std::make_heap(frontier_.begin(), frontier_.end(), farther);
    expand();
  }

  /// Searches again, from the nearest of those turned away, with room for `ef` new results.
  /// False if nothing is left to search from.
  bool resume(std::size_t ef) {
    ef_ = ef;
    results_.clear();
    // What the frontier still holds was farther than every result and was not expanded; those
    // that count as results stand among the discarded ones, too.
    std::sort(discarded_.begin(), discarded_.end(), farther);
    frontier_.insert(frontier_.end(), passages_.begin(), passages_.end());
    passages_.clear();
    const std::size_t left = discarded_.size() - std::min(ef, discarded_.size());
    measure({discarded_.begin() + static_cast<std::ptrdiff_t>(left), discarded_.end()});
    for (; discarded_.size() > left; discarded_.pop_back()) {
      admit(discarded_.back());
      frontier_.push_back(discarded_.back());
    }
    std::make_heap(frontier_.begin(), frontier_.end(), farther);
    expand();
    if (results_.empty() && take_root()) expand();
    return !results_.empty();
  }

  /// Whether a node that the search was at had been freed by a vacuum when its links were read:
  /// where they led to is not known.
  bool met_free() const { return met_free_; }
  /// That, and less was found than was asked for.
  bool lost_its_way() const { return met_free_ && results_.size() < ef_; }

  /// Takes the nearest of those turned away without searching on.  False if there is none.
  bool drain(Candidate& out) {
    if (discarded_.empty()) return false;
    if (!draining_) {
      measure(discarded_);
      std::sort(discarded_.begin(), discarded_.end(), farther);
    }
    draining_ = true;
    out = discarded_.back();
    discarded_.pop_back();
    return true;
  }

  /// The results, nearest first.  Ends the use of results() until the next resume().
  std::span<const Candidate> sorted_results() {
    std::sort_heap(results_.begin(), results_.end(), nearer);
    return results_;
  }

  /// Nodes whose distance was computed.
  std::size_t visited_count() const { return visited_.size(); }

  std::size_t bytes() const {
    return visited_.bytes() + (frontier_.capacity() + results_.capacity() + discarded_.capacity() +
                               passages_.capacity()) *
                                  sizeof(Candidate);
  }

 private:
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();

  /// Takes in a candidate as a result if it is near enough; `results_` is a heap, farthest first.
  void admit(const Candidate& candidate) {
    results_.push_back(candidate);
    std::push_heap(results_.begin(), results_.end(), nearer);
    if (results_.size() <= ef_) return;
    std::pop_heap(results_.begin(), results_.end(), nearer);
    if (keep_discarded_) discarded_.push_back(results_.back());
    results_.pop_back();
  }

  float worst() const { return results_.size() < ef_ ? kInfinity : results_.front().distance; }

  void expand() {
    while (!frontier_.empty()) {
      const Candidate nearest = frontier_.front();
      if (nearest.distance > worst()) break;
      std::pop_heap(frontier_.begin(), frontier_.end(), farther);
      frontier_.pop_back();
      store_.check_interrupts();

      store_.links(nearest.id, layer_, list_);
      met_free_ = met_free_ || list_.state == NodeState::kFree;
      const std::size_t linked = nodes_of(list_, fresh_.data());
      const std::size_t count = visited_.insert_all(fresh_.data(), linked, fresh_.data());
      if (count == 0) continue;
      store_.score(query_, {fresh_.data(), count}, worst(), scores_.data());
      prefetch_next(count);
      take({fresh_.data(), count});
    }
  }

  /// Has the links of the node that will be expanded next fetched, while the fresh ones are taken.
  void prefetch_next(std::size_t fresh_count) {
    Candidate next{kInfinity, 0, kNoNode, 0};
    if (!frontier_.empty()) next = frontier_.front();
    for (std::size_t i = 0; i < fresh_count; ++i) {
      if (scores_[i].scored.distance < next.distance) {
        next.distance = scores_[i].scored.distance;
        next.id = fresh_[i];
      }
    }
    if (next.id != kNoNode) store_.prefetch_links(next.id);
  }

  /// Takes in nodes that scores_ tells of.
  void take(std::span<const NodeId> nodes) {
    std::size_t far_count = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const NodeScore& score = scores_[i];
      if (score.state == NodeState::kFree) continue;
      const Candidate candidate{score.scored.distance, score.scored.radius, nodes[i],
                                score.generation};
      const bool live = score.state == NodeState::kLive;
      if (results_.size() < ef_ || candidate.distance < worst()) {
        frontier_.push_back(candidate);
        std::push_heap(frontier_.begin(), frontier_.end(), farther);
        if (live) admit(candidate);
      } else if (keep_discarded_) {
        if (live) {
          far_[far_count++] = candidate;
        } else {
          passages_.push_back(candidate);
        }
      }
    }
    // Most are: all at once, not one by one.
    discarded_.insert(discarded_.end(), far_.begin(),
                      far_.begin() + static_cast<std::ptrdiff_t>(far_count));
  }

  /// Finds out how far those are of which that is known roughly.
  void measure(std::span<Candidate> candidates) {
    std::vector<Candidate*> rough;
    for (Candidate& candidate : candidates) {
      if (candidate.radius == kInfinity) rough.push_back(&candidate);
    }
    for (std::size_t first = 0; first < rough.size(); first += kMaxLinks) {
      store_.check_interrupts();
      const std::size_t count = std::min<std::size_t>(kMaxLinks, rough.size() - first);
      for (std::size_t i = 0; i < count; ++i) fresh_[i] = rough[first + i]->id;
      store_.score(query_, {fresh_.data(), count}, kInfinity, scores_.data());
      for (std::size_t i = 0; i < count; ++i) {
        Candidate& candidate = *rough[first + i];
        // One that was freed meanwhile stays as it was known: whoever takes it sees that it is
        // gone.
        if (scores_[i].generation != candidate.generation || scores_[i].state == NodeState::kFree) {
          continue;
        }
        candidate.distance = scores_[i].scored.distance;
        candidate.radius = scores_[i].scored.radius;
      }
    }
  }

  /// Makes the root of the tree, if it has not been seen, what to go on from.
  bool take_root() {
    const NodeId root = std::exchange(root_, kNoNode);
    if (root == kNoNode || !visited_.insert(root)) return false;
    store_.score(query_, {&root, 1}, kInfinity, scores_.data());
    take({&root, 1});
    return true;
  }

  Store& store_;
  const codes::Query& query_;
  int layer_;
  std::size_t ef_;
  bool keep_discarded_;
  bool draining_ = false;
  bool met_free_ = false;
  NodeId root_ = kNoNode;
  VisitedSet visited_;
  std::pmr::vector<Candidate> frontier_;   // to be expanded: heap, nearest first
  std::pmr::vector<Candidate> results_;    // heap, farthest first; at most ef_
  std::pmr::vector<Candidate> discarded_;  // live, not among the results; no order
  std::pmr::vector<Candidate> passages_;   // dying, and too far to be expanded yet
  LinkList list_;
  std::array<NodeId, kMaxLinks> fresh_;
  std::array<NodeScore, kMaxLinks> scores_;
  std::array<Candidate, kMaxLinks> far_;  // of take()
};

/// The entry point as a candidate, or one with id kNoNode if the graph is empty.
template <ReadStore Store>
Candidate entry_candidate(Store& store, const codes::Query& query, EntryPoint entry) {
  if (!entry.exists()) return {0, 0, kNoNode, 0};
  NodeScore score;
  store.score(query, {&entry.node, 1}, std::numeric_limits<float>::infinity(), &score);
  return {score.scored.distance, score.scored.radius, entry.node, score.generation};
}

/// Walks greedily down from layer `from` to layer `to`, both included, and returns the nearest
/// node met (algorithm 2 with ef = 1).  from < to returns `start`.  No node is looked at twice:
/// what was seen on one layer was farther than where the next one starts.
template <ReadStore Store>
Candidate descend(Store& store, const codes::Query& query, Candidate start, int from, int to,
                  std::pmr::memory_resource* memory) {
  VisitedSet seen(kMaxLinks, memory);
  seen.insert(start.id);
  LinkList list;
  std::array<NodeId, kMaxLinks> nodes;
  std::array<NodeScore, kMaxLinks> scores;
  for (int layer = from; layer >= to; --layer) {
    for (bool moved = true; moved;) {
      moved = false;
      store.check_interrupts();
      store.links(start.id, layer, list);
      const std::size_t linked = nodes_of(list, nodes.data());
      const std::size_t count = seen.insert_all(nodes.data(), linked, nodes.data());
      if (count == 0) break;
      store.score(query, {nodes.data(), count}, start.distance, scores.data());
      for (std::size_t i = 0; i < count; ++i) {
        if (scores[i].state == NodeState::kFree) continue;
        const Candidate candidate{scores[i].scored.distance, scores[i].scored.radius, nodes[i],
                                  scores[i].generation};
        if (nearer(candidate, start)) {
          start = candidate;
          moved = true;
        }
      }
    }
  }
  return start;
}

/// Where a search of `layer` with that ef starts: the nearest found on the layers above.
///
/// Departure from algorithm 5, which follows the nearest one alone: where data falls into groups
/// that hardly know each other, that one is often in the wrong group.  A sixteenth of ef are
/// followed; for a small ef that is one.
template <ReadStore Store>
std::vector<Candidate> approach(Store& store, const codes::Query& query, EntryPoint entry,
                                int layer, std::size_t ef, std::pmr::memory_resource* memory) {
  const std::size_t width = ef / 16;
  std::vector<Candidate> found{entry_candidate(store, query, entry)};
  if (width <= 1) {
    found.front() = descend(store, query, found.front(), entry.level, layer + 1, memory);
    return found;
  }
  LayerSearch<Store> search(store, query, entry.level, width, false, memory);
  for (int above = entry.level; above > layer; --above) {
    if (above == entry.level) {
      search.start(found);
    } else {
      search.start_below(above, found);
    }
    const auto results = search.sorted_results();
    // Nothing lives there: a vacuum is about to say so.
    if (!results.empty()) found.assign(results.begin(), results.end());
  }
  return found;
}

/// Searches layer 0 for the `ef` nearest, and so that resume() comes to every node.  Null if the
/// graph is empty.
///
/// Nobody waits for a search: a vacuum may free the node it is at, the entry point even, and the
/// way ends there.  Then it begins anew, from the entry point as it is by now.
template <ReadStore Store>
std::unique_ptr<LayerSearch<Store>> search_base(Store& store, const codes::Query& query,
                                                std::size_t ef, std::pmr::memory_resource* memory) {
  constexpr int kTries = 10;
  std::unique_ptr<LayerSearch<Store>> search;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const EntryPoint entry = store.entry();
    if (!entry.exists()) return nullptr;
    const auto start = approach(store, query, entry, 0, ef, memory);
    search = std::make_unique<LayerSearch<Store>>(store, query, 0, ef, true, memory);
    search->start(start, entry.node);
    if (!search->lost_its_way()) break;
  }
  return search;
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_SEARCH_H_

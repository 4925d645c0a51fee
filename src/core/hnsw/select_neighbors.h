// core/hnsw/select_neighbors.h
//
// Choosing which candidates become a node's links.
//
// Malkov & Yashunin 2020 (search.h), algorithm 4, with keepPrunedConnections and without
// extendCandidates.  Departures: which links the rule kept is remembered in the link itself, so
// that adding one more to a full list compares it with the kept ones alone instead of all with
// all; of candidates that are copies of one another only the first is kept by the rule, also where
// the node itself is a copy of them.
//
// Pure functions of their arguments.

#ifndef VEC_CORE_HNSW_SELECT_NEIGHBORS_H_
#define VEC_CORE_HNSW_SELECT_NEIGHBORS_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace vec::hnsw {

/// A possible link of some node.
struct LinkCandidate {
  float distance;     // from the node
  std::size_t index;  // the caller's name for it
  bool kept;          // by the rule, not to fill up
};

/// Whether a candidate is left out because of `kept`, `between` being their distance: the way to it
/// through `kept` is no longer.  Equal distances matter only among copies: all three are equal
/// then.
inline bool dominated_by(const LinkCandidate& candidate, const LinkCandidate& kept, float between) {
  return between < candidate.distance ||
         (between == candidate.distance && kept.distance == candidate.distance);
}

/// Fills `kept` up to `limit` from `candidates`, sorted by increasing distance: first those that
/// the rule keeps beside what is there, then the nearest others.  Nothing is dropped.
template <class Between>
void fill_neighbors(std::vector<LinkCandidate>& kept, std::span<const LinkCandidate> candidates,
                    std::size_t limit, Between between) {
  std::vector<LinkCandidate> others;
  for (const LinkCandidate& candidate : candidates) {
    if (kept.size() >= limit) return;
    const bool dominated = std::any_of(kept.begin(), kept.end(), [&](const LinkCandidate& other) {
      return other.kept && other.distance <= candidate.distance &&
             dominated_by(candidate, other, between(candidate.index, other.index));
    });
    if (dominated) {
      others.push_back(candidate);
    } else {
      kept.push_back({candidate.distance, candidate.index, true});
    }
  }
  for (const LinkCandidate& candidate : others) {
    if (kept.size() >= limit) return;
    kept.push_back(candidate);
  }
}

/// Keeps at most `limit` of `candidates`: first those that are nearer to the node than to any one
/// kept before, then, if there is room, the nearest of the others.
///
/// candidates  sorted by increasing distance
/// between     between(i, j): distance of the candidates with the indices i and j
///
/// Returns the kept ones with `kept` set, the others after them; at least one if there was any.
template <class Between>
std::vector<LinkCandidate> select_neighbors(std::span<const LinkCandidate> candidates,
                                            std::size_t limit, Between between) {
  std::vector<LinkCandidate> kept;
  kept.reserve(limit);
  fill_neighbors(kept, candidates, limit, between);
  return kept;
}

/// What add_neighbor may do to make room.
enum class Adding {
  kIfWorthIt,  // the new one may be the one that is left out
  kMustStay,   // it may not; left out only if nobody else can go
  kByForce,    // it may not, whoever has to go
};

/// Adds `added` to `list`, whose `kept` marks are what earlier calls left, and drops one if more
/// than `limit` remain: the farthest that only fills up, else the farthest.  Order is kept.
///
/// may_drop    may_drop(i): the candidate with the index i is not lost if it goes; asked of a few,
///             and not if the rule keeps the new one and not the candidate
///
struct Added {
  bool there;              // false: the new one was left out, and nothing changed
  std::ptrdiff_t dropped;  // index of who went for it, or -1
};
template <class Between, class MayDrop>
Added add_neighbor(std::vector<LinkCandidate>& list, LinkCandidate added, std::size_t limit,
                   Adding adding, Between between, MayDrop may_drop) {
  constexpr std::size_t kMostAsked = 6;
  added.kept = std::none_of(list.begin(), list.end(), [&](const LinkCandidate& other) {
    return other.kept && other.distance <= added.distance &&
           dominated_by(added, other, between(added.index, other.index));
  });
  std::vector<bool> demoted(list.size());
  if (added.kept) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      demoted[i] = list[i].kept && list[i].distance > added.distance &&
                   dominated_by(list[i], added, between(added.index, list[i].index));
    }
  }
  std::ptrdiff_t dropped = -1;
  if (list.size() >= limit) {
    const auto worse = [&](std::size_t a, std::size_t b) {
      const bool a_kept = list[a].kept && !demoted[a];
      const bool b_kept = list[b].kept && !demoted[b];
      return a_kept != b_kept ? b_kept : list[a].distance > list[b].distance;
    };
    std::vector<std::size_t> order(list.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const std::size_t asked = std::min(kMostAsked, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(asked),
                      order.end(), worse);
    std::size_t victim = list.size();
    for (std::size_t i = 0; i < asked && victim == list.size(); ++i) {
      const LinkCandidate& candidate = list[order[i]];
      const bool candidate_kept = candidate.kept && !demoted[order[i]];
      const bool new_is_worse =
          added.kept != candidate_kept ? candidate_kept : added.distance >= candidate.distance;
      if (adding == Adding::kIfWorthIt && new_is_worse) return {false, -1};
      // What the rule keeps is what makes the graph work: it goes before what only fills up.
      if (adding == Adding::kByForce || (added.kept && !candidate_kept) ||
          may_drop(candidate.index)) {
        victim = order[i];
      }
    }
    if (victim == list.size()) return {false, -1};
    dropped = static_cast<std::ptrdiff_t>(list[victim].index);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(victim));
    demoted.erase(demoted.begin() + static_cast<std::ptrdiff_t>(victim));
  }
  for (std::size_t i = 0; i < list.size(); ++i) list[i].kept = list[i].kept && !demoted[i];
  list.push_back(added);
  return {true, dropped};
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_SELECT_NEIGHBORS_H_

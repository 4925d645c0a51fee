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
  bool kept = false;  // by the rule, not to fill up
  bool tree = false;  // must stay (graph.h)
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
      kept.push_back({candidate.distance, candidate.index, true, candidate.tree});
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

/// Adds `added` to `list`, whose `kept` marks are what earlier calls left.  If more than `limit`
/// remain, one goes: the farthest that only fills up, else the farthest that the rule kept; never
/// one of the tree, and `added` only if it is not of the tree.  The others stay in their places,
/// and `added` takes that of the one that goes: the less of a list changes, the less WAL it takes.
///
/// Returns false if the new one was left out; nothing changed then.
template <class Between>
bool add_neighbor(std::vector<LinkCandidate>& list, LinkCandidate added, std::size_t limit,
                  Between between) {
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
  std::size_t place = list.size();
  if (list.size() >= limit) {
    const auto kept = [&](std::size_t i) { return list[i].kept && !demoted[i]; };
    std::size_t victim = list.size();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].tree) continue;
      const bool worse =
          victim == list.size() ||
          (kept(i) != kept(victim) ? kept(victim) : list[i].distance > list[victim].distance);
      if (worse) victim = i;
    }
    if (victim == list.size()) return false;
    const bool added_is_worse =
        added.kept != kept(victim) ? kept(victim) : added.distance >= list[victim].distance;
    if (added_is_worse && !added.tree) return false;
    place = victim;
  }
  for (std::size_t i = 0; i < list.size(); ++i) list[i].kept = list[i].kept && !demoted[i];
  if (place < list.size()) {
    list[place] = added;
  } else {
    list.push_back(added);
  }
  return true;
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_SELECT_NEIGHBORS_H_

// core/hnsw/bulk/choose_best.h
//
// From what the leaves found of a node to the links that it gets.

#ifndef VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_
#define VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/select_neighbors.h"

namespace vec::hnsw::bulk {

/// The rule is asked in so many classes, by turns: whoever is the first, fifth, ninth ... of a list
/// is dropped only because of others of these.  About twice as many are kept as by one class, which
/// a graph with lists of the nearest gains by, for a third of the comparisons (README).
inline constexpr std::size_t kClasses = 4;

/// Marks in `list`, ascending as lists are, what the rule keeps, and takes out the scouts (kStays)
/// that it does not.  What is marked already stays.
/// between   the distance of two of the listed, by their places
template <class Between>
void ask_rule(std::vector<LinkEntry>& list, Between between) {
  struct Class {
    std::array<std::uint8_t, 256> kept;  // places in the list
    std::size_t count = 0;
  };
  static_assert(kMaxLinks + kMaxLinks / 4 < 256);
  std::array<Class, kClasses + 1> classes;
  Class& scouts = classes[kClasses];
  const auto is_dominated = [&](const Class& by, std::size_t place) {
    const LinkEntry& entry = list[place];
    for (std::size_t k = 0; k < by.count; ++k) {
      const LinkEntry& kept = list[by.kept[k]];
      if (dominated_by({entry.distance, place, false}, {kept.distance, by.kept[k], true},
                       between(place, by.kept[k]))) {
        return true;
      }
    }
    return false;
  };
  std::size_t turn = 0;
  for (std::size_t place = 0; place < list.size(); ++place) {
    LinkEntry& entry = list[place];
    const bool is_scout = (entry.link & kStays) != 0;
    Class& own = is_scout ? scouts : classes[turn++ % kClasses];
    if (!kept_by_rule(entry.link)) {
      bool is_dropped = is_dominated(own, place);
      for (std::size_t c = 0; is_scout && !is_dropped && c < kClasses; ++c) {
        is_dropped = is_dominated(classes[c], place);
      }
      if (is_dropped) continue;
      entry.link |= kKeptByRule;
    }
    own.kept[own.count++] = static_cast<std::uint8_t>(place);
  }
  std::erase_if(list, [](const LinkEntry& entry) {
    return (entry.link & kStays) != 0 && !kept_by_rule(entry.link);
  });
  for (LinkEntry& entry : list) entry.link &= ~kStays;
}

inline std::size_t marked_in(std::span<const LinkEntry> list) {
  return static_cast<std::size_t>(std::ranges::count_if(list, is_marked));
}

/// Puts the best of `list`, at most `limit`, into `chosen`, ascending: what is marked, then the
/// nearest.  Of marked ones the nearest, if there is no room for all.
void choose_nearest(std::span<const LinkEntry> list, std::size_t limit,
                    std::vector<LinkEntry>& chosen);

/// The same, but where there is no room for all that is marked, an eighth of the links are not the
/// nearest of these, but evenly spread over the others.  For lists that were united after each had
/// been chosen by the rule, with near and far links: far ones lead from one dense region to the
/// next.
void choose_spread(std::span<const LinkEntry> list, std::size_t limit,
                   std::vector<LinkEntry>& chosen);

/// What choose_nearest() does, but where there is no room for all that is marked, by both ends of
/// the links, the rule is asked about the whole list: the long links that lead elsewhere are not
/// the ones to go.
template <class Between>
void choose_best(std::span<const LinkEntry> list, std::size_t limit, Between between,
                 std::vector<LinkEntry>& chosen) {
  if (marked_in(list) <= limit) {
    choose_nearest(list, limit, chosen);
    return;
  }
  std::vector<LinkCandidate> candidates;
  for (std::size_t i = 0; i < list.size(); ++i) candidates.push_back({list[i].distance, i, false});
  chosen.clear();
  for (const LinkCandidate& candidate : select_neighbors(candidates, limit, between)) {
    const LinkEntry& entry = list[candidate.index];
    chosen.push_back({entry.distance, make_link(node_of(entry.link), candidate.kept, false)});
  }
  std::ranges::sort(chosen, nearer);
}

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_

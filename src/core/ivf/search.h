// core/ivf/search.h
//
// The rows of the lists whose centers are nearest to a query, by a certain lower bound of their
// distance.  What is certain comes from the codes (core/codes/README.md); the caller takes exact
// distances from the table.

#ifndef VEC_CORE_IVF_SEARCH_H_
#define VEC_CORE_IVF_SEARCH_H_

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory_resource>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/ivf/candidates.h"
#include "core/ivf/store.h"

namespace vec::ivf {

/// The lists whose centers may be among the `most` nearest to the value, ascending.
template <ReadStore S>
std::vector<ListNo> lists_in_question(S& store, const codes::Value& value,
                                      const codes::Query& center_query, std::size_t most) {
  std::vector<ListNo> lists(store.lists());
  std::iota(lists.begin(), lists.end(), ListNo{0});
  if (most > lists.size() / 2) return lists;
  std::vector<double> bounds(lists.size());
  if (!store.bound_lists(value, bounds.data())) return lists;
  const auto middle = lists.begin() + static_cast<std::ptrdiff_t>(most);
  std::nth_element(lists.begin(), middle - 1, lists.end(),
                   [&](ListNo a, ListNo b) { return bounds[a] < bounds[b]; });
  // None of these is farther than the farthest of them, so no other one that is need be asked.
  std::sort(lists.begin(), middle);
  std::vector<float> distances(most);
  store.score_lists(center_query, {lists.data(), most}, distances.data());
  double reach = *std::max_element(distances.begin(), distances.end());
  if (center_query.format().metric == codes::Metric::kL2) reach = std::sqrt(reach);
  lists.erase(
      std::remove_if(middle, lists.end(), [&](ListNo list) { return bounds[list] > reach; }),
      lists.end());
  std::sort(lists.begin(), lists.end());
  return lists;
}

/// Lists by the distance of their centers, the first of equal ones first; no more than `most`.
template <ReadStore S>
std::vector<ListNo> nearest_lists(S& store, const codes::Value& value, std::size_t most) {
  const codes::Query center_query(center_format(store.format()), value);
  most = std::min<std::size_t>(most, store.lists());
  std::vector<ListNo> lists = lists_in_question(store, value, center_query, most);
  std::vector<float> distances(lists.size());
  store.score_lists(center_query, lists, distances.data());
  std::vector<std::pair<float, ListNo>> ranked(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) ranked[i] = {distances[i], lists[i]};
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(most),
                    ranked.end());
  lists.resize(most);
  for (std::size_t i = 0; i < most; ++i) lists[i] = ranked[i].second;
  return lists;
}

template <ReadStore S>
class Search {
 public:
  /// query    null if all distances count as equal
  /// lists    in the order in which they are to be looked at; `probes` of them at once
  /// wanted   rows that will be taken, as far as one can tell
  /// memory_limit   bytes that candidates may take
  /// Borrows `store` and `query`.
  Search(S& store, const codes::Query* query, std::vector<ListNo> lists, std::size_t probes,
         std::size_t page_entries, std::size_t wanted, std::size_t memory_limit,
         std::pmr::memory_resource* memory)
      : store_(store),
        query_(query),
        lists_(std::move(lists)),
        probes_(std::max<std::size_t>(probes, 1)),
        candidates_(wanted, memory_limit / (2 * sizeof(Candidate)), memory),
        page_(page_entries) {}

  /// The nearest candidate of the lists at hand, or null: then next_lists() may bring more.
  const Candidate* peek() {
    for (;;) {
      const Candidate* candidate = candidates_.peek();
      if (candidate != nullptr || !candidates_.begin_pass()) return candidate;
      read_lists();
    }
  }
  void take() {
    candidates_.take();
    ++taken_;
  }
  std::size_t taken() const { return taken_; }
  /// After peek() gave one: it and some that come after it.
  std::span<const Candidate> upcoming() const { return candidates_.upcoming(); }

  /// Goes on to the next lists; false if there are none.
  bool next_lists() {
    first_ = end_;
    if (first_ == lists_.size()) return false;
    end_ = std::min(first_ + probes_, lists_.size());
    candidates_.reset();
    read_lists();
    return true;
  }

 private:
  void read_lists() {
    Cursor cursor = store_.open(lists_[first_]);
    for (std::size_t at = first_; at < end_; ++at) {
      const Cursor next = at + 1 < end_ ? store_.open(lists_[at + 1]) : Cursor{};
      cursor.after = at + 1 < end_ ? next.next : kNoBlock;
      for (;;) {
        store_.check_interrupts();
        if (!store_.read(cursor, query_, candidates_.limit(), page_)) break;
        for (std::size_t i = 0; i < page_.count; ++i) {
          candidates_.offer(page_.bounds[i], page_.rows[i]);
        }
      }
      cursor = next;
    }
  }

  S& store_;
  const codes::Query* query_;
  std::vector<ListNo> lists_;
  std::size_t probes_;
  std::size_t first_ = 0;  // lists_[first_, end_) are at hand
  std::size_t end_ = 0;
  std::size_t taken_ = 0;
  Candidates candidates_;
  PageEntries page_;
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_SEARCH_H_

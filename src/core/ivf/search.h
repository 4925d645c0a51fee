// core/ivf/search.h
//
// The rows of the lists whose centers are nearest to a query, by a certain lower bound of their
// distance.  What is certain comes from the codes (core/codes/README.md); the caller takes exact
// distances from the table.

#ifndef VEC_CORE_IVF_SEARCH_H_
#define VEC_CORE_IVF_SEARCH_H_

#include <algorithm>
#include <limits>
#include <memory_resource>
#include <vector>

#include "core/ivf/candidates.h"
#include "core/ivf/store.h"

namespace vec::ivf {

/// Lists by the distance of their centers, the first of equal ones first; no more than `most`.
template <ReadStore S>
std::vector<ListNo> nearest_lists(S& store, const codes::Query& center_query, std::size_t most) {
  const std::size_t count = store.lists();
  std::vector<float> distances(count);
  store.score_lists(center_query, distances.data());
  std::vector<ListNo> lists(count);
  for (std::size_t i = 0; i < count; ++i) lists[i] = static_cast<ListNo>(i);
  most = std::min(most, count);
  std::partial_sort(lists.begin(), lists.begin() + static_cast<std::ptrdiff_t>(most), lists.end(),
                    [&](ListNo a, ListNo b) {
                      if (distances[a] != distances[b]) return distances[a] < distances[b];
                      return a < b;
                    });
  lists.resize(most);
  return lists;
}

template <ReadStore S>
class Search {
 public:
  /// query    null if all distances count as equal
  /// lists    in the order in which they are to be looked at; `probes` of them at once
  /// memory_limit   bytes that candidates may take
  /// Borrows `store` and `query`.
  Search(S& store, const codes::Query* query, std::vector<ListNo> lists, std::size_t probes,
         std::size_t page_entries, std::size_t memory_limit, std::pmr::memory_resource* memory)
      : store_(store),
        query_(query),
        lists_(std::move(lists)),
        probes_(std::max<std::size_t>(probes, 1)),
        candidates_(memory_limit / (2 * sizeof(Candidate)), memory),
        page_(page_entries),
        bounds_(page_entries) {}

  /// The nearest candidate of the lists at hand, or null: then next_lists() may bring more.
  const Candidate* peek() {
    for (;;) {
      const Candidate* candidate = candidates_.peek();
      if (candidate != nullptr || !candidates_.begin_pass()) return candidate;
      read_lists();
    }
  }
  void take() { candidates_.take(); }

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
      // The store may ask for the next list's first page while this list is read.
      const Cursor next = at + 1 < end_ ? store_.open(lists_[at + 1]) : Cursor{};
      for (;;) {
        store_.check_interrupts();
        if (!store_.read(cursor, query_, page_)) break;
        if (query_ == nullptr) {
          std::fill_n(bounds_.begin(), page_.count, 0.0);
        } else {
          query_->lower_bounds(page_.scored.data(), page_.count, bounds_.data());
        }
        for (std::size_t i = 0; i < page_.count; ++i) {
          candidates_.offer(bounds_[i], page_.rows[i]);
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
  Candidates candidates_;
  PageEntries page_;
  std::vector<double> bounds_;  // of the page's entries; NaN for what comes last
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_SEARCH_H_

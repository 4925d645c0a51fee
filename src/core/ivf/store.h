// core/ivf/store.h
//
// What the lists need of the place where they are kept.  This file specifies it; nobody derives
// from it.  The server's Store is src/pg/ivf/store.h; tests have one in memory
// (test/support/memory_lists.h).  Every call may throw.
//
// ReadStore
//   format(), lists()
//   score_lists(query, lists, out)   out[i] = distance of lists[i]'s center from a query that was
//                               made for center_format(format()).  `lists` are in ascending order
//   bound_lists(value, out)     out[list] = what the operator's result for each list's center is
//                               certain not to be below.  False, and nothing is written, if that
//                               would be no cheaper than to score them
//   open(list) -> Cursor        before the list's first page
//   read(cursor, query, limit, page)   the entries of the next page, false at the end of the list;
//                               those whose lower bound is above `limit` may be left out.  If
//                               `query` is null all bounds are 0.  That of an entry without a code
//                               is NaN.
//   check_interrupts()          may throw; holds nothing
//
// WriteStore
//   append(list, code, row)     adds an entry; an empty code for a row that is to come last
//
// VacuumStore
//   sweep(list, is_dead)        -> Swept; drops the entries whose row is_dead(row) names, and moves
//                               the others of the same page together.  Entries never change pages,
//                               so that a scan that reads page after page sees each of them once.

#ifndef VEC_CORE_IVF_STORE_H_
#define VEC_CORE_IVF_STORE_H_

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/ivf/layout.h"

namespace vec::ivf {

struct Cursor {
  ListNo list;
  BlockNo next;
  std::uint32_t pages;       // read so far
  BlockNo after = kNoBlock;  // what the caller reads next after the list's end, or kNoBlock
};

/// Entries of one page, in order.  Room is kept from page to page.
struct PageEntries {
  explicit PageEntries(std::size_t max_entries) : rows(max_entries), bounds(max_entries) {}

  std::size_t count = 0;
  std::vector<RowId> rows;
  std::vector<double> bounds;
};

struct Swept {
  std::size_t removed = 0;
  std::size_t left = 0;
};

template <class S>
concept ReadStore = requires(S store, const codes::Query& query, const codes::Value& value,
                             std::span<const ListNo> some, float* out, double* bounds, ListNo list,
                             Cursor& cursor, PageEntries& page) {
  { store.format() } -> std::convertible_to<const codes::Format&>;
  { store.lists() } -> std::convertible_to<std::uint32_t>;
  store.score_lists(query, some, out);
  { store.bound_lists(value, bounds) } -> std::same_as<bool>;
  { store.open(list) } -> std::same_as<Cursor>;
  { store.read(cursor, &query, 0.0, page) } -> std::same_as<bool>;
  store.check_interrupts();
};

template <class S>
concept WriteStore = ReadStore<S> &&
    requires(S store, ListNo list, std::span<const std::byte> code, RowId row) {
  store.append(list, code, row);
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_STORE_H_

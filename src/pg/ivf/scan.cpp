// pg/ivf/scan.cpp
//
// Index scans.  The lists give rows with a certain lower bound of their distance; rows leave in
// the exact order of the operator's own result, which is taken from the table for rows as their
// bounds come up.  So about as many rows are fetched as are returned, without knowing LIMIT.

#include <memory>
#include <optional>
#include <queue>

#include "core/ivf/search.h"
#include "core/returned_rows.h"
#include "pg/index/heap_rows.h"
#include "pg/index/order_scan.h"
#include "pg/index/values.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/settings.h"
#include "pg/ivf/store.h"
#include "pg/memory.h"

namespace vec::pg::ivf {

namespace {

using vec::ivf::before;
using vec::ivf::Candidate;

/// A row whose distance is known.
struct Known {
  double distance;
  bool is_null;  // comes after NaN, as NULLS LAST
  RowId row;

  /// Later first, so that a priority_queue gives the nearest.
  friend bool operator<(const Known& a, const Known& b) {
    if (a.is_null != b.is_null) return a.is_null;
    return before(b.distance, a.distance);
  }
};

/// How many lists a scan looks at.
struct Probing {
  std::size_t at_once;
  std::size_t in_all;
};

Probing probing_of(Method method) {
  if (method == Method::kFlat) return {1, 1};
  const auto at_once = static_cast<std::size_t>(probes);
  if (iterative_scan == kIterativeOff) return {at_once, at_once};
  return {at_once, std::max(at_once, static_cast<std::size_t>(max_probes))};
}

/// State of one scan.  Owns memory only; HeapRows is closed by amendscan.
class Scan {
 public:
  Scan(MemoryContext context, Method method)
      : context_(context), memory_(context), method_(method), probing_(probing_of(method)) {}

  /// Forgets what was found; the next call of next() starts anew.
  void restart() {
    remember_wanted();
    search_.reset();
    query_.reset();
    known_ = {};
    expected_ = 0;
    started_ = false;
  }

  bool next(IndexScanDesc scan);
  void close();
  MemoryContext context() const { return context_; }

 private:
  void start(IndexScanDesc scan);
  void expect();
  void look_at(IndexScanDesc scan, const Candidate& candidate);
  void remember_returned(IndexScanDesc scan, const Known& row);
  void remember_wanted() {
    if (search_) store_->remember_wanted(search_->taken());
  }

  MemoryContext context_;
  ContextMemory memory_;
  Method method_;
  Probing probing_;
  std::optional<Store> store_;
  std::optional<codes::Query> query_;
  std::optional<vec::ivf::Search<Store>> search_;
  std::priority_queue<Known> known_;
  HeapRows heap_;
  ReturnedRows returned_;
  double last_ = 0;           // distance of the row returned last
  void* value_ = nullptr;     // the order key
  std::size_t expected_ = 0;  // of the candidates that come next
  bool started_ = false;
  bool null_query_ = false;
};

void Scan::start(IndexScanDesc scan) {
  started_ = true;
  last_ = 0;
  returned_.clear();
  pg_call([&] {
    check_order_scan(scan, name_of(method_));
    if (!heap_.is_open()) {
      const MemoryContext before = MemoryContextSwitchTo(context_);
      heap_.open(scan);
      MemoryContextSwitchTo(before);
    }
  });
  store_.emplace(scan->indexRelation, method_);
  const codes::Format& format = store_->format();
  pg_call([&] {
    if (value_ != nullptr) pfree(value_);
    value_ = nullptr;
    value_ = order_value(scan, format, context_, &null_query_);
    heap_.set_query(value_);
  });
  query_.emplace(format, value_of(format.element, value_));
  std::vector<ListNo> lists{0};
  if (method_ == Method::kIvfflat) {
    lists = vec::ivf::nearest_lists(*store_, value_of(format.element, value_), probing_.in_all);
  }
  search_.emplace(*store_, null_query_ ? nullptr : &*query_, std::move(lists), probing_.at_once,
                  store_->layout().max_entries(), 2 * store_->rows_wanted(),
                  static_cast<std::size_t>(work_mem) * 1024, &memory_);
}

/// Has the rows that come next on their way into the cache.
void Scan::expect() {
  std::array<RowId, HeapRows::kExpected> rows;
  const auto candidates = search_->upcoming();
  expected_ = std::min(candidates.size(), rows.size());
  for (std::size_t i = 0; i < expected_; ++i) rows[i] = candidates[i].row;
  heap_.expect({rows.data(), expected_});
}

void Scan::look_at(IndexScanDesc scan, const Candidate& candidate) {
  const RowId row = candidate.row;
  const HeapRows::Answer answer = pg_call([&] { return heap_.look(row, !null_query_); });
  if (!answer.visible) return;
  // The bound is certain.
  if (!null_query_ && heap_.stored() && answer.distance < candidate.bound) {
    pg_call([&] { raise_corrupted_row(scan->indexRelation, "another value", row); });
  }
  known_.push({answer.distance, answer.is_null, row});
}

/// While order is exact, none of the rows at other distances than the last can come again: a second
/// entry would have come beside the first, or its bound would have been beyond the row's distance.
void Scan::remember_returned(IndexScanDesc scan, const Known& row) {
  const bool exact = probing_.in_all == probing_.at_once && heap_.stored();
  if (exact && (before(last_, row.distance) || before(row.distance, last_))) returned_.clear();
  last_ = row.distance;
  if (!returned_.add(row.row)) {
    pg_call([&] { raise_corrupted_row(scan->indexRelation, "two entries", row.row); });
  }
}

bool Scan::next(IndexScanDesc scan) {
  if (!started_) start(scan);
  for (;;) {
    const Candidate* candidate = search_->peek();
    if (candidate != nullptr && (known_.empty() || known_.top().is_null ||
                                 before(candidate->bound, known_.top().distance))) {
      if (expected_ == 0) expect();
      --expected_;
      const Candidate looked_at = *candidate;
      search_->take();
      store_->check_interrupts();
      look_at(scan, looked_at);
      continue;
    }
    if (!known_.empty()) break;
    if (!search_->next_lists()) return false;
  }
  const RowId row = known_.top().row;
  remember_returned(scan, known_.top());
  scan->xs_heaptid = to_tid(row);
  pg_call([&] { heap_.pass_on(row); });
  scan->xs_recheck = false;
  scan->xs_recheckorderby = false;
  known_.pop();
  return true;
}

void Scan::close() {
  remember_wanted();
  if (heap_.is_open()) pg_call([this] { heap_.close(); });
}

}  // namespace

template <Method kMethod>
IndexScanDesc begin_scan(Relation index, int keys, int order_keys) {
  return ScanCallbacks<Scan>::begin(index, keys, order_keys, kMethod);
}

template IndexScanDesc begin_scan<Method::kIvfflat>(Relation, int, int);
template IndexScanDesc begin_scan<Method::kFlat>(Relation, int, int);

void rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_keys,
            int order_key_count) {
  ScanCallbacks<Scan>::rescan(scan, keys, key_count, order_keys, order_key_count);
}

bool get_tuple(IndexScanDesc scan, ScanDirection direction) {
  return ScanCallbacks<Scan>::get_tuple(scan, direction);
}

void end_scan(IndexScanDesc scan) { ScanCallbacks<Scan>::end(scan); }

}  // namespace vec::pg::ivf

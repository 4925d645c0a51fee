// pg/hnsw/scan.cpp
//
// Index scans.  The graph gives candidates with a certain lower bound of their distance; rows
// leave in the exact order of the operator's own result, which is taken from the table for
// candidates as their bounds come up.  So about as many rows are fetched as are returned, without
// knowing LIMIT.  Rows that the snapshot does not see use up no place (README, "Scans").

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <queue>

#include "core/hnsw/search.h"
#include "core/returned_rows.h"
#include "pg/hnsw/access_method.h"
#include "pg/hnsw/search_store.h"
#include "pg/hnsw/settings.h"
#include "pg/index/heap_rows.h"
#include "pg/index/order_scan.h"
#include "pg/index/values.h"
#include "pg/memory.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::Candidate;
using Search = vec::hnsw::LayerSearch<SearchStore>;

/// A thing that is to come out: a node that is certain not to be nearer than `key`, or a row at
/// exactly `key`.
struct Upcoming {
  double key;
  NodeId node;  // kNoNode for a row
  std::uint16_t generation;
  RowId row;

  bool is_row() const { return node == vec::hnsw::kNoNode; }
  /// Later first, so that a priority_queue gives the nearest; rows before nodes.
  friend bool operator<(const Upcoming& a, const Upcoming& b) {
    if (a.key != b.key) return a.key > b.key;
    return b.is_row() && !a.is_row();
  }
};

/// State of one scan.  Owns memory only; HeapRows is closed by amendscan.
class Scan {
 public:
  explicit Scan(MemoryContext context) : context_(context), memory_(context) {}

  /// Forgets what was found; the next call of next() starts anew.
  void restart() {
    search_.reset();
    query_.reset();
    upcoming_ = {};
    started_ = false;
  }

  bool next(IndexScanDesc scan);
  void close();
  MemoryContext context() const { return context_; }

 private:
  void start(IndexScanDesc scan);
  void expect(std::span<const Candidate> candidates);
  void add(std::span<const Candidate> candidates);
  bool more();
  bool may_go_on() const;
  bool begin_anew();
  bool drain();
  void look_at(const Upcoming& node);
  void make_up_for_dead();

  MemoryContext context_;
  ContextMemory memory_;
  std::optional<SearchStore> store_;
  std::optional<Query> query_;
  std::unique_ptr<Search> search_;
  std::priority_queue<Upcoming> upcoming_;
  HeapRows heap_;
  ReturnedRows returned_;
  void* value_ = nullptr;  // the order key
  bool started_ = false;
  bool null_query_ = false;
  bool draining_ = false;
  double last_ = 0;         // distance of the row returned last
  std::size_t asked_ = 0;   // living nodes that are to be found
  std::size_t wanted_ = 0;  // nodes that the search has been asked for
  std::size_t live_ = 0;    // nodes looked at that had a visible row
  std::size_t dead_ = 0;    // nodes looked at that had none
  int tries_ = 0;           // of begin_anew()
};

void Scan::start(IndexScanDesc scan) {
  started_ = true;
  draining_ = false;
  last_ = -std::numeric_limits<double>::infinity();
  returned_.clear();
  live_ = dead_ = 0;
  tries_ = 0;
  pg_call([&] {
    check_order_scan(scan, "hnsw");
    if (!heap_.is_open()) {
      const MemoryContext before = MemoryContextSwitchTo(context_);
      heap_.open(scan);
      MemoryContextSwitchTo(before);
    }
  });
  store_.emplace(scan->indexRelation);
  if (!store_->entry().exists()) return;

  const codes::Format& format = store_->format();
  pg_call([&] {
    if (value_ != nullptr) pfree(value_);
    value_ = nullptr;
    value_ = order_value(scan, format, context_, &null_query_);
    heap_.set_query(value_);
  });
  query_.emplace(format, value_of(format.element, value_));

  asked_ = wanted_ = static_cast<std::size_t>(ef_search);
  search_ = vec::hnsw::search_base(*store_, *query_, wanted_, &memory_);
  if (search_ == nullptr) return;
  const auto found = search_->sorted_results();
  expect(found);
  add(found);
}

/// Has the rows that come first on their way into the cache.
void Scan::expect(std::span<const Candidate> candidates) {
  std::array<RowId, HeapRows::kExpected> rows;
  candidates = candidates.first(std::min(candidates.size(), rows.size()));
  store_->prefetch_rows(candidates);
  std::size_t count = 0;
  for (const Candidate& candidate : candidates) {
    rows[count] = store_->likely_row(candidate.id);
    if (rows[count].valid()) ++count;
  }
  heap_.expect({rows.data(), count});
}

void Scan::add(std::span<const Candidate> candidates) {
  for (const Candidate& candidate : candidates) {
    const double bound =
        null_query_ ? 0 : query_->lower_bound({candidate.distance, candidate.radius});
    upcoming_.push({std::isnan(bound) ? -std::numeric_limits<double>::infinity() : bound,
                    candidate.id, candidate.generation, RowId{}});
  }
}

/// Searches on when all that was found has come out.  False if that is the end.
bool Scan::more() {
  if (search_ == nullptr) return false;
  const auto ef = static_cast<std::size_t>(ef_search);
  if (iterative_scan == kIterativeOff) {
    if (dead_ == 0 || live_ >= ef) return false;
    wanted_ += ef - live_;
    if (!search_->resume(ef - live_)) return begin_anew();
    add(search_->sorted_results());
    return true;
  }
  if (!may_go_on()) return drain();
  asked_ += ef;
  wanted_ += ef;
  if (!search_->resume(ef)) return begin_anew();
  add(search_->sorted_results());
  return true;
}

/// Whether an iterative scan has yet to reach its limits.
bool Scan::may_go_on() const {
  const double limit = work_mem * 1024.0 * scan_mem_multiplier + 256;
  return !draining_ && search_->visited_count() < static_cast<std::size_t>(max_scan_tuples) &&
         static_cast<double>(search_->bytes()) <= limit;
}

/// If a vacuum has taken away all that was found, before a row of it was returned, and what it led
/// to: searches from the entry point again.
bool Scan::begin_anew() {
  constexpr int kTries = 10;
  if (live_ > 0 || !search_->met_free() || tries_++ == kTries) return false;
  dead_ = 0;
  asked_ = wanted_ = static_cast<std::size_t>(ef_search);
  search_ = vec::hnsw::search_base(*store_, *query_, wanted_, &memory_);
  if (search_ == nullptr) return false;
  add(search_->sorted_results());
  return true;
}

/// All at once: rows are to come in the order of their own distances, which is not quite that of the
/// distances of their codes, and a strictly ordered scan leaves out what comes too late.
bool Scan::drain() {
  draining_ = true;
  bool any = false;
  for (Candidate candidate; search_->drain(candidate); any = true) add({&candidate, 1});
  return any;
}

/// Some of what the search found is dead to this snapshot.  Searches on until as many living
/// nodes may be expected as were asked for.
void Scan::make_up_for_dead() {
  if (iterative_scan != kIterativeOff && !may_go_on()) return;
  const std::size_t seen = live_ + dead_;
  const std::size_t expected =
      std::min(asked_ * seen / std::max<std::size_t>(live_, 1), wanted_ * 2);
  if (expected <= wanted_) return;
  const std::size_t more = expected - wanted_;
  wanted_ = expected;
  if (search_->resume(more)) add(search_->sorted_results());
}

void Scan::look_at(const Upcoming& node) {
  const Rows rows = store_->rows(node.node, node.generation);
  bool any = false;
  for (int i = 0; i < rows.count; ++i) {
    const RowId row = rows.ids[static_cast<std::size_t>(i)];
    const HeapRows::Answer answer = pg_call([&] { return heap_.look(row, !null_query_); });
    if (!answer.visible) continue;
    any = true;
    const double distance =
        std::isnan(answer.distance) ? std::numeric_limits<double>::infinity() : answer.distance;
    upcoming_.push({distance, vec::hnsw::kNoNode, 0, row});
  }
  if (any) {
    ++live_;
  } else {
    ++dead_;
    make_up_for_dead();
  }
}

bool Scan::next(IndexScanDesc scan) {
  if (!started_) start(scan);
  for (;;) {
    if (upcoming_.empty()) {
      if (!more()) return false;
      continue;
    }
    const Upcoming nearest = upcoming_.top();
    upcoming_.pop();
    if (!nearest.is_row()) {
      store_->check_interrupts();
      look_at(nearest);
      continue;
    }
    // What a search that went on brought up too late.
    if (nearest.key < last_ && iterative_scan != kIterativeRelaxed) continue;
    if (nearest.key != last_ && iterative_scan != kIterativeRelaxed) returned_.clear();
    last_ = nearest.key;
    scan->xs_heaptid = to_tid(nearest.row);
    if (!returned_.add(nearest.row)) {
      pg_call([&] { raise_corrupted_row(scan->indexRelation, "two entries", nearest.row); });
    }
    pg_call([&] { heap_.pass_on(nearest.row); });
    scan->xs_recheck = false;
    scan->xs_recheckorderby = false;
    return true;
  }
}

void Scan::close() {
  if (heap_.is_open()) pg_call([this] { heap_.close(); });
}

}  // namespace

IndexScanDesc begin_scan(Relation index, int keys, int order_keys) {
  return ScanCallbacks<Scan>::begin(index, keys, order_keys);
}

void rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_keys,
            int order_key_count) {
  ScanCallbacks<Scan>::rescan(scan, keys, key_count, order_keys, order_key_count);
}

bool get_tuple(IndexScanDesc scan, ScanDirection direction) {
  return ScanCallbacks<Scan>::get_tuple(scan, direction);
}

void end_scan(IndexScanDesc scan) { ScanCallbacks<Scan>::end(scan); }

}  // namespace vec::pg::hnsw

// core/ivf/candidates.h
//
// The nearest of many rows, one after the other, without sorting them all and in bounded memory.
//
// Rows are offered in any order with a lower bound of their distance; those kept come out by
// (bound, row).  When there is no room for more, the farther half is dropped and remembered as
// dropped: when the others have come out, the same rows are offered again, and what has been out
// is passed over.  How many are kept grows from pass to pass, because most scans want few rows; the
// fewer are kept, the more rows are seen to be too far by a part of their codes.
//
// Bounds are ordered as PostgreSQL orders float8: NaN comes last.

#ifndef VEC_CORE_IVF_CANDIDATES_H_
#define VEC_CORE_IVF_CANDIDATES_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/row_id.h"

namespace vec::ivf {

struct Candidate {
  double bound;
  RowId row;
};

/// NaN after everything else.
inline bool before(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }

inline bool before(const Candidate& a, const Candidate& b) {
  if (before(a.bound, b.bound)) return true;
  if (before(b.bound, a.bound)) return false;
  return std::memcmp(&a.row, &b.row, sizeof a.row) < 0;
}

class Candidates {
 public:
  static constexpr std::size_t kLeastRoom = 32;
  static constexpr std::size_t kGrowth = 16;

  /// wanted   rows that the caller expects to take
  /// most     rows that may be kept; at least 1
  Candidates(std::size_t wanted, std::size_t most, std::pmr::memory_resource* memory)
      : most_(std::max<std::size_t>(most, 1)),
        first_(std::min(std::max(kLeastRoom, wanted), most_)),
        kept_(memory) {
    reset();
  }

  /// Forgets everything: other rows are offered from now on.
  void reset() {
    room_ = first_;
    kept_.clear();
    taken_ = sorted_ = 0;
    dropped_ = has_floor_ = false;
    nearly_all_ = std::numeric_limits<double>::infinity();
  }

  /// Rows with a bound above it need not be offered.
  double limit() const { return nearly_all_; }

  void offer(double bound, RowId row) {
    if (bound > nearly_all_) return;
    const Candidate candidate{bound, row};
    if (dropped_ && !before(candidate, cut_)) return;
    if (has_floor_ && !before(floor_, candidate)) return;
    kept_.push_back(candidate);
    if (kept_.size() >= 2 * room_) drop();
  }

  /// The nearest that has not been taken, or null if there is none in this pass.
  const Candidate* peek() {
    if (taken_ == sorted_ && !sort_some()) return nullptr;
    return &kept_[taken_];
  }
  void take() { ++taken_; }
  /// After peek() gave one: it and some that come after it.
  std::span<const Candidate> upcoming() const {
    return {kept_.data() + taken_, sorted_ - taken_};
  }

  /// After peek() gave null: whether rows were dropped.  If so, all rows must be offered again.
  bool begin_pass() {
    if (!dropped_) return false;
    floor_ = kept_.back();
    has_floor_ = true;
    dropped_ = false;
    nearly_all_ = std::numeric_limits<double>::infinity();
    kept_.clear();
    taken_ = sorted_ = 0;
    room_ = std::min(room_ * kGrowth, most_);
    return true;
  }

 private:
  /// Keeps the nearer half; they are in no order but for the farthest, which is the last.
  void drop() {
    const auto middle = kept_.begin() + static_cast<std::ptrdiff_t>(room_ - 1);
    std::nth_element(kept_.begin(), middle, kept_.end(), ByOrder());
    cut_ = *middle;
    kept_.resize(room_);
    dropped_ = true;
    if (!std::isnan(cut_.bound)) nearly_all_ = cut_.bound;
  }

  /// Puts some more of the rest in order.
  bool sort_some() {
    constexpr std::size_t kFirstChunk = 32;
    if (taken_ == 0 && dropped_ && kept_.size() > room_) drop();
    if (sorted_ == kept_.size()) return false;
    const std::size_t chunk = std::min(std::max(kFirstChunk, sorted_), kept_.size() - sorted_);
    const auto first = kept_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    const auto last = first + static_cast<std::ptrdiff_t>(chunk);
    if (last != kept_.end()) std::nth_element(first, last - 1, kept_.end(), ByOrder());
    std::sort(first, last, ByOrder());
    sorted_ += chunk;
    return true;
  }

  /// A type, so that what sorts by it has it inlined.
  struct ByOrder {
    bool operator()(const Candidate& a, const Candidate& b) const {
      return a.bound < b.bound || (!(b.bound < a.bound) && before(a, b));
    }
  };

  std::size_t most_;
  std::size_t first_;
  std::size_t room_ = 0;
  std::pmr::vector<Candidate> kept_;
  std::size_t taken_ = 0;   // of kept_, from the front
  std::size_t sorted_ = 0;  // kept_[0, sorted_) are in order, and before all others
  bool dropped_ = false;
  bool has_floor_ = false;
  double nearly_all_ = 0;  // no bound above it is kept: most of what is offered
  Candidate cut_{};        // if dropped_: rows from here on are not kept in this pass
  Candidate floor_{};      // if has_floor_: rows up to here came out in an earlier pass
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_CANDIDATES_H_

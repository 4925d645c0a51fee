#include "core/hnsw/bulk/link_table.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// More than these are sorted by comparisons, so many or fewer are ranked by counting.
constexpr std::size_t kMostRanked = 160;

/// Held for less than a microsecond, and rarely wanted by two.
class Lock {
 public:
  explicit Lock(std::atomic<std::uint32_t>& word) : word_(word) {
    while (word_.exchange(1, std::memory_order_acquire) != 0) {
    }
  }
  ~Lock() { word_.store(0, std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic<std::uint32_t>& word_;
};

/// Lets an order be whole again where few are not in their places.
void restore_order(std::span<LinkEntry> list) {
  for (std::size_t k = 1; k < list.size(); ++k) {
    for (std::size_t j = k; j > 0 && nearer(list[j], list[j - 1]); --j) {
      std::swap(list[j], list[j - 1]);
    }
  }
}

/// How far an entry of a full list may be that is not marked.
float bound_of(std::span<const LinkEntry> list) {
  for (std::size_t i = list.size(); i-- > 0;) {
    if (!is_marked(list[i])) return list[i].distance;
  }
  return -kInfinity;
}

/// The place of the last entry for which `is` is true, or `count`.
template <class Is>
std::size_t place_of_last(const LinkEntry* list, std::size_t count, Is is) {
  for (std::size_t i = count; i-- > 0;) {
    if (is(list[i])) return i;
  }
  return count;
}

/// Takes out the last `surplus` entries for which `goes` is true, or all if they are not so many.
/// Returns how many there were.
template <class Goes>
std::size_t remove_last(std::vector<LinkEntry>& list, std::size_t surplus, Goes goes) {
  std::size_t removed = 0;
  std::size_t to = list.size();
  for (std::size_t from = list.size(); from-- > 0;) {
    if (removed < surplus && goes(list[from])) {
      ++removed;
    } else {
      list[--to] = list[from];
    }
  }
  list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(to));
  return removed;
}

}  // namespace

LinkTable::LinkTable(Memory memory, std::size_t limit) : memory_(memory), limit_(limit) {
  VEC_ASSERT(limit <= kMostHeld);
  own_nodes_.resize(limit);
  own_distances_.resize(limit + 1);
}

void LinkTable::merge(std::size_t row, std::span<const LinkEntry> found) {
  if (found.empty()) return;
  // Room first: nothing may throw while the lock is held.
  if (nodes_.size() < found.size()) {
    nodes_.resize(found.size());
    places_.resize(found.size());
    const std::size_t most = limit_ + found.size();
    ranks_.resize(most);
    distances_.resize(most);
    all_.resize(most + 1);
    merged_.reserve(most);
  }
  const Lock lock(memory_.locks[row % kLocks]);
  merge_locked(row, found);
}

void LinkTable::merge_marked(std::size_t row, LinkEntry entry) {
  LinkEntry* const own = memory_.entries + row * limit_;
  const Lock lock(memory_.locks[row % kLocks]);
  const std::size_t count = memory_.counts[row];
  const NodeId node = node_of(entry.link);
  for (std::size_t i = 0; i < count; ++i) {
    if (node_of(own[i].link) != node) continue;
    own[i].link |= entry.link;
    if (entry.distance < own[i].distance) {
      own[i].distance = entry.distance;
      restore_order({own, count});
    }
    return;
  }
  std::size_t hole = count;  // that of the one that goes
  if (count == limit_) {
    hole = place_of_last(own, count, [](const LinkEntry& e) { return !is_marked(e); });
    if (hole == count) {
      hole = place_of_last(own, count, [](const LinkEntry& e) { return !kept_by_rule(e.link); });
      const bool kept = kept_by_rule(entry.link);
      if (hole == count) hole = kept ? count - 1 : count;
      if (hole == count) return;
      if (kept == kept_by_rule(own[hole].link) && nearer(own[hole], entry)) return;
    }
  } else {
    memory_.counts[row] = static_cast<std::uint8_t>(count + 1);
  }
  while (hole > 0 && nearer(entry, own[hole - 1])) {
    own[hole] = own[hole - 1];
    --hole;
  }
  while (hole + 1 < memory_.counts[row] && nearer(own[hole + 1], entry)) {
    own[hole] = own[hole + 1];
    ++hole;
  }
  own[hole] = entry;
}

void LinkTable::copy(std::size_t row, std::vector<LinkEntry>& copy) const {
  copy.reserve(limit_);
  const Lock lock(memory_.locks[row % kLocks]);
  const std::span<const LinkEntry> now = list(row);
  copy.assign(now.begin(), now.end());
}

void LinkTable::shorten(std::size_t row, std::span<const LinkEntry> list) {
  VEC_ASSERT(list.size() <= memory_.counts[row]);
  std::ranges::copy(list, memory_.entries + row * limit_);
  memory_.counts[row] = static_cast<std::uint8_t>(list.size());
}

/// Gives the entries of `own` what `found` knows better of them, and puts those that are not among
/// them and may be wanted behind them, into all_.  Returns whether any of `own` has changed.
bool LinkTable::unite_known(LinkEntry* own, std::size_t count, std::span<const LinkEntry> found) {
  for (std::size_t i = 0; i < count; ++i) {
    own_nodes_[i] = node_of(own[i].link);
    own_distances_[i] = own[i].distance;
  }
  own_distances_[count] = -kInfinity;  // of what is not among them
  for (std::size_t i = 0; i < found.size(); ++i) nodes_[i] = node_of(found[i].link);
  kernels::active().places_in_list(nodes_.data(), found.size(), own_nodes_.data(), count,
                                   places_.data());
  const float bound = count == limit_ ? bound_of({own, count}) : kInfinity;
  bool changed = false;
  std::size_t size = count;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const LinkEntry entry = found[i];
    const std::size_t place = places_[i];
    // Without a branch, as half of them are known.
    all_[size] = entry;
    size += (place == count) & ((entry.distance <= bound) | is_marked(entry));
    if ((entry.distance < own_distances_[place]) | is_marked(entry)) {
      if (place == count) continue;
      own[place].link |= entry.link;
      own[place].distance = std::min(own[place].distance, entry.distance);
      changed = true;
    }
  }
  all_size_ = size;
  if (changed) restore_order({own, count});
  return changed;
}

/// Makes merged_ the entries of all_ in the order of lists.
void LinkTable::sort_all() {
  const std::span<const LinkEntry> all(all_.data(), all_size_);
  merged_.resize(all.size());
  if (all.size() > kMostRanked) {
    std::ranges::copy(all, merged_.begin());
    std::ranges::sort(merged_, nearer);
    return;
  }
  for (std::size_t i = 0; i < all.size(); ++i) distances_[i] = all[i].distance;
  kernels::active().ranks(distances_.data(), all.size(), ranks_.data());
  for (std::size_t i = 0; i < all.size(); ++i) merged_[ranks_[i]] = all[i];
  restore_order(merged_);  // among equally far ones
}

void LinkTable::merge_locked(std::size_t row, std::span<const LinkEntry> found) {
  LinkEntry* const own = memory_.entries + row * limit_;
  std::size_t count = memory_.counts[row];
  const bool changed = unite_known(own, count, found);
  if (all_size_ == count && !changed) return;
  if (all_size_ > count) {
    std::copy_n(own, count, all_.begin());
    sort_all();
    std::size_t surplus = merged_.size() > limit_ ? merged_.size() - limit_ : 0;
    // What fills up goes first, the farthest first; then what stays only for the others' sake.
    if (surplus > 0) {
      surplus -= remove_last(merged_, surplus, [](const LinkEntry& e) { return !is_marked(e); });
    }
    if (surplus > 0) {
      surplus -=
          remove_last(merged_, surplus, [](const LinkEntry& e) { return !kept_by_rule(e.link); });
    }
    count = merged_.size() - surplus;
    std::copy_n(merged_.begin(), count, own);
    memory_.counts[row] = static_cast<std::uint8_t>(count);
  }
  if (count == limit_ && memory_.bounds != nullptr) {
    memory_.bounds[row].store(bound_of({own, count}), std::memory_order_relaxed);
  }
}

}  // namespace vec::hnsw::bulk

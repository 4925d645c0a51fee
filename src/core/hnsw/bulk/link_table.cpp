#include "core/hnsw/bulk/link_table.h"

#include <algorithm>

#include "core/error.h"

namespace vec::hnsw::bulk {

namespace {

/// The entry of `node`, or null.
LinkEntry* find(LinkEntry* entries, std::size_t count, NodeId node) {
  for (std::size_t i = 0; i < count; ++i) {
    if (node_of(entries[i].link) == node) return entries + i;
  }
  return nullptr;
}

}  // namespace

LinkTable::LinkTable(Memory memory, std::size_t limit, std::size_t enough)
    : memory_(memory), limit_(limit), enough_(enough) {
  VEC_ASSERT(limit < 256);
  merged_.reserve(2 * limit);
}

void LinkTable::merge(std::size_t row, std::span<const LinkEntry> found) {
  // Room first: nothing may throw while the lock is held.
  merged_.reserve(limit_ + found.size());
  std::atomic<std::uint32_t>& lock = memory_.locks[row % kLocks];
  // Held for less than a microsecond, and rarely wanted by two.
  while (lock.exchange(1, std::memory_order_acquire) != 0) {
  }
  merge_locked(row, found);
  lock.store(0, std::memory_order_release);
}

void LinkTable::shorten(std::size_t row, std::span<const LinkEntry> list) {
  VEC_ASSERT(list.size() <= memory_.counts[row]);
  std::ranges::copy(list, memory_.entries + row * limit_);
  memory_.counts[row] = static_cast<std::uint8_t>(list.size());
}

void LinkTable::merge_locked(std::size_t row, std::span<const LinkEntry> found) {
  LinkEntry* const own = memory_.entries + row * limit_;
  std::size_t count = memory_.counts[row];
  merged_.clear();
  NodeFilter filter;
  for (std::size_t i = 0; i < count; ++i) filter.add(node_of(own[i].link));
  bool lowered = false;
  std::size_t i = 0;
  for (const LinkEntry& entry : found) {
    const NodeId node = node_of(entry.link);
    LinkEntry* const there = filter.may_have(node) ? find(own, count, node) : nullptr;
    if (there != nullptr) {
      lowered = lowered || entry.distance < there->distance;
      there->link |= entry.link & kKeptByRule;
      there->distance = std::min(there->distance, entry.distance);
      continue;
    }
    // What would only fill up, and is farther than all of a full list, is the first to go.
    if (count == limit_ && !kept_by_rule(entry.link) && nearer(own[count - 1], entry)) continue;
    while (i < count && nearer(own[i], entry)) merged_.push_back(own[i++]);
    merged_.push_back(entry);
  }
  merged_.insert(merged_.end(), own + i, own + count);
  for (std::size_t k = 1; lowered && k < merged_.size(); ++k) {
    for (std::size_t j = k; j > 0 && nearer(merged_[j], merged_[j - 1]); --j) {
      std::swap(merged_[j], merged_[j - 1]);
    }
  }

  std::size_t surplus = merged_.size() > limit_ ? merged_.size() - limit_ : 0;
  count = merged_.size() - surplus;
  // What fills up goes first, the farthest first; then the farthest.
  std::size_t to = merged_.size();
  for (std::size_t from = merged_.size(); from-- > 0;) {
    if (surplus > 0 && !kept_by_rule(merged_[from].link)) {
      --surplus;
    } else {
      merged_[--to] = merged_[from];
    }
  }
  std::copy_n(merged_.begin() + static_cast<std::ptrdiff_t>(to), count, own);
  memory_.counts[row] = static_cast<std::uint8_t>(count);
  if (enough_ > 0 && count >= enough_ && memory_.bounds != nullptr) {
    memory_.bounds[row].store(own[enough_ - 1].distance, std::memory_order_relaxed);
  }
}

}  // namespace vec::hnsw::bulk

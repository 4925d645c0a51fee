// core/hnsw/bulk/link_table.h
//
// The best links found so far, of every node of a layer.
//
// Merging is a union cut to the best: what the rule kept goes before what only fills up, the near
// before the far.  A node found twice counts as kept if it was kept once, and at the lesser of its
// distances, which differ by rounding.  But for that rounding, the order in which lists come makes
// no difference.

#ifndef VEC_CORE_HNSW_BULK_LINK_TABLE_H_
#define VEC_CORE_HNSW_BULK_LINK_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/hnsw/graph.h"

namespace vec::hnsw::bulk {

/// A link with its length.
struct LinkEntry {
  float distance;
  Link link;
};

/// The order of lists.
inline bool nearer(const LinkEntry& a, const LinkEntry& b) {
  return a.distance < b.distance || (a.distance == b.distance && node_of(a.link) < node_of(b.link));
}

/// Says quickly of most nodes that they are not in a list.
class NodeFilter {
 public:
  void add(NodeId node) { words_[word(node)] |= bit(node); }
  bool may_have(NodeId node) const { return (words_[word(node)] & bit(node)) != 0; }

 private:
  static std::size_t word(NodeId node) { return node / 64 % 8; }
  static std::uint64_t bit(NodeId node) { return std::uint64_t{1} << node % 64; }

  std::array<std::uint64_t, 8> words_{};
};

/// Lists are ascending in distance, those of equal distance in node number.
/// Several processes may merge into one table at the same time.
class LinkTable {
 public:
  /// Places for a table of `rows` lists of at most `limit` links each, empty where all is zero.
  struct Memory {
    LinkEntry* entries;                 // rows * limit
    std::uint8_t* counts;               // rows
    std::atomic<std::uint32_t>* locks;  // kLocks
    std::atomic<float>* bounds;         // rows; may be null
  };
  static constexpr std::size_t kLocks = 1024;

  /// enough   see bound()
  LinkTable(Memory memory, std::size_t limit, std::size_t enough = 0);

  /// Unites the list of `row` with `found`: ascending as lists are, no node twice.
  void merge(std::size_t row, std::span<const LinkEntry> found);

  /// The length that `enough` links of the list of `row` do not exceed; infinity if it has fewer,
  /// or if that length is 0, and always if `enough` is 0 or there is no room for bounds.  While
  /// others merge, too.
  float bound(std::size_t row) const {
    const float bound =
        memory_.bounds == nullptr ? 0 : memory_.bounds[row].load(std::memory_order_relaxed);
    return bound == 0 ? std::numeric_limits<float>::infinity() : bound;
  }

  /// Has the list of `row` fetched into the cache.
  void prefetch(std::size_t row) const {
    const auto* const list = reinterpret_cast<const std::byte*>(memory_.entries + row * limit_);
    for (std::size_t i = 0; i < limit_ * sizeof(LinkEntry); i += 64) __builtin_prefetch(list + i);
    __builtin_prefetch(memory_.counts + row);
  }

  /// While nobody merges.
  std::span<const LinkEntry> list(std::size_t row) const {
    return {memory_.entries + row * limit_, memory_.counts[row]};
  }

  /// Makes `list`, no longer than what is there and ascending as lists are, the list of `row`.
  /// While nobody merges.
  void shorten(std::size_t row, std::span<const LinkEntry> list);

 private:
  void merge_locked(std::size_t row, std::span<const LinkEntry> found);

  Memory memory_;
  std::size_t limit_;
  std::size_t enough_;
  std::vector<LinkEntry> merged_;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<float>::is_always_lock_free);
static_assert(kMaxLinks + kMaxLinks / 4 < 256);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LINK_TABLE_H_

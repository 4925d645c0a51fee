// core/hnsw/bulk/link_table.h
//
// The best links found so far, of every node of a layer.
//
// Merging is a union cut to the best: what is marked goes before what only fills up, the near
// before the far.  A node found twice has the marks of both, and the lesser of the distances, which
// differ by rounding.  The order in which lists come makes no difference, as long as what the rule
// kept has room.

#ifndef VEC_CORE_HNSW_BULK_LINK_TABLE_H_
#define VEC_CORE_HNSW_BULK_LINK_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/graph.h"

namespace vec::hnsw::bulk {

/// A link with its length.
struct LinkEntry {
  float distance;
  Link link;
};

/// The mark of a link that stays though others are nearer, but gives way to what the rule kept
/// (kKeptByRule): one to a scout (leaf.h), then one back from whom the rule gave a link.  While
/// points are linked among themselves there is no tree.
inline constexpr Link kStays = kTreeLink;

inline bool is_marked(const LinkEntry& entry) { return (entry.link & (kKeptByRule | kStays)) != 0; }

/// The order of lists.
inline bool nearer(const LinkEntry& a, const LinkEntry& b) {
  return a.distance < b.distance || (a.distance == b.distance && node_of(a.link) < node_of(b.link));
}

/// Lists are ascending in distance, those of equal distance in node number.
/// Several processes may merge into one table at the same time.
class LinkTable {
 public:
  /// Places for a table of `rows` lists of at most `limit` links each, empty where all is zero.
  struct Memory {
    LinkEntry* entries;                 // rows * limit
    std::uint8_t* counts;               // rows
    std::atomic<std::uint32_t>* locks;  // kLocks
    std::atomic<float>* bounds;         // rows, infinity where the list is empty; may be null
  };
  static constexpr std::size_t kLocks = 1024;
  static constexpr std::size_t kMostHeld = 255;

  /// limit   at most kMostHeld
  LinkTable(Memory memory, std::size_t limit);

  /// Unites the list of `row` with `found`: in any order, no node twice.
  void merge(std::size_t row, std::span<const LinkEntry> found);

  /// The same for one that is marked, mostly one that is there already: nothing is sorted.
  void merge_marked(std::size_t row, LinkEntry entry);

  /// What is farther and not marked would not be taken into the list of `row`.  While others merge,
  /// too.  There must be room for bounds.
  float bound(std::size_t row) const { return memory_.bounds[row].load(std::memory_order_relaxed); }

  /// Has the list of `row` fetched into the cache.
  void prefetch(std::size_t row) const {
    const auto* const list = reinterpret_cast<const std::byte*>(memory_.entries + row * limit_);
    for (std::size_t i = 0; i < limit_ * sizeof(LinkEntry); i += 64) __builtin_prefetch(list + i);
    __builtin_prefetch(memory_.counts + row);
  }

  /// While nobody merges into that row.
  std::span<const LinkEntry> list(std::size_t row) const {
    return {memory_.entries + row * limit_, memory_.counts[row]};
  }

  /// Makes `copy` the list of `row` as it is now, while others merge.
  void copy(std::size_t row, std::vector<LinkEntry>& copy) const;

  /// Makes `list`, no longer than what is there and ascending as lists are, the list of `row`.
  /// While nobody merges into that row.
  void shorten(std::size_t row, std::span<const LinkEntry> list);

 private:
  void merge_locked(std::size_t row, std::span<const LinkEntry> found);
  bool unite_known(LinkEntry* own, std::size_t count, std::span<const LinkEntry> found);
  void sort_all();

  Memory memory_;
  std::size_t limit_;
  // Scratch, with room for whatever one call needs.
  std::vector<std::uint32_t> own_nodes_, nodes_, places_, ranks_;
  std::vector<float> own_distances_, distances_;
  std::vector<LinkEntry> all_, merged_;
  std::size_t all_size_ = 0;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<float>::is_always_lock_free);
static_assert(kMaxLinks + kMaxLinks / 4 < 256);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LINK_TABLE_H_

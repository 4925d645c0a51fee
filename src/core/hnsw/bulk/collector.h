// core/hnsw/bulk/collector.h
//
// Taking in the rows of a table for a build in bulk: equal codes share a node, nothing is linked
// until all are there.
//
// Of nodes that are copies of one another (ten rows each) only the first is linked in bulk: in a
// leaf full of copies nobody would see anything else.  The others are inserted afterwards.

#ifndef VEC_CORE_HNSW_BULK_COLLECTOR_H_
#define VEC_CORE_HNSW_BULK_COLLECTOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/hnsw/bulk/build.h"
#include "core/hnsw/memory_graph.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

class Collector {
 public:
  static constexpr std::uint64_t kSeed = 0x5EED;

  /// graph   empty
  /// seed    of the nodes' levels
  Collector(MemoryGraph& graph, std::pmr::memory_resource* memory, std::uint64_t seed = kSeed);

  void add(std::span<const std::byte> code, RowId row);

  /// Links everything.  Nothing can be added afterwards.
  /// team   who helps; may be null
  void finish(const Watch& watch, Team* team = nullptr);

  /// Calls visit(code, rows) for the nodes that are copies of others, before finish().
  template <class Visit>
  void for_each_copy(Visit visit) const {
    for (const Copies& group : copies_) {
      visit(graph_.code(group.of), std::span<const RowId>(group.rows.data(), group.count));
    }
  }

  /// Calls visit(code, row) for all rows, before finish().
  template <class Visit>
  void for_each_row(Visit visit) const {
    const auto each = [&](std::span<const std::byte> code, std::span<const RowId> rows) {
      for (const RowId& row : rows) {
        if (row.valid()) visit(code, row);
      }
    };
    for (NodeId node = 0; node < graph_.node_count(); ++node) {
      each(graph_.code(node), graph_.rows(node));
    }
    for_each_copy(each);
  }

  /// Bytes in use, and those that finish() will need beside them.
  std::size_t bytes() const;

 private:
  /// Rows whose code stands in a node that is full.
  struct Copies {
    NodeId of;  // until finish()
    const std::byte* code;
    std::array<RowId, kMaxRows> rows;
    std::uint32_t count;
  };
  /// The newest place of a code: a node, or kCopies and the number of a group of copies.
  struct Slot {
    std::uint32_t hash;
    std::uint32_t place;
  };
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;
  static constexpr std::uint32_t kCopies = 0x80000000;

  Slot* find(std::uint32_t hash, std::span<const std::byte> code);
  std::span<const std::byte> code_at(std::uint32_t place) const;
  void grow();
  void insert_copies();

  MemoryGraph& graph_;
  std::pmr::memory_resource* memory_;
  std::pmr::vector<Slot> slots_;  // open addressing, at most half full
  std::size_t used_ = 0;
  std::pmr::vector<Copies> copies_;
  Rng rng_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_COLLECTOR_H_

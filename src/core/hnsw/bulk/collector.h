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
  /// graph   empty
  Collector(MemoryGraph& graph, std::pmr::memory_resource* memory);

  void add(std::span<const std::byte> code, RowId row);

  /// Links everything.  Nothing can be added afterwards.
  /// team   who helps; may be null
  void finish(const Watch& watch, Team* team = nullptr);

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

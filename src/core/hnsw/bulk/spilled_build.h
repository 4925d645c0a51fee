// core/hnsw/bulk/spilled_build.h
//
// A build in bulk that takes little memory, however many rows there are: what a build in memory
// holds is in temporary files, of which a part at a time is worked on.  Files are written and read
// from front to back.
//
//   1. Rows are put into a file.
//   2. They are cut into parts of near ones (parts.h).  Each part's rows become nodes, equal codes
//      sharing one (collector.h), and are numbered by their nearest leaders.
//   3. Layer by layer, the highest first, nodes are linked (spilled_layer.h).
//
// In memory is a part, and four bytes for each node above layer 0.

#ifndef VEC_CORE_HNSW_BULK_SPILLED_BUILD_H_
#define VEC_CORE_HNSW_BULK_SPILLED_BUILD_H_

#include <array>
#include <cstddef>
#include <deque>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/codes/value.h"
#include "core/hnsw/bulk/spilled_layer.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/new_node.h"

namespace vec::hnsw::bulk {

class SpilledBuild {
 public:
  /// format   pays() for it, and codes are of one size
  SpilledBuild(const codes::Format& format, Params params, std::size_t memory_bytes, Spill& spill,
               std::pmr::memory_resource* memory);

  void add(std::span<const std::byte> code, RowId row);

  /// Links everything, and gives all nodes but copies to `sink`.  Returns the entry point.
  /// Nothing can be added afterwards.
  EntryPoint finish(const Watch& watch, Team* team, NodeSink& sink);

  /// Inserts the rows that finish() has put aside, where there are more than ten with one code.
  template <WriteStore Store>
  void insert_copies(Store& store, std::pmr::memory_resource* memory);

 private:
  struct Layer {
    Layer(RecordFile file, std::pmr::memory_resource* memory) : records(file), nodes(memory) {}
    RecordFile records;
    std::pmr::vector<NodeId> nodes;  // not on layer 0
  };
  struct NodeHeader {
    std::uint32_t level;
    std::uint32_t rows;
  };

  void number_part(SpillFile& file, std::size_t count, const Watch& watch);
  void put_node(int level, std::span<const RowId> rows, std::span<const std::byte> code);
  Layer& layer(int number);

  SpillContext context_;
  Rng rng_;
  RecordFile rows_;
  SpillFile* nodes_ = nullptr;  // header and rows of each
  NodeId node_count_ = 0;
  std::deque<Layer> layers_;
  RecordFile copies_;
};

template <WriteStore Store>
void SpilledBuild::insert_copies(Store& store, std::pmr::memory_resource* memory) {
  InsertScratch scratch;
  std::vector<std::byte> code(context_.format.code_bytes);
  copies_.file->rewind();
  std::array<RowId, kMaxRows> rows;
  for (std::size_t i = 0; i < copies_.count; ++i) {
    const std::size_t count = read_value<std::uint32_t>(*copies_.file);
    copies_.file->read(std::as_writable_bytes(std::span(rows).first(count)));
    copies_.file->read(code);
    const codes::Query query = codes::Query::of_code(context_.format, code.data());
    const NodeId next = store.node_count();
    for (std::size_t k = 0; k < count; ++k) {
      if (store.node_count() > next && store.add_row(next, 0, rows[k])) continue;
      insert(store, query, code, rows[k], draw_level(rng_.uniform(), context_.params.m), scratch,
             memory);
    }
  }
  context_.spill.remove(copies_.file);
}

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_SPILLED_BUILD_H_

// pg/hnsw/graph_writer.h
//
// Writing nodes, in the order of their numbers, to an index that is still empty.

#ifndef VEC_PG_HNSW_GRAPH_WRITER_H_
#define VEC_PG_HNSW_GRAPH_WRITER_H_

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "core/hnsw/new_node.h"
#include "pg/hnsw/index.h"

namespace vec::pg::hnsw {

/// Writes pages nearly in order, and nearly all of them once.  Nothing is logged: the build logs all
/// pages at its end.
class GraphWriter final : public vec::hnsw::NodeSink {
 public:
  /// shape   its layout has the weight of items that the index is to have
  GraphWriter(Relation index, const Shape& shape);

  void add(const vec::hnsw::NewNode& node) override;
  /// Writes what is left, and the meta page.
  void finish(vec::hnsw::EntryPoint entry);

 private:
  /// Pages of upper links that are kept until it is their turn, 64 MB: those of 13 million nodes at
  /// m = 16.
  static constexpr std::size_t kMostEarly = 8192;

  /// The page of each kind that is being filled.
  struct OpenPage {
    BlockNumber block = InvalidBlockNumber;
    std::vector<std::byte> bytes;
  };

  std::byte* slot(PageKind kind, vec::hnsw::Place place);
  vec::hnsw::ItemPlace add_item(std::span<const std::byte> code);
  void write(const OpenPage& page);
  void append(const std::vector<std::byte>* bytes);

  Relation index_;
  Shape shape_;
  MetaPage meta_;
  BlockNumber block_count_ = 0;
  std::array<OpenPage, 5> open_;  // by kind, less one
  std::map<BlockNumber, std::vector<std::byte>> early_;
  std::uint32_t next_cell_ = 0;   // of the last page of items
};

/// Counts the pages that items will take.
class ItemPacking {
 public:
  explicit ItemPacking(const Layout& layout) : per_page_(layout.cells_per_page()) {}

  void add(std::size_t bytes);
  std::uint32_t pages() const { return pages_; }

 private:
  std::uint32_t per_page_;
  std::uint32_t pages_ = 0;
  std::uint32_t cell_ = 0;
};

/// What the meta page of an empty index says.
MetaPage meta_of(const Shape& shape);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_GRAPH_WRITER_H_

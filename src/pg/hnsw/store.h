// pg/hnsw/store.h
//
// The Store of core/hnsw/store.h over PostgreSQL's buffers.
//
// Reading holds one pin and one share lock at a time, for the visits of one page.  The visits of
// one hop are one C-like function: nodes are sorted by block, and the descriptors and codes of
// buffers that are still remembered are on their way into the cache before the first is read.

#ifndef VEC_PG_HNSW_STORE_H_
#define VEC_PG_HNSW_STORE_H_

#include <array>
#include <limits>
#include <span>
#include <vector>

#include "core/hnsw/code_cache.h"
#include "core/hnsw/store.h"
#include "pg/boundary.h"
#include "pg/hnsw/index.h"
#include "pg/remembered_buffers.h"

namespace vec::pg::hnsw {

using codes::Query;
using vec::hnsw::CodeBatch;
using vec::hnsw::EntryPoint;
using vec::hnsw::kMaxRows;
using vec::hnsw::Link;
using vec::hnsw::LinkList;
using vec::hnsw::NodeId;
using vec::hnsw::NodeScore;
using vec::hnsw::NodeState;
using vec::hnsw::RowId;

/// What the C-like functions know of the index.
struct Pages {
  Relation index;
  Shape shape;
  RememberedBuffers* remembered;
  BlockNumber block_count;  // as last asked
  bool logged;              // false while the index is built
};

/// Which rows vacuum takes out, and its counters.
struct DeadRows {
  IndexBulkDeleteCallback callback;
  void* state;
  IndexBulkDeleteResult* stats;
  std::size_t cache_bytes;  // for codes that are needed again
};

/// The rows of one node.
struct Rows {
  std::array<RowId, kMaxRows> ids;
  int count;
};

class Store {
 public:
  explicit Store(Relation index);
  /// logged   see PageChange
  Store(Relation index, const Shape& shape, bool logged);

  const codes::Format& format() const { return pages_.shape.format; }
  const Params& params() const { return pages_.shape.params; }
  const Layout& layout() const { return pages_.shape.layout; }

  // ReadStore
  EntryPoint entry();
  void links(NodeId node, int layer, LinkList& out);
  void score(const Query& query, std::span<const NodeId> nodes, float limit, NodeScore* out);
  void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch);
  void prefetch_links(NodeId node) const;
  void check_interrupts();

  /// The level that a new node of `level` can have without the index growing for its upper slots.
  int level_with_room(int level);

  /// The node's rows; none if the node is no longer the one of that generation.
  Rows rows(NodeId node, std::uint16_t generation);

  // WriteStore
  void begin_insert(bool exclusive);
  void end_insert();
  NodeId create_node(int level, std::span<const std::byte> code, RowId row,
                     std::span<const LinkList> lists);
  bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                     std::span<const Link> desired);
  bool add_row(NodeId node, std::uint16_t generation, RowId row);
  bool replace_entry(NodeId old, EntryPoint entry);

  // VacuumStore
  NodeId node_count();
  /// From here to free_nodes() codes come from a cache (CodeCache).
  void mark_dead(const DeadRows& dead, std::vector<NodeId>& dying);
  void wait_for_inserts();
  /// Codes fetched before are no longer good in the next visit.
  template <class Visit>
  void for_each_live(Visit visit);
  void free_nodes(std::span<const NodeId> nodes);

  // For checks.
  /// Copies a page; false if it was never used.
  bool copy_page(PageKind kind, std::uint32_t page, std::byte* out);
  /// Pages of items ever used.
  std::uint32_t item_pages();

 protected:
  Pages pages_;

 private:
  MetaPage meta();
  void read_codes(std::span<const NodeId> nodes, CodeBatch& batch);

  LOCKMODE insert_lock_ = NoLock;
  vec::hnsw::CodeCache code_cache_;
};

/// The links in a slot that lies in memory.
void read_links(const Params& params, const std::byte* slot, LinkList& out);
/// The links of a list that lies in memory and has room for `limit`.
void read_list(const std::byte* list, int limit, LinkList& out);

/// Of a node that is free.
inline constexpr NodeScore kFreeScore{
    {std::numeric_limits<float>::infinity(), 0}, NodeState::kFree, 0};

template <class Visit>
void Store::for_each_live(Visit visit) {
  std::vector<std::byte> page(BLCKSZ);
  LinkList list;
  const NodeId count = node_count();
  const std::uint32_t per_page = layout().links_per_page();
  for (NodeId first = 0; first < count; first += per_page) {
    check_interrupts();
    if (!copy_page(PageKind::kLinks, first / per_page, page.data())) continue;
    const NodeId end = std::min(count, first + per_page);
    for (NodeId node = first; node < end; ++node) {
      const std::byte* slot = page.data() + layout().link_slot(node).offset;
      vec::hnsw::LinkSlot header;
      std::memcpy(&header, slot, sizeof header);
      if (header.state != NodeState::kLive) continue;
      read_links(params(), slot, list);
      if (code_cache_.crowded()) code_cache_.clear();
      visit(node, int{header.level}, list);
    }
  }
}

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_STORE_H_

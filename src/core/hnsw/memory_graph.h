// core/hnsw/memory_graph.h
//
// A graph in memory: what CREATE INDEX builds before it writes pages, and what the tests run the
// algorithms on.  One process, no locks.
//
// Everything lies in blocks of fixed size, so that growing copies nothing.

#ifndef VEC_CORE_HNSW_MEMORY_GRAPH_H_
#define VEC_CORE_HNSW_MEMORY_GRAPH_H_

#include <array>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <utility>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/graph.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// Satisfies ReadStore, WriteStore and VacuumStore (store.h).
class MemoryGraph {
 public:
  /// interrupt   called by check_interrupts(); may throw; may be null
  MemoryGraph(const codes::Format& format, Params params, std::pmr::memory_resource* memory,
              void (*interrupt)() = nullptr);
  ~MemoryGraph();
  MemoryGraph(const MemoryGraph&) = delete;
  MemoryGraph& operator=(const MemoryGraph&) = delete;

  const codes::Format& format() const { return format_; }
  const Params& params() const { return params_; }
  EntryPoint entry() const { return entry_; }
  NodeId node_count() const { return count_; }

  void links(NodeId node, int layer, LinkList& out) const;
  void score(const codes::Query& query, std::span<const NodeId> nodes, float limit,
             NodeScore* out) const;
  void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) const;
  void prefetch_links(NodeId node) const;
  void check_interrupts() const {
    if (interrupt_ != nullptr) interrupt_();
  }

  void begin_insert(bool) {}
  void end_insert() {}
  NodeId create_node(int level, std::span<const std::byte> code, RowId row,
                     std::span<const LinkList> lists);
  bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                     std::span<const Link> desired);
  // For builds in bulk, which link nodes when all of them are there.
  /// A node that has no links yet, on any layer, and no room for those of layer 0.
  NodeId add_unlinked(int level, std::span<const std::byte> code, RowId row);
  /// Node order[i] becomes node i, in links and as the entry point, too.  None may be free.
  void renumber(std::span<const NodeId> order);
  /// Gives a node its links.
  void set_links(NodeId node, int layer, std::span<const Link> links);

  bool add_row(NodeId node, std::uint16_t generation, RowId row);

  template <class IsDead>
  void mark_dead(IsDead is_dead, std::vector<NodeId>& dying) {
    for (NodeId node = 0; node < count_; ++node) {
      Node& it = at(node);
      if (it.state == NodeState::kFree) continue;
      std::size_t left = 0;
      for (const RowId& row : it.rows) {
        if (row.valid() && !is_dead(row)) it.rows[left++] = row;
      }
      for (std::size_t i = left; i < it.rows.size(); ++i) it.rows[i] = RowId{};
      if (left == 0) it.state = NodeState::kDying;
      if (it.state == NodeState::kDying) dying.push_back(node);
    }
  }
  void wait_for_inserts() {}
  template <class Visit>
  void for_each_live(Visit visit) {
    LinkList list;
    for (NodeId node = 0; node < count_; ++node) {
      if (at(node).state != NodeState::kLive) continue;
      links(node, 0, list);
      visit(node, int{at(node).level}, list);
    }
  }
  bool replace_entry(NodeId old, EntryPoint entry);
  void free_nodes(std::span<const NodeId> nodes);

  // What is written to pages.
  int level(NodeId node) const { return at(node).level; }
  NodeState state(NodeId node) const { return at(node).state; }
  std::uint16_t generation(NodeId node) const { return at(node).generation; }
  const std::array<RowId, kMaxRows>& rows(NodeId node) const { return at(node).rows; }
  std::span<const std::byte> code(NodeId node) const {
    return {at(node).code, at(node).code_bytes};
  }
  /// Bytes in use.
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr NodeId kChunk = 4096;

  struct Node {
    std::byte* code;
    Link* base;   // max_links(0); null while there are none
    Link* upper;  // level * max_links(1); null on level 0
    std::uint32_t code_bytes;
    std::uint16_t generation;
    std::uint8_t level;
    NodeState state;
    std::array<RowId, kMaxRows> rows;
  };

  Node& at(NodeId node) { return chunks_[node / kChunk][node % kChunk]; }
  const Node& at(NodeId node) const { return chunks_[node / kChunk][node % kChunk]; }
  Link* list_of(const Node& node, int layer) const {
    if (layer == 0) return node.base;
    return node.upper + static_cast<std::ptrdiff_t>(layer - 1) * params_.max_links(layer);
  }
  template <class T>
  T* take(std::size_t count);
  void write_list(Link* list, int layer, std::span<const Link> links) const;

  codes::Format format_;
  Params params_;
  void (*interrupt_)();
  std::pmr::memory_resource* memory_;
  std::vector<std::pair<std::byte*, std::size_t>> blocks_;
  std::byte* next_ = nullptr;  // of the last block, with left_ bytes
  std::size_t left_ = 0;
  std::vector<Node*> chunks_;
  std::vector<NodeId> free_;
  std::size_t bytes_ = 0;
  NodeId count_ = 0;
  EntryPoint entry_;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_MEMORY_GRAPH_H_

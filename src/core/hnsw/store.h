// core/hnsw/store.h
//
// What HNSW needs of the place where a graph is kept.  This file specifies it; nobody derives
// from it.  MemoryGraph (memory_graph.h) keeps a graph in memory, for builds and tests; the
// server's Store (src/pg/hnsw/store.h) keeps it in pages.  Every call may throw.
//
// ReadStore
//   entry()                        -> EntryPoint
//   links(node, layer, LinkList&)  the node's links on a layer; count 0 if it is not there
//   score(query, nodes, limit, out)
//                                  NodeScore of each node; a free node scores +inf. One that is
//                                  farther than `limit` may have a rough distance, above it, and
//                                  an infinite radius
//   fetch_codes(nodes, batch)      the nodes' codes and states, valid until the next call with the
//                                  same batch; a free node has a null code
//   prefetch_links(node)           a hint
//   check_interrupts()             may throw; holds nothing
//
// WriteStore
//   format(), params()
//   begin_insert(exclusive), end_insert()
//                                  brackets an insert.  Exclusive ones are alone; vacuum waits for
//                                  all that had begun (wait_for_inserts).
//   create_node(level, code, row, lists)
//                                  -> NodeId; lists[layer] are its links, for layers 0..level
//   replace_links(node, layer, expected, desired)
//                                  -> true if the node is live and its links were `expected`; they
//                                  are `desired` then
//   add_row(node, generation, row)
//                                  -> true if the node is still that one, is live and had room
//   replace_entry(old, entry)      -> true if the entry point's node was `old`; it is `entry` then
//
// VacuumStore
//   node_count()                   nodes ever numbered
//   mark_dead(is_dead, dying)      drops the rows that is_dead(row) names; a live node left with
//                                  none becomes dying.  Appends every dying node to `dying`.
//   wait_for_inserts()             returns when every insert begun before has ended
//   for_each_live(visit)           visit(node, level, links of layer 0) for every live node
//   free_nodes(nodes)              makes dying nodes free

#ifndef VEC_CORE_HNSW_STORE_H_
#define VEC_CORE_HNSW_STORE_H_

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/graph.h"

namespace vec::hnsw {

/// Codes of some nodes.  A Store that has them in memory points at them, another copies them.
struct CodeBatch {
  std::vector<const std::byte*> codes;
  std::vector<NodeState> states;
  std::vector<std::uint16_t> generations;
  std::vector<std::byte> room;
};

template <class S>
concept ReadStore = requires(S store, NodeId node, int layer, LinkList& list,
                             const codes::Query& query, std::span<const NodeId> nodes, float limit,
                             NodeScore* scores, CodeBatch& batch) {
  { store.entry() } -> std::same_as<EntryPoint>;
  store.links(node, layer, list);
  store.score(query, nodes, limit, scores);
  store.fetch_codes(nodes, batch);
  store.prefetch_links(node);
  store.check_interrupts();
};

template <class S>
concept WriteStore = ReadStore<S> &&
    requires(S store, NodeId node, int layer, std::span<const Link> links,
             std::span<const std::byte> code, RowId row, std::span<const LinkList> lists) {
  { store.format() } -> std::convertible_to<const codes::Format&>;
  { store.params() } -> std::convertible_to<const Params&>;
  store.begin_insert(true);
  store.end_insert();
  { store.create_node(layer, code, row, lists) } -> std::same_as<NodeId>;
  { store.replace_links(node, layer, links, links) } -> std::same_as<bool>;
  { store.add_row(node, std::uint16_t{}, row) } -> std::same_as<bool>;
  { store.replace_entry(node, EntryPoint{}) } -> std::same_as<bool>;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_STORE_H_

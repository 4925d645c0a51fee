// test/support/hnsw_checks.h
//
// What a graph in memory must be like, and how well it finds.

#ifndef VEC_TEST_SUPPORT_HNSW_CHECKS_H_
#define VEC_TEST_SUPPORT_HNSW_CHECKS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <memory_resource>
#include <set>
#include <vector>

#include "core/hnsw/memory_graph.h"
#include "core/hnsw/search.h"
#include "support/hnsw_data.h"

namespace vec::test {

inline hnsw::RowId row_of(std::size_t number) {
  return {static_cast<std::uint16_t>(number >> 16), static_cast<std::uint16_t>(number), 1};
}
inline std::size_t number_of(hnsw::RowId row) {
  return (std::size_t{row.block_high} << 16) | row.block_low;
}

/// Links are within the graph, distinct, lead to nodes of their layer; the entry point is highest.
inline void expect_links_sound(const hnsw::MemoryGraph& graph) {
  hnsw::LinkList list;
  int top = -1;
  for (hnsw::NodeId node = 0; node < graph.node_count(); ++node) {
    top = std::max(top, graph.level(node));
    for (int layer = 0; layer <= graph.level(node); ++layer) {
      graph.links(node, layer, list);
      std::set<hnsw::NodeId> seen;
      for (const hnsw::Link link : list.view()) {
        const hnsw::NodeId other = hnsw::node_of(link);
        ASSERT_LT(other, graph.node_count());
        ASSERT_NE(other, node);
        ASSERT_TRUE(seen.insert(other).second) << "a link twice";
        ASSERT_GE(graph.level(other), layer);
      }
    }
  }
  ASSERT_EQ(graph.entry().exists(), graph.node_count() > 0);
  if (!graph.entry().exists()) return;
  ASSERT_EQ(graph.level(graph.entry().node), graph.entry().level);
  ASSERT_EQ(graph.entry().level, top);
}

/// How many live nodes the tree of layer 0 does not lead to from the entry point, over dying ones,
/// too: HNSW invariant 9.
inline std::size_t cut_off(const hnsw::MemoryGraph& graph) {
  std::vector<bool> seen(graph.node_count());
  std::vector<hnsw::NodeId> next;
  if (graph.entry().exists()) next.push_back(graph.entry().node);
  for (const hnsw::NodeId node : next) seen[node] = true;
  hnsw::LinkList list;
  while (!next.empty()) {
    graph.links(next.back(), 0, list);
    next.pop_back();
    for (const hnsw::Link link : list.view()) {
      if (!hnsw::in_tree(link) || seen[hnsw::node_of(link)]) continue;
      seen[hnsw::node_of(link)] = true;
      next.push_back(hnsw::node_of(link));
    }
  }
  std::size_t count = 0;
  for (hnsw::NodeId node = 0; node < seen.size(); ++node) {
    graph.links(node, 0, list);
    count += list.state == hnsw::NodeState::kLive && !seen[node];
  }
  return count;
}

/// Nodes that a walk over layer 0 from the entry point does not come to.
inline std::size_t unreachable_nodes(const hnsw::MemoryGraph& graph) {
  std::vector<bool> seen(graph.node_count());
  std::vector<hnsw::NodeId> todo;
  if (graph.entry().exists()) todo.push_back(graph.entry().node);
  std::size_t reached = todo.size();
  for (const hnsw::NodeId node : todo) seen[node] = true;
  hnsw::LinkList list;
  while (!todo.empty()) {
    const hnsw::NodeId node = todo.back();
    todo.pop_back();
    graph.links(node, 0, list);
    for (const hnsw::Link link : list.view()) {
      if (seen[hnsw::node_of(link)]) continue;
      seen[hnsw::node_of(link)] = true;
      todo.push_back(hnsw::node_of(link));
      ++reached;
    }
  }
  return graph.node_count() - reached;
}

/// Rows that a search with `ef` comes to, nearest first by their codes.
inline std::vector<std::size_t> search_rows(hnsw::MemoryGraph& graph, const codes::Value& value,
                                            std::size_t ef) {
  std::vector<std::size_t> rows;
  if (!graph.entry().exists()) return rows;
  auto* const memory = std::pmr::new_delete_resource();
  const codes::Query query(graph.format(), value);
  const auto start = hnsw::approach(graph, query, graph.entry(), 0, ef, memory);
  hnsw::LayerSearch<hnsw::MemoryGraph> search(graph, query, 0, ef, true, memory);
  search.start(start);
  for (const hnsw::Candidate& candidate : search.sorted_results()) {
    for (const hnsw::RowId& row : graph.rows(candidate.id)) {
      if (row.valid()) rows.push_back(number_of(row));
    }
  }
  return rows;
}

/// The share of the k nearest that searches with `ef` find; row numbers are places in `values`.
inline double recall_of(hnsw::MemoryGraph& graph, const Values& values, const Values& queries,
                        std::size_t k, std::size_t ef) {
  std::size_t hits = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const double kth = values.kth_distance(queries[q], k, [](std::size_t) { return true; });
    std::vector<double> found;
    for (const std::size_t row : search_rows(graph, queries[q], ef)) {
      found.push_back(values.distance(values[row], queries[q]));
    }
    std::sort(found.begin(), found.end());
    found.resize(std::min(found.size(), k));
    for (const double distance : found) hits += distance <= kth;
  }
  return static_cast<double>(hits) / static_cast<double>(queries.size() * k);
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_HNSW_CHECKS_H_

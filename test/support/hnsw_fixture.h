// test/support/hnsw_fixture.h
//
// A graph in memory that is filled by insertion, and what holds of it whenever nobody is at work.

#ifndef VEC_TEST_SUPPORT_HNSW_FIXTURE_H_
#define VEC_TEST_SUPPORT_HNSW_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <vector>

#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/search.h"
#include "core/rng.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"

namespace vec::test {

inline std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

/// A graph over some values, filled by insertion.
class Fixture {
 public:
  Fixture(const codes::Format& format, std::size_t count, hnsw::Params params = {16, 64})
      : format(format), values(format, count, 42), graph(format, params, heap()) {}

  template <class Store>
  void insert_into(Store& store, std::size_t i) {
    const codes::Query query(format, values[i]);
    hnsw::insert(store, query, values.code(i), row_of(i), hnsw::draw_level(rng.uniform(), 16),
                 scratch, heap());
  }
  void insert_all() {
    for (std::size_t i = 0; i < values.size(); ++i) insert_into(graph, i);
  }

  /// Rows of the nodes found, nearest first.
  std::vector<std::size_t> search(const codes::Value& value, std::size_t ef) {
    const codes::Query query(format, value);
    std::vector<std::size_t> rows;
    if (!graph.entry().exists()) return rows;
    hnsw::LayerSearch<hnsw::MemoryGraph> search(graph, query, 0, ef, true, heap());
    search.start(hnsw::approach(graph, query, graph.entry(), 0, ef, heap()));
    for (const hnsw::Candidate& candidate : search.sorted_results()) {
      for (const hnsw::RowId& row : graph.rows(candidate.id)) {
        if (row.valid()) rows.push_back(number_of(row));
      }
    }
    return rows;
  }

  template <class Alive>
  double recall(std::size_t queries, std::size_t k, std::size_t ef, Alive alive) {
    std::size_t hits = 0;
    for (std::size_t q = 0; q < queries; ++q) {
      // Queries of the data's own clusters: a row moved a little is as good.
      const codes::Value query = values[q * 7 % values.size()];
      const double kth = values.kth_distance(query, k, alive);
      auto found = search(query, ef);
      std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
        return values.distance(values[a], query) < values.distance(values[b], query);
      });
      found.resize(std::min(found.size(), k));
      for (const std::size_t row : found) hits += values.distance(values[row], query) <= kth;
    }
    return static_cast<double>(hits) / static_cast<double>(queries * k);
  }

  codes::Format format;
  Values values;
  hnsw::MemoryGraph graph;
  Rng rng{5};
  hnsw::InsertScratch scratch;
};

/// The invariants of the README that hold whenever nobody is at work.
inline void expect_sound(hnsw::MemoryGraph& graph) {
  EXPECT_EQ(hnsw::Check<hnsw::MemoryGraph>(graph).run(), std::vector<std::string>{});
  for (hnsw::NodeId node = 0; node < graph.node_count(); ++node) {
    ASSERT_NE(graph.state(node), hnsw::NodeState::kDying);
  }
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_HNSW_FIXTURE_H_

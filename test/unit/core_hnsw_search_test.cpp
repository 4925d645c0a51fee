#include <gtest/gtest.h>

#include <memory_resource>
#include <set>
#include <vector>

#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/search.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"

namespace vec::hnsw {
namespace {

using test::number_of;
using test::row_of;
using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

void fill(MemoryGraph& graph, const Values& values) {
  Rng rng(5);
  InsertScratch scratch;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const codes::Query query(graph.format(), values[i]);
    insert(graph, query, values.code(i), row_of(i), draw_level(rng.uniform(), graph.params().m),
           scratch, heap());
  }
}

/// Nodes that a search from `start` comes to in the end.
std::set<NodeId> seen_from(MemoryGraph& graph, const codes::Query& query, NodeId start) {
  NodeScore score;
  graph.score(query, {&start, 1}, std::numeric_limits<float>::infinity(), &score);
  const Candidate candidate{score.scored.distance, score.scored.radius, start, score.generation};
  LayerSearch<MemoryGraph> search(graph, query, 0, 10, true, heap());
  search.start({&candidate, 1}, graph.entry().node);
  std::set<NodeId> seen;
  do {
    for (const Candidate& found : search.sorted_results()) {
      EXPECT_TRUE(seen.insert(found.id).second) << "twice";
    }
  } while (search.resume(10));
  return seen;
}

class EverySearch : public testing::TestWithParam<codes::Format> {};

INSTANTIATE_TEST_SUITE_P(Hnsw, EverySearch, testing::ValuesIn(test::all_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EverySearch, ComesToEveryNodeWhereverItStarts) {
  const Values values(GetParam(), 150, 42);
  MemoryGraph graph(GetParam(), {2, 8}, heap());
  fill(graph, values);
  const codes::Query query(GetParam(), values[3]);
  for (NodeId start = 0; start < graph.node_count(); start += 7) {
    EXPECT_EQ(seen_from(graph, query, start).size(), graph.node_count()) << "from " << start;
  }
}

TEST_P(EverySearch, PassesThroughDyingNodesHoweverFar) {
  const Values values(GetParam(), 150, 42);
  MemoryGraph graph(GetParam(), {2, 8}, heap());
  fill(graph, values);
  std::vector<NodeId> dying;
  // What a vacuum does that is interrupted then.
  graph.mark_dead([](RowId row) { return number_of(row) % 3 != 0; }, dying);
  std::size_t live = 0;
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    live += graph.state(node) == NodeState::kLive;
  }
  const codes::Query query(GetParam(), values[3]);
  std::set<NodeId> seen = seen_from(graph, query, graph.entry().node);
  std::erase_if(seen, [&](NodeId node) { return graph.state(node) != NodeState::kLive; });
  EXPECT_EQ(seen.size(), live);
}

/// A graph that says only roughly how far those are that are farther than the limit.
class RoughGraph : public MemoryGraph {
 public:
  using MemoryGraph::MemoryGraph;
  void score(const codes::Query& query, std::span<const NodeId> nodes, float limit,
             NodeScore* out) const {
    MemoryGraph::score(query, nodes, limit, out);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!(out[i].scored.distance > limit)) continue;
      const float more = static_cast<float>(1 + nodes[i] * 7 % 5);
      out[i].scored = {out[i].scored.distance + more, std::numeric_limits<float>::infinity()};
    }
  }
};

TEST_P(EverySearch, KnowsHowFarResultsAreWhoseDistanceWasRough) {
  const Values values(GetParam(), 150, 42);
  MemoryGraph graph(GetParam(), {2, 8}, heap());
  fill(graph, values);
  RoughGraph rough(GetParam(), {2, 8}, heap());
  fill(rough, values);
  for (std::size_t i = 0; i < values.size(); i += 10) {
    const codes::Query query(GetParam(), values[i]);
    const auto expected = search_base(graph, query, 10, heap());
    const auto search = search_base(rough, query, 10, heap());
    const auto found = search->sorted_results();
    ASSERT_TRUE(
        std::ranges::equal(found, expected->sorted_results(), {}, &Candidate::id, &Candidate::id));
    std::set<NodeId> seen;
    const auto look_at = [&](const Candidate& candidate) {
      NodeScore score;
      graph.score(query, {&candidate.id, 1}, 0, &score);
      EXPECT_EQ(candidate.distance, score.scored.distance);
      EXPECT_EQ(candidate.radius, score.scored.radius);
      EXPECT_TRUE(seen.insert(candidate.id).second);
    };
    std::ranges::for_each(found, look_at);
    for (int round = 0; round < 4 && search->resume(10); ++round) {
      std::ranges::for_each(search->sorted_results(), look_at);
    }
    for (Candidate candidate; search->drain(candidate);) look_at(candidate);
    EXPECT_EQ(seen.size(), search->visited_count());
  }
}

/// Passes calls on to a graph.  At the n-th a vacuum runs, from its beginning to its end.
class RacingStore {
 public:
  RacingStore(MemoryGraph& graph, int calls) : graph_(graph), left_(calls) {}

  EntryPoint entry() { return step(), graph_.entry(); }
  void links(NodeId node, int layer, LinkList& out) { step(), graph_.links(node, layer, out); }
  void score(const codes::Query& query, std::span<const NodeId> nodes, float limit,
             NodeScore* out) {
    step(), graph_.score(query, nodes, limit, out);
  }
  void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) {
    step(), graph_.fetch_codes(nodes, batch);
  }
  void prefetch_links(NodeId node) const { graph_.prefetch_links(node); }
  void check_interrupts() {}
  bool has_raced() const { return left_ < 0; }

 private:
  void step() {
    if (left_-- != 0) return;
    remove_dead(
        graph_, [](RowId row) { return number_of(row) % 10 != 0; }, heap());
  }

  MemoryGraph& graph_;
  int left_;
};

TEST(Hnsw, ASearchFindsWhatIsThereWhileAVacuumTakesItsWayAway) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  const Values values(format, 60, 42);
  const codes::Query query(format, values[0]);
  for (const std::size_t ef : {std::size_t{5}, std::size_t{48}}) {
    int calls = 0;
    for (bool raced = true; raced; ++calls) {
      MemoryGraph graph(format, {4, 16}, heap());
      fill(graph, values);
      RacingStore store(graph, calls);
      bool found = false;
      // A scan resumes, and begins anew if all it has found was freed, with where it led to.
      for (int attempt = 0; attempt < 2 && !found; ++attempt) {
        const auto search = search_base(store, query, ef, heap());
        ASSERT_NE(search, nullptr);
        do {
          for (const Candidate& candidate : search->sorted_results()) {
            found = found || (graph.state(candidate.id) == NodeState::kLive &&
                              graph.generation(candidate.id) == candidate.generation);
          }
        } while (!found && search->resume(ef));
        EXPECT_TRUE(found || search->met_free()) << "vacuum at call " << calls;
      }
      EXPECT_TRUE(found) << "vacuum at call " << calls;
      raced = store.has_raced();
    }
    EXPECT_GT(calls, 20);
  }
}

TEST(Hnsw, OneSearchIsEnoughForAsManyAsWereAskedForWhileAVacuumTakesItsWayAway) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  const Values values(format, 60, 42);
  const codes::Query query(format, values[0]);
  constexpr std::size_t kFound = 5;  // of the six rows that the vacuum leaves
  bool raced = true;
  for (int calls = 0; raced; ++calls) {
    MemoryGraph graph(format, {4, 16}, heap());
    fill(graph, values);
    RacingStore store(graph, calls);
    const auto search = search_base(store, query, kFound, heap());
    ASSERT_NE(search, nullptr);
    EXPECT_EQ(search->sorted_results().size(), kFound) << "vacuum at call " << calls;
    raced = store.has_raced();
  }
}

}  // namespace
}  // namespace vec::hnsw

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/hnsw/check.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/reconnect.h"
#include "core/hnsw/search.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_fixture.h"

namespace vec::hnsw {
namespace {

using test::expect_sound;
using test::Fixture;
using test::heap;
using test::number_of;
using test::row_of;
using test::Values;

/// Values of a graph.  Fewer where every instruction costs tens: the same code is run.
#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kValues = 160;
#else
constexpr std::size_t kValues = 600;
#endif

class EveryGraph : public testing::TestWithParam<codes::Format> {};

INSTANTIATE_TEST_SUITE_P(Hnsw, EveryGraph, testing::ValuesIn(test::all_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EveryGraph, FindsTheNearestAfterInsertion) {
  Fixture fixture(GetParam(), kValues);
  fixture.insert_all();
  expect_sound(fixture.graph);
  // L1 between vectors with few elements in common says how long they are and little else: short
  // ones are everybody's nearest, long ones nobody's.  The other way round for inner products.
  const bool hubs =
      GetParam().metric == codes::Metric::kInnerProduct ||
      (GetParam().element == codes::Element::kSparse && GetParam().metric == codes::Metric::kL1);
  EXPECT_GE(fixture.recall(40, 10, 60, [](std::size_t) { return true; }), hubs ? 0.90 : 0.96);
}

TEST_P(EveryGraph, StaysSoundThroughInsertionDeletionAndVacuum) {
  Fixture fixture(GetParam(), kValues);
  std::vector<bool> alive(kValues, false);
  Rng rng(3);
  std::size_t next = 0;
  const auto is_dead = [&](RowId row) { return !alive[number_of(row)]; };
  for (int round = 0; round < 4; ++round) {
    for (const std::size_t end = next + kValues / 4; next < end; ++next) {
      alive[next] = true;
      fixture.insert_into(fixture.graph, next);
    }
    for (std::size_t i = 0; i < next; ++i) {
      if (rng.below(3) == 0) alive[i] = false;
    }
    remove_dead(fixture.graph, is_dead, heap());
    expect_sound(fixture.graph);
  }
  EXPECT_LE(fixture.graph.node_count(), kValues * 5 / 6) << "freed nodes were not used again";
  const auto lives = [&](std::size_t i) { return alive[i]; };
  EXPECT_GE(fixture.recall(40, 10, 60, lives),
            GetParam().metric == codes::Metric::kInnerProduct ? 0.90 : 0.95);
  for (const std::size_t row : fixture.search(fixture.values[0], 100)) EXPECT_TRUE(alive[row]);
}

TEST(Hnsw, IsEmptyAfterEverythingIsDeletedAndCanBeFilledAgain) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 300);
  fixture.insert_all();
  const NodeId nodes = fixture.graph.node_count();
  EXPECT_EQ(remove_dead(
                fixture.graph, [](RowId) { return true; }, heap()),
            nodes);
  EXPECT_FALSE(fixture.graph.entry().exists());
  EXPECT_TRUE(fixture.search(fixture.values[0], 10).empty());
  fixture.insert_all();
  EXPECT_EQ(fixture.graph.node_count(), nodes);
  expect_sound(fixture.graph);
  EXPECT_EQ(fixture.search(fixture.values[7], 10).front(), 7U);
}

TEST(Hnsw, KeepsTheOneRowThatIsNotDeleted) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 500);
  fixture.insert_all();
  remove_dead(
      fixture.graph, [](RowId row) { return number_of(row) != 123; }, heap());
  expect_sound(fixture.graph);
  EXPECT_EQ(fixture.search(fixture.values[9], 10), std::vector<std::size_t>{123});
}

TEST(Hnsw, PutsTenEqualRowsIntoANode) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 1);
  for (std::size_t i = 0; i < 25; ++i) {
    const codes::Query query(fixture.format, fixture.values[0]);
    insert(fixture.graph, query, fixture.values.code(0), row_of(i), 0, fixture.scratch, heap());
  }
  EXPECT_EQ(fixture.graph.node_count(), 3U);
  EXPECT_EQ(fixture.search(fixture.values[0], 1).size(), 10U);
  EXPECT_EQ(fixture.search(fixture.values[0], 3).size(), 25U);
}

TEST(Hnsw, ReachesEveryOneOfManyCopies) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 300);
  std::size_t row = 0;
  for (std::size_t copy = 0; copy < 40; ++copy) {
    for (std::size_t i = 0; i < 20; ++i, ++row) {
      const codes::Query query(fixture.format, fixture.values[i]);
      insert(fixture.graph, query, fixture.values.code(i), row_of(row), 0, fixture.scratch, heap());
    }
  }
  expect_sound(fixture.graph);
}

TEST(Hnsw, FindsAParentForEveryOneOfThousandsOfCopies) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  const Values one(format, 1, 6);
  const auto code = one.code(0);
  const codes::Query query(format, one[0]);
  MemoryGraph graph(format, {8, 16}, heap());
  InsertScratch scratch;
  Rng rng(1);
  for (std::size_t i = 0; i < 3000; ++i) {
    insert(graph, query, code, row_of(i), draw_level(rng.uniform(), 8), scratch, heap());
  }
  EXPECT_GT(graph.node_count(), 300U);
  EXPECT_EQ(test::unreachable_nodes(graph), 0U);
}

TEST_P(EveryGraph, StaysSoundThroughVacuumsThatFindNearlyEverythingDead) {
  Fixture fixture(GetParam(), kValues * 2, {4, 16});
  Rng rng(4);
  std::vector<bool> alive(fixture.values.size(), false);
  std::size_t next = 0;
  for (int round = 0; round < 4; ++round) {
    for (const std::size_t end = next + kValues / 2; next < end; ++next) {
      alive[next] = true;
      fixture.insert_into(fixture.graph, next);
    }
    for (std::size_t i = 0; i < next; ++i) alive[i] = alive[i] && rng.below(10) == 0;
    remove_dead(
        fixture.graph, [&](RowId row) { return !alive[number_of(row)]; }, heap());
    expect_sound(fixture.graph);
  }
}

TEST_P(EveryGraph, IsSpannedByATreeWhateverItsLinksWere) {
  Fixture fixture(GetParam(), kValues / 2);
  fixture.insert_all();
  MemoryGraph& graph = fixture.graph;
  // No tree at all, as after a build that does not care for it, and some whom nobody knows.
  LinkList list;
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    for (int layer = 0; layer <= graph.level(node); ++layer) {
      graph.links(node, layer, list);
      std::vector<Link> links;
      for (const Link link : list.view()) {
        if (node_of(link) % 20 != 0) links.push_back(link & ~kTreeLink);
      }
      ASSERT_TRUE(graph.replace_links(node, layer, list.view(), links));
    }
  }
  EXPECT_GT(Check<MemoryGraph>(graph).run().size(), graph.node_count() / 2);
  EXPECT_GE(reconnect(graph, heap()), graph.node_count() / 20 - 1);
  expect_sound(graph);
  EXPECT_EQ(reconnect(graph, heap()), 0U);
}

TEST(Hnsw, CheckNamesWhatIsWrong) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 50);
  fixture.insert_all();
  MemoryGraph& graph = fixture.graph;
  EXPECT_TRUE(Check<MemoryGraph>(graph).run().empty());
  const auto problem_with = [&](NodeId node, std::vector<Link> links) {
    LinkList list;
    graph.links(node, 0, list);
    EXPECT_TRUE(graph.replace_links(node, 0, list.view(), links));
    const auto problems = Check<MemoryGraph>(graph).run();
    EXPECT_TRUE(graph.replace_links(node, 0, links, list.view()));
    return problems.empty() ? "" : problems.front();
  };
  LinkList list;
  graph.links(7, 0, list);
  std::vector<Link> links(list.view().begin(), list.view().end());
  ASSERT_FALSE(links.empty());
  links.back() = 7;
  EXPECT_EQ(problem_with(7, links), "node 7 is linked to itself on layer 0");
  links.back() = 1000;
  EXPECT_EQ(problem_with(7, links),
            "node 7 is linked to node 1000, which is not there, on layer 0");
  links.back() = node_of(links.front());
  EXPECT_EQ(problem_with(7, links), "node 7 is linked to a node twice on layer 0");
  links.pop_back();
  for (Link& link : links) link &= ~kTreeLink;
  EXPECT_FALSE(problem_with(fixture.graph.entry().node, {links.front()}).empty()) << "no children";
}

TEST(Hnsw, AResumedSearchComesToEveryNodeOnce) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 48), 800);
  fixture.insert_all();
  const codes::Query query(fixture.format, fixture.values[3]);
  const Candidate start = entry_candidate(fixture.graph, query, fixture.graph.entry());
  LayerSearch<MemoryGraph> search(fixture.graph, query, 0, 20, true, heap());
  search.start({&start, 1});
  std::set<NodeId> seen;
  do {
    float last = 0;
    for (const Candidate& candidate : search.sorted_results()) {
      EXPECT_TRUE(seen.insert(candidate.id).second);
      EXPECT_GE(candidate.distance, last);
      last = candidate.distance;
    }
  } while (search.resume(20));
  EXPECT_EQ(seen.size(), fixture.graph.node_count());
}

TEST(Hnsw, DrainsWhatWasTurnedAwayNearestFirst) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 48), 800);
  fixture.insert_all();
  const codes::Query query(fixture.format, fixture.values[3]);
  const Candidate start = entry_candidate(fixture.graph, query, fixture.graph.entry());
  LayerSearch<MemoryGraph> search(fixture.graph, query, 0, 20, true, heap());
  search.start({&start, 1});
  std::size_t count = search.sorted_results().size();
  float last = search.sorted_results().back().distance;
  for (Candidate candidate; search.drain(candidate); ++count) {
    EXPECT_GE(candidate.distance, last);
    last = candidate.distance;
  }
  EXPECT_EQ(count, search.visited_count());
}

}  // namespace
}  // namespace vec::hnsw

// Builds in bulk beyond memory: what comes out, against a build in memory.
// core_hnsw_spill_steps_test.cpp has their steps.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/bulk/spilled_build.h"
#include "core/hnsw/reconnect.h"
#include "support/counting_memory.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"
#include "support/memory_spill.h"
#include "support/threads_team.h"

namespace vec::hnsw::bulk {
namespace {

using codes::Element;
using codes::Metric;
using test::Counting;
using test::MemorySpill;
using test::Values;

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kValues = 2500;
#else
constexpr std::size_t kValues = 4000;
#endif
/// Too little for that many.
constexpr std::size_t kBudget = 1 << 19;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

/// Nodes go into a graph in memory.
class GraphSink final : public NodeSink {
 public:
  explicit GraphSink(MemoryGraph& graph) : graph_(graph) {}
  void add(const NewNode& node) override {
    ASSERT_EQ(node.lists.size(), static_cast<std::size_t>(node.level) + 1);
    const NodeId id = graph_.create_node(node.level, node.code, node.rows[0], node.lists);
    for (std::size_t i = 1; i < node.rows.size(); ++i) {
      ASSERT_TRUE(graph_.add_row(id, 0, node.rows[i]));
    }
  }

 private:
  MemoryGraph& graph_;
};

/// A graph built with spilled rows; row numbers are places in the values.
struct Built {
  Built(const codes::Format& format, Params params) : graph(format, params, heap()) {}
  Built(const Values& values, const codes::Format& format, Params params, std::size_t memory_bytes,
        Spill& spill, Team* team = nullptr)
      : Built(format, params) {
    SpilledBuild build(format, params, memory_bytes, spill, &counting);
    for (std::size_t i = 0; i < values.size(); ++i) build.add(values.code(i), test::row_of(i));
    finish(build, {}, team);
  }
  void finish(SpilledBuild& build, const Watch& watch, Team* team = nullptr) {
    GraphSink sink(graph);
    const EntryPoint entry = build.finish(watch, team, sink);
    if (entry.exists()) graph.replace_entry(kNoNode, entry);
    build.insert_copies(graph, heap());
    reconnect(graph, heap());
  }
  Counting counting;
  MemoryGraph graph;
};

/// One of each way to measure leaves; core_hnsw_bulk_test.cpp has them all.
std::vector<codes::Format> formats() {
  return {codes::choose_format(Element::kFloat, Metric::kL2, 96),
          codes::choose_format(Element::kFloat, Metric::kInnerProduct, 8),
          codes::choose_format(Element::kHalf, Metric::kCosine, 16),
          codes::choose_graph_format(Element::kFloat, Metric::kCosine, 260),
          codes::choose_format(Element::kBit, Metric::kHamming, 140)};
}

class EverySpilledFormat : public testing::TestWithParam<codes::Format> {};
INSTANTIATE_TEST_SUITE_P(Spill, EverySpilledFormat, testing::ValuesIn(formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EverySpilledFormat, FindsAsMuchAsWhatWasBuiltInMemory) {
  const Values values(GetParam(), kValues, 8);
  const Values queries(GetParam(), 60, 8);  // of the same clusters
  MemorySpill spill;
  Built built(values, GetParam(), {16, 64}, kBudget, spill);
  EXPECT_GT(spill.most(), 8U) << "the points were cut into parts";
  EXPECT_EQ(spill.files(), 0U) << "files are left";
  test::expect_links_sound(built.graph);
  EXPECT_EQ(test::unreachable_nodes(built.graph), 0U);
  MemoryGraph whole(GetParam(), {16, 64}, heap());
  Collector collector(whole, heap());
  for (std::size_t i = 0; i < values.size(); ++i) collector.add(values.code(i), test::row_of(i));
  collector.finish({});
  EXPECT_EQ(built.graph.node_count(), whole.node_count());
  for (const std::size_t ef : {10, 40}) {
    EXPECT_GE(test::recall_of(built.graph, values, queries, 10, ef),
              test::recall_of(whole, values, queries, 10, ef) - 0.02)
        << "ef " << ef;
  }
}

/// Looks at the lists as they come.
class ListSink final : public NodeSink {
 public:
  struct Layer {
    std::size_t nodes = 0;
    std::size_t links = 0;
    std::size_t without = 0;  // nodes that have none
  };
  void add(const NewNode& node) override {
    layers.resize(std::max(layers.size(), node.lists.size()));
    for (std::size_t i = 0; i < node.lists.size(); ++i) {
      const auto count = static_cast<std::size_t>(node.lists[i].count);
      ++layers[i].nodes;
      layers[i].links += count;
      if (count == 0) ++layers[i].without;
    }
    if (node.level == 0) return;
    for (const Link link : node.lists[1].view()) {
      if (!kept_by_rule(link)) continue;
      ++kept;
      for (const Link other : node.lists[0].view()) kept_below += node_of(other) == node_of(link);
    }
  }
  std::vector<Layer> layers;
  std::size_t kept = 0;        // links of layer 1 that the rule kept
  std::size_t kept_below = 0;  // of these, that the node has on layer 0, too
};

// The lists of layer 0 come range by range; those of layer 1 are wanted for each range, and then
// with the nodes of each.
TEST(Spill, GivesLinksOnEveryLayer) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, kValues, 10);
  MemorySpill spill;
  SpilledBuild build(format, {16, 64}, kBudget, spill, heap());
  for (std::size_t i = 0; i < values.size(); ++i) build.add(values.code(i), test::row_of(i));
  ListSink sink;
  build.finish({}, nullptr, sink);
  ASSERT_GE(sink.layers.size(), 2U);
  ASSERT_GT(sink.layers[1].nodes, 100U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(sink.layers[i].without, 0U) << "layer " << i;
    EXPECT_GE(sink.layers[i].links, 10 * sink.layers[i].nodes) << "layer " << i;
  }
  EXPECT_GT(2 * sink.kept_below, sink.kept) << "ways from one dense region to the next";
}

TEST(Spill, TakesNoMoreMemoryTheMoreRowsThereAre) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  constexpr std::size_t kMemory = 2 << 20;
  for (const std::size_t size : {kValues, 2 * kValues}) {
    const Values values(format, size, 10);
    MemorySpill spill;
    Built built(values, format, {16, 64}, kMemory, spill);
    EXPECT_LT(built.counting.peak() + spill.most() * spill.file_bytes(), kMemory) << size;
  }
}

TEST(Spill, IsTheSameEveryTimeAndWithHelpers) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kCosine, 40);
  const Values values(format, kValues, 10);
  MemorySpill spill;
  Built alone(values, format, {8, 64}, kBudget, spill);
  for (const int blocks : {-1, 0, 1, 7, 100'000}) {  // of memory that can be had; no team
    test::Threads team(2, static_cast<std::size_t>(std::max(0, blocks)));
    Built other(values, format, {8, 64}, kBudget, spill, blocks < 0 ? nullptr : &team);
    EXPECT_EQ(team.tasks > 0, blocks > 1);
    EXPECT_EQ(team.blocks() + team.reserved, 0U) << "memory is left";
    test::expect_links_sound(other.graph);
    ASSERT_EQ(other.graph.node_count(), alone.graph.node_count());
    LinkList left, right;
    std::size_t different = 0;
    for (NodeId node = 0; node < alone.graph.node_count(); ++node) {
      ASSERT_EQ(other.graph.rows(node), alone.graph.rows(node));
      ASSERT_EQ(other.graph.level(node), alone.graph.level(node));
      other.graph.links(node, 0, left);
      alone.graph.links(node, 0, right);
      different += !std::ranges::equal(left.view(), right.view());
    }
    EXPECT_LE(different, blocks < 1 ? 0 : alone.graph.node_count() / 100)
        << "more than rounding accounts for";
  }
}

TEST(Spill, BuildsGraphsOfAnySmallSize) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  for (const std::size_t size : {0, 1, 2, 3, 9, 65, 1001}) {
    const Values values(format, size, 11);
    MemorySpill spill;
    Built built(values, format, {4, 16}, 1 << 16, spill);
    ASSERT_EQ(built.graph.node_count(), size);
    test::expect_links_sound(built.graph);
    ASSERT_EQ(test::unreachable_nodes(built.graph), 0U) << size;
    EXPECT_EQ(spill.files(), 0U);
  }
}

TEST(Spill, ReachesEveryCopyAndEveryNearCopy) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  constexpr std::size_t kCenters = 40;
  const Values values(format, kCenters, 12);
  MemorySpill spill;
  Built built(format, {8, 64});
  SpilledBuild build(format, {8, 64}, 1 << 18, spill, heap());
  std::size_t row = 0;
  std::vector<float> moved(40), scratch;
  std::vector<std::byte> code(format.code_bytes);
  for (std::size_t i = 0; i < kCenters; ++i) {
    for (int copy = 0; copy < 37; ++copy) build.add(values.code(i), test::row_of(row++));
    for (int near = 0; near < 40; ++near) {
      for (std::size_t j = 0; j < 40; ++j) {
        moved[j] = values[i].floats[j] + 1e-3F * static_cast<float>((near * 7 + j * 3) % 11);
      }
      codes::Value value{};
      value.floats = moved.data();
      codes::encode(format, value, scratch, code.data());
      build.add(code, test::row_of(row++));
    }
  }
  built.finish(build, {});
  test::expect_links_sound(built.graph);
  EXPECT_EQ(test::unreachable_nodes(built.graph), 0U);
  std::set<std::size_t> rows;
  for (NodeId node = 0; node < built.graph.node_count(); ++node) {
    for (const RowId& id : built.graph.rows(node)) {
      if (id.valid()) {
        EXPECT_TRUE(rows.insert(test::number_of(id)).second);
      }
    }
  }
  EXPECT_EQ(rows.size(), row);
  EXPECT_LT(built.graph.node_count(), row / 2) << "equal rows share nodes";
}

TEST(Spill, CutsPointsThatAreAllTheSame) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values one(format, 1, 6);
  const auto code = one.code(0);
  MemorySpill spill;
  Built built(format, {8, 16});
  SpilledBuild build(format, {8, 16}, 1 << 16, spill, heap());
  for (std::size_t i = 0; i < 3000; ++i) build.add(code, test::row_of(i));
  built.finish(build, {});
  test::expect_links_sound(built.graph);
  EXPECT_EQ(test::unreachable_nodes(built.graph), 0U);
  EXPECT_LE(built.graph.node_count(), 310U);
}

TEST(Spill, EveryCallOfTheFilesMayFail) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, 1500, 13);
  const auto run = [&](MemorySpill& spill) {
    Built built(values, format, {8, 16}, 1 << 16, spill);
  };
  MemorySpill counting;
  run(counting);
  ASSERT_GT(counting.calls(), 10'000);
  // All the first ones, then some.
  long tried = 0;
  for (long calls = 0; calls < counting.calls(); calls += calls < 8 ? 1 : counting.calls() / 60) {
    MemorySpill failing(calls);
    EXPECT_THROW(run(failing), Error) << calls;
    ++tried;
  }
  EXPECT_GT(tried, 60);
  MemorySpill last(counting.calls() - 1);
  EXPECT_THROW(run(last), Error);
}

TEST(Spill, StopsWhenItIsInterrupted) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, 3000, 13);
  for (const int after : {0, 1, 100, 700}) {
    MemorySpill spill;
    SpilledBuild build(format, {8, 64}, 1 << 18, spill, heap());
    for (std::size_t i = 0; i < values.size(); ++i) build.add(values.code(i), test::row_of(i));
    int calls = 0;
    Watch watch;
    watch.interrupt = [&] {
      if (calls++ == after) throw Error(ErrorCode::kInternal, "stop");
    };
    MemoryGraph graph(format, {8, 64}, heap());
    GraphSink sink(graph);
    EXPECT_THROW(build.finish(watch, nullptr, sink), Error) << after;
  }
}

}  // namespace
}  // namespace vec::hnsw::bulk

// What comes out of building in bulk against insertion.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.h"
#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/reconnect.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"
#include "support/threads_team.h"

namespace vec::hnsw::bulk {
namespace {

using codes::Element;
using codes::Metric;
using test::Values;

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kValues = 700;
#else
constexpr std::size_t kValues = 5000;
#endif

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

class EveryFormat : public testing::TestWithParam<codes::Format> {};

std::vector<codes::Format> formats() {
  auto all = test::all_formats();
  all.push_back(codes::choose_format(Element::kFloat, Metric::kL2, 99));  // not whole words
  all.push_back(codes::choose_format(Element::kFloat, Metric::kCosine, 131));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Bulk, EveryFormat, testing::ValuesIn(formats()),
                         [](const auto& info) { return test::format_name(info.param); });

/// A graph built in bulk; row numbers are places in the values.
struct Built {
  Built(const Values& values, const codes::Format& format, Params params)
      : graph(format, params, heap()) {
    Collector collector(graph, heap());
    for (std::size_t i = 0; i < values.size(); ++i) {
      collector.add(values.code(i), test::row_of(i));
    }
    collector.finish({});
  }
  MemoryGraph graph;
};

TEST_P(EveryFormat, FindsAsMuchAsWhatWasInserted) {
  if (!pays(GetParam())) GTEST_SKIP();
  const Values values(GetParam(), kValues, 8);
  const Values queries(GetParam(), 60, 8);  // of the same clusters
  Built built(values, GetParam(), {16, 64});
  test::expect_links_sound(built.graph);
  MemoryGraph inserted(GetParam(), {16, 64}, heap());
  InsertScratch scratch;
  Rng rng(9);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const codes::Query query(GetParam(), values[i]);
    insert(inserted, query, values.code(i), test::row_of(i), draw_level(rng.uniform(), 16), scratch,
           heap());
  }
  reconnect(inserted, heap());
  if (GetParam().metric != Metric::kInnerProduct) {
    EXPECT_EQ(test::unreachable_nodes(built.graph), 0U);
  }
  for (const std::size_t ef : {10, 40}) {
    EXPECT_GE(test::recall_of(built.graph, values, queries, 10, ef),
              test::recall_of(inserted, values, queries, 10, ef) - 0.02)
        << "ef " << ef;
  }
}

TEST(Bulk, FindsItsWayBetweenDenseRegions) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  constexpr std::size_t kRegions = 30;
  const std::size_t members = kValues / kRegions;
  Rng rng(14);
  std::vector<std::vector<float>> centers(kRegions, std::vector<float>(40));
  for (auto& center : centers) {
    for (float& x : center) x = static_cast<float>(100 * rng.uniform());
  }
  std::vector<float> row(40), scratch;
  std::vector<std::byte> code(format.code_bytes);
  // Rows of another region that are found, by a graph built in bulk and by an inserted one.
  std::size_t missed = 0, missed_by_inserted = 0;
  const auto count_strangers = [&](MemoryGraph& graph, const codes::Value& value,
                                   std::size_t region) {
    std::size_t strangers = 0;
    for (const std::size_t found : test::search_rows(graph, value, 40)) {
      strangers += found % kRegions != region;
    }
    return strangers;
  };
  InsertScratch insert_scratch;
  for (int round = 0; round < 3; ++round) {
    MemoryGraph graph(format, {16, 64}, heap());
    MemoryGraph inserted(format, {16, 64}, heap());
    Collector collector(graph, heap());
    const auto draw = [&](std::size_t region) {
      for (std::size_t j = 0; j < 40; ++j) {
        row[j] = centers[region][j] + static_cast<float>(rng.uniform());
      }
      codes::Value value{};
      value.floats = row.data();
      return value;
    };
    for (std::size_t i = 0; i < kRegions * members; ++i) {
      const codes::Value value = draw(i % kRegions);
      codes::encode(format, value, scratch, code.data());
      collector.add(code, test::row_of(i));
      insert(inserted, codes::Query(format, value), code, test::row_of(i),
             draw_level(rng.uniform(), 16), insert_scratch, heap());
    }
    collector.finish({});
    for (std::size_t region = 0; region < kRegions; ++region) {
      const codes::Value value = draw(region);
      missed += count_strangers(graph, value, region);
      missed_by_inserted += count_strangers(inserted, value, region);
    }
  }
  EXPECT_LE(missed, missed_by_inserted + 40);  // one search of the 90 more
}

#if !defined(VECTOR_EMULATED) && !defined(__SANITIZE_ADDRESS__)
TEST(Bulk, FindsEveryGroupOfGroupsFarApart) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  constexpr std::size_t kRows = 20000, kGroups = 37;
  Rng rng(77);
  std::vector<float> values(kRows * 40), scratch;
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < 40; ++j) {
      values[i * 40 + j] = static_cast<float>(static_cast<double>(rng.below(1999)) / 1000 - 1 +
                                              static_cast<double>((i + j) % kGroups) / 5);
    }
  }
  const auto value_of = [&](std::size_t i) {
    codes::Value value{};
    value.floats = values.data() + i * 40;
    return value;
  };
  std::vector<std::byte> code(format.code_bytes);
  std::size_t lost = 0;
  for (const std::uint64_t seed : {1009, 1010, 1011}) {  // of the levels
    MemoryGraph graph(format, {16, 64}, heap());
    Collector collector(graph, heap(), seed);
    for (std::size_t i = 0; i < kRows; ++i) {
      codes::encode(format, value_of(i), scratch, code.data());
      collector.add(code, test::row_of(i));
    }
    collector.finish({});
    for (std::size_t i = 0; i < kRows; i += 40) {
      const auto found = test::search_rows(graph, value_of(i), 40);
      lost += std::find(found.begin(), found.end(), i) == found.end();
    }
  }
  EXPECT_LE(lost, 3U);
}
#endif

TEST(Bulk, IsTheSameEveryTime) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, kValues, 10);
  Built a(values, format, {8, 64}), b(values, format, {8, 64});
  LinkList left, right;
  ASSERT_EQ(a.graph.node_count(), b.graph.node_count());
  for (NodeId node = 0; node < a.graph.node_count(); ++node) {
    ASSERT_EQ(a.graph.rows(node), b.graph.rows(node));
    ASSERT_EQ(a.graph.level(node), b.graph.level(node));
    a.graph.links(node, 0, left);
    b.graph.links(node, 0, right);
    ASSERT_TRUE(std::ranges::equal(left.view(), right.view())) << node;
  }
}

/// Builds a graph with helpers, and compares it with one that was built alone.
/// blocks   of memory that can be had
/// tasks    that the helpers are to be given
void expect_the_same_with_helpers(const Values& values, MemoryGraph& alone, int blocks, int tasks) {
  MemoryGraph graph(alone.format(), alone.params(), heap());
  Collector collector(graph, heap());
  for (std::size_t i = 0; i < values.size(); ++i) collector.add(values.code(i), test::row_of(i));
  test::Threads team(2, static_cast<std::size_t>(blocks));
  collector.finish({}, &team);
  EXPECT_EQ(team.tasks, tasks);
  EXPECT_EQ(team.blocks(), 0U);
  test::expect_links_sound(graph);
  ASSERT_EQ(test::unreachable_nodes(graph), 0U);
  LinkList left, right;
  std::size_t different = 0;
  ASSERT_EQ(graph.node_count(), alone.node_count());
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    ASSERT_EQ(graph.rows(node), alone.rows(node));
    for (int layer = 0; layer <= graph.level(node); ++layer) {
      graph.links(node, layer, left);
      alone.links(node, layer, right);
      different += !std::ranges::equal(left.view(), right.view());
    }
  }
  EXPECT_LE(different, graph.node_count() / 100) << "more than rounding accounts for";
}

TEST(Bulk, IsTheSameWithHelpers) {
#if defined(VECTOR_EMULATED)
  constexpr std::array kBlocks = {9};
#else
  constexpr std::array kBlocks = {0, 1, 2, 9};
#endif
  // Enough for leaves to be shared out.
  constexpr std::size_t kShared = std::max<std::size_t>(kValues, 3000);
  for (const auto& format : {codes::choose_format(Element::kFloat, Metric::kL2, 40),
                             codes::choose_format(Element::kHalf, Metric::kCosine, 20),
                             codes::choose_format(Element::kBit, Metric::kHamming, 140)}) {
    const Values values(format, kShared, 10);
    Built alone(values, format, {8, 64});
    for (const int blocks : kBlocks) {
      const int tasks = blocks < 2 ? 0 : blocks == 2 ? 1 : 3;
      expect_the_same_with_helpers(values, alone.graph, blocks, tasks);
    }
  }
}

TEST(Bulk, HelpersLinkUpperLayersToo) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 12);
  const Values values(format, 6000, 10);
  Built alone(values, format, {2, 64});  // half of them on layer 1
  expect_the_same_with_helpers(values, alone.graph, 9, 6);
}

TEST(Bulk, BuildsGraphsOfAnySmallSize) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  for (const std::size_t size : {0, 1, 2, 3, 8, 9, 33, 64, 65, 200}) {
    const Values values(format, size, 11);
    Built built(values, format, {4, 16});
    ASSERT_EQ(built.graph.node_count(), size);
    test::expect_links_sound(built.graph);
    ASSERT_EQ(test::unreachable_nodes(built.graph), 0U) << size;
    for (std::size_t i = 0; i < size; ++i) {
      const auto found = test::search_rows(built.graph, values[i], 200);
      ASSERT_EQ(found.size(), size);
      ASSERT_EQ(found.front(), i);
    }
  }
}

TEST(Bulk, NumbersNodesOfUpperLayersFirst) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Built built(Values(format, 3000, 11), format, {4, 16});
  std::vector<int> levels;
  for (NodeId node = 0; node < built.graph.node_count(); ++node) {
    levels.push_back(built.graph.level(node));
  }
  EXPECT_GT(levels.front(), 1);
  EXPECT_TRUE(std::is_sorted(levels.rbegin(), levels.rend()));
}

TEST(Bulk, LinksNobodyToItself) {
  // Under the inner product whoever is short has many that are nearer to it than it is itself.
  for (const std::uint32_t dims : {1U, 2U, 40U}) {
    const auto format = codes::choose_format(Element::kFloat, Metric::kInnerProduct, dims);
    MemoryGraph graph(format, {4, 16}, heap());
    Collector collector(graph, heap());
    Rng rng(dims);
    std::vector<float> elements(dims), scratch;
    std::vector<std::byte> code(format.code_bytes);
    for (std::size_t row = 0; row < 3000; ++row) {
      for (float& element : elements) element = static_cast<float>(rng.uniform() * 20 - 10);
      codes::Value value{};
      value.floats = elements.data();
      codes::encode(format, value, scratch, code.data());
      collector.add(code, test::row_of(row));
    }
    collector.finish({});
    test::expect_links_sound(graph);
  }
}

TEST(Bulk, ReachesEveryCopyAndEveryNearCopy) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, 60, 12);
  MemoryGraph graph(format, {8, 64}, heap());
  Collector collector(graph, heap());
  std::size_t row = 0;
  std::vector<float> moved(40), scratch;
  std::vector<std::byte> code(format.code_bytes);
  for (std::size_t i = 0; i < 60; ++i) {
    for (int copy = 0; copy < 37; ++copy) collector.add(values.code(i), test::row_of(row++));
    for (int near = 0; near < 40; ++near) {
      for (std::size_t j = 0; j < 40; ++j) {
        moved[j] = values[i].floats[j] + 1e-3F * static_cast<float>((near * 7 + j * 3) % 11);
      }
      codes::Value value{};
      value.floats = moved.data();
      codes::encode(format, value, scratch, code.data());
      collector.add(code, test::row_of(row++));
    }
  }
  collector.finish({});
  test::expect_links_sound(graph);
  EXPECT_EQ(test::unreachable_nodes(graph), 0U);
  std::set<std::size_t> rows;
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    for (const RowId& id : graph.rows(node)) {
      if (!id.valid()) continue;
      EXPECT_TRUE(rows.insert(test::number_of(id)).second);
    }
  }
  EXPECT_EQ(rows.size(), row);
  EXPECT_LT(graph.node_count(), row / 2) << "equal rows share nodes";
  const auto found = test::search_rows(graph, values[7], 200);
  std::size_t copies = 0;
  for (const std::size_t one : found) copies += one / 77 == 7 && one % 77 < 37;
  EXPECT_EQ(copies, 37U);
}

TEST(Bulk, StopsWhenItIsInterrupted) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, 3000, 13);
  for (const int after : {0, 1, 100, 700}) {
    MemoryGraph graph(format, {8, 64}, heap());
    Collector collector(graph, heap());
    for (std::size_t i = 0; i < values.size(); ++i) {
      collector.add(values.code(i), test::row_of(i));
    }
    int calls = 0;
    Watch watch;
    watch.interrupt = [&] {
      if (calls++ == after) throw Error(ErrorCode::kInternal, "stop");
    };
    EXPECT_THROW(collector.finish(watch), Error) << after;
  }
}

}  // namespace
}  // namespace vec::hnsw::bulk

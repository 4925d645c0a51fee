// Building in bulk: its parts against brute force, and what comes out against insertion.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/error.h"
#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/bulk/columns.h"
#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/nearest.h"
#include "core/hnsw/bulk/partition.h"
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

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }
void nothing() {}

/// Codes of some values, kept.
struct Coded {
  explicit Coded(const Values& values) {
    for (std::size_t i = 0; i < values.size(); ++i) kept.push_back(values.code(i));
    for (const auto& code : kept) codes.push_back(code.data());
  }
  std::vector<std::vector<std::byte>> kept;
  std::vector<const std::byte*> codes;
};

class EveryFormat : public testing::TestWithParam<codes::Format> {};

std::vector<codes::Format> formats() {
  auto all = test::all_formats();
  all.push_back(codes::choose_format(Element::kFloat, Metric::kL2, 99));  // not whole words
  all.push_back(codes::choose_format(Element::kFloat, Metric::kCosine, 131));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Bulk, EveryFormat, testing::ValuesIn(formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EveryFormat, ColumnsGiveTheDistancesOfPairs) {
  const Values values(GetParam(), 75, 1);
  const Coded coded(values);
  Columns columns(GetParam(), Columns::Measure::kDistance);
  columns.assign(Codes(coded.codes).first(70));
  ASSERT_EQ(columns.size(), 70U);
  std::vector<float> out(Columns::kRows * columns.stride());
  constexpr std::size_t kPlaces = 3 * kernels::kPanelColumns;
  ASSERT_GE(columns.stride(), kPlaces);
  for (std::size_t first = 0; first < 75; first += Columns::kRows) {
    const std::size_t rows = std::min(Columns::kRows, 75 - first);
    const std::size_t from = first / kernels::kPanelColumns * kernels::kPanelColumns;
    std::fill(out.begin(), out.end(), -7.0F);
    columns.distances(Codes(coded.codes).subspan(first, rows), from, out.data());
    for (std::size_t r = 0; r < rows; ++r) {
      const float* const row = out.data() + r * columns.stride();
      for (std::size_t c = 0; c < kPlaces; ++c) {
        if (c < from || c >= 70) {
          ASSERT_EQ(row[c], c < from ? -7.0F : kInfinity);
          continue;
        }
        const float exact =
            codes::pair_distance(GetParam(), coded.codes[first + r], coded.codes[c]);
        ASSERT_NEAR(row[c], exact, 1e-4 * (1 + GetParam().dims)) << first + r << ' ' << c;
      }
    }
  }
}

TEST(Columns, LoseNoDigitsToWhatAllVectorsHaveInCommon) {
  for (const std::uint32_t dims : {24U, 128U}) {
    const auto format = codes::choose_format(Element::kFloat, Metric::kL2, dims);
    Rng rng(1);
    std::vector<std::vector<std::byte>> kept;
    std::vector<const std::byte*> pointers;
    std::vector<float> row(dims), scratch;
    for (int i = 0; i < 64; ++i) {
      const float scale = i > 50 ? 1e15F : 1;  // some are far out
      for (float& x : row) x = scale * static_cast<float>(10000 + rng.uniform());
      codes::Value value{};
      value.floats = row.data();
      kept.emplace_back(format.code_bytes);
      codes::encode(format, value, scratch, kept.back().data());
    }
    for (const auto& code : kept) pointers.push_back(code.data());
    Columns columns(format, Columns::Measure::kDistance);
    columns.assign(pointers);
    std::vector<float> out(columns.stride());
    columns.distances(Codes(pointers).first(1), 0, out.data());
    for (std::size_t c = 1; c < 50; ++c) {
      double exact = 0;
      std::vector<float> a, b;
      const float* const x = codes::decode(format, pointers[0], a).floats;
      const float* const y = codes::decode(format, pointers[c], b).floats;
      for (std::uint32_t i = 0; i < dims; ++i)
        exact += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
      EXPECT_NEAR(out[c], exact, exact * 0.02) << dims;
    }
  }
}

TEST(Nearest, AreThoseOfASort) {
  Rng rng(2);
  Nearest nearest;
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 1 + rng.below(round % 2 == 0 ? 90 : 2500);
    const std::uint64_t different = round % 3 == 0 ? 4 : 1000;  // with and without many ties
    std::vector<float> row(size);
    for (std::size_t i = 0; i < size; ++i) {
      row[i] = static_cast<float>(rng.below(different)) - 100;
      if (rng.below(50) == 0) row[i] = kInfinity;
      if (rng.below(50) == 0) row[i] = std::numeric_limits<float>::quiet_NaN();
    }
    const std::size_t without = rng.below(size + 5);
    const std::size_t count = 1 + rng.below(Nearest::kMost);
    std::vector<std::pair<float, std::uint32_t>> expected;
    for (std::size_t i = 0; i < size; ++i) {
      if (i != without && row[i] < kInfinity) expected.emplace_back(row[i], i);
    }
    std::sort(expected.begin(), expected.end());
    expected.resize(std::min(expected.size(), count));
    const auto found = nearest.find(row, count, without);
    ASSERT_EQ(found.size(), expected.size()) << "round " << round;
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].place, expected[i].second) << "round " << round;
      ASSERT_EQ(found[i].distance, expected[i].first);
    }
  }
}

/// A table with memory of its own.
struct OwnTable {
  OwnTable(std::size_t rows, std::size_t limit)
      : entries(rows * limit),
        counts(rows),
        locks(LinkTable::kLocks),
        table({entries.data(), counts.data(), locks.data(), nullptr}, limit) {}
  std::vector<LinkEntry> entries;
  std::vector<std::uint8_t> counts;
  std::vector<std::atomic<std::uint32_t>> locks;
  LinkTable table;
};

TEST(LinkTable, HoldsTheBestOfAllListsInWhateverOrderTheyCome) {
  constexpr std::size_t kLimit = 12;
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    std::map<NodeId, LinkEntry> all;
    std::vector<std::vector<LinkEntry>> lists(5);
    for (auto& list : lists) {
      std::set<NodeId> there;
      for (std::uint64_t i = rng.below(14); i > 0; --i) {
        const auto node = static_cast<NodeId>(rng.below(30));
        if (!there.insert(node).second) continue;
        const auto distance = static_cast<float>(node / 2);
        list.push_back({distance, node | (rng.below(2) == 0 ? kKeptByRule : 0)});
        const auto [at, fresh] = all.emplace(node, list.back());
        if (!fresh) at->second.link |= list.back().link;
      }
      std::sort(list.begin(), list.end(), [](const LinkEntry& a, const LinkEntry& b) {
        return a.distance != b.distance ? a.distance < b.distance
                                        : node_of(a.link) < node_of(b.link);
      });
    }
    std::vector<LinkEntry> expected;
    for (const auto& [node, entry] : all) expected.push_back(entry);
    std::sort(expected.begin(), expected.end(), [](const LinkEntry& a, const LinkEntry& b) {
      if (kept_by_rule(a.link) != kept_by_rule(b.link)) return kept_by_rule(a.link);
      return a.distance != b.distance ? a.distance < b.distance : node_of(a.link) < node_of(b.link);
    });
    expected.resize(std::min(expected.size(), kLimit));
    std::set<Link> wanted;
    for (const LinkEntry& entry : expected) wanted.insert(entry.link);

    OwnTable own(3, kLimit);
    LinkTable& table = own.table;
    for (int order = 0; order < 2; ++order) {
      const std::size_t row = order == 0 ? 0 : 2;
      for (const auto& list : lists) table.merge(row, list);
      std::reverse(lists.begin(), lists.end());
      std::set<Link> got;
      float last = -1;
      for (const LinkEntry& entry : table.list(row)) {
        got.insert(entry.link);
        ASSERT_GE(entry.distance, last);
        last = entry.distance;
      }
      ASSERT_EQ(got, wanted) << "round " << round;
    }
    ASSERT_TRUE(table.list(1).empty());
  }
}

TEST(LinkTable, StaysInOrderWhereRoundingDiffers) {
  OwnTable own(1, 4);
  LinkTable& table = own.table;
  table.merge(0, std::vector<LinkEntry>{{1.0F, 7}, {1.5F, 8}, {2.0F, 9}});
  table.merge(0, std::vector<LinkEntry>{{1.4F, 9 | kKeptByRule}, {1.6F, 7}});
  std::vector<NodeId> nodes;
  for (const LinkEntry& entry : table.list(0)) nodes.push_back(entry.link);
  EXPECT_EQ(nodes, (std::vector<NodeId>{7, 9 | kKeptByRule, 8}));
}

void expect_partition(const Partition& partition, std::size_t size, std::size_t most) {
  std::vector<std::size_t> in(size);
  for (std::size_t l = 0; l < partition.leaves(); ++l) {
    EXPECT_LE(partition.leaf(l).size(), most);
    std::set<std::uint32_t> there;
    for (const std::uint32_t place : partition.leaf(l)) {
      ASSERT_LT(place, size);
      EXPECT_TRUE(there.insert(place).second) << "twice in a leaf";
      ++in[place];
    }
  }
  EXPECT_LE(std::count(in.begin(), in.end(), 0U), static_cast<std::ptrdiff_t>(size / 20));
  std::set<std::uint32_t> order(partition.order.begin(), partition.order.end());
  EXPECT_EQ(partition.order.size(), size);
  EXPECT_EQ(order.size(), size);
  EXPECT_TRUE(order.empty() || *order.rbegin() == size - 1);
}

TEST_P(EveryFormat, APartitionHasEveryPointAndNoLeafTooLarge) {
  const Values values(GetParam(), kValues / 4, 4);
  const Coded coded(values);
  Rng rng(5);
  const auto partition =
      make_partition(GetParam(), coded.codes, {3, 50, 100}, rng, heap(), nothing);
  EXPECT_GT(partition.leaves(), 5U);
  expect_partition(partition, values.size(), 100);
}

TEST(Partition, FindsLeadersThroughSuperLeaders) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 40);
  const Values values(format, 3000, 4);
  const Coded coded(values);
  Rng rng(5);
  const auto partition = make_partition(format, coded.codes, {4, 6, 30}, rng, heap(), nothing);
  EXPECT_GT(partition.leaves(), 1000U);
  expect_partition(partition, values.size(), 30);
  // Points that share a leaf are much nearer to each other than others.
  double together = 0, apart = 0;
  std::size_t pairs = 0;
  for (std::size_t l = 0; l < partition.leaves(); ++l) {
    const auto leaf = partition.leaf(l);
    for (std::size_t i = 1; i < leaf.size(); ++i, ++pairs) {
      together += codes::pair_distance(format, coded.codes[leaf[0]], coded.codes[leaf[i]]);
      apart += codes::pair_distance(format, coded.codes[leaf[0]], coded.codes[rng.below(3000)]);
    }
  }
  ASSERT_GT(pairs, 3000U);
  EXPECT_LT(together, apart / 2);
}

TEST(Partition, CutsPointsThatAreAllTheSame) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 8);
  const Values one(format, 1, 6);
  const auto code = one.code(0);
  const std::vector<const std::byte*> codes(1000, code.data());
  Rng rng(5);
  expect_partition(make_partition(format, codes, {3, 50, 100}, rng, heap(), nothing), 1000, 100);
}

TEST_P(EveryFormat, ALeafLinksEachMemberToItsNearestByTheRule) {
  constexpr std::size_t kCandidates = 10;
  const Values values(GetParam(), 150, 7);
  const Coded coded(values);
  std::vector<NodeId> members;
  for (NodeId i = 0; i < 150; ++i) members.push_back(1000 + i);
  Leaf leaf(GetParam(), kCandidates, kCandidates, false);
  leaf.build(members, coded.codes, nothing);
  const auto distance = [&](std::size_t a, std::size_t b) {
    return codes::pair_distance(GetParam(), coded.codes[a], coded.codes[b]);
  };
  std::size_t wrong = 0;
  std::set<std::pair<NodeId, NodeId>> links, kept;
  for (std::size_t i = 0; i < 150; ++i) {
    for (const LinkEntry& entry : leaf.links(i)) {
      links.emplace(i, node_of(entry.link) - 1000);
      if (kept_by_rule(entry.link)) kept.emplace(i, node_of(entry.link) - 1000);
    }
  }
  for (std::size_t i = 0; i < 150; ++i) {
    std::vector<std::pair<float, NodeId>> near;
    for (NodeId j = 0; j < 150; ++j) {
      if (j != i) near.emplace_back(distance(i, j), j);
    }
    std::sort(near.begin(), near.end());
    near.resize(kCandidates);
    std::vector<std::pair<float, NodeId>> by_rule;
    for (const auto& [d, j] : near) {
      wrong += !links.contains({i, j});
      const bool dominated = std::any_of(by_rule.begin(), by_rule.end(), [&](const auto& other) {
        const float between = distance(j, other.second);
        return between < d || (between == d && other.first == d);
      });
      if (dominated) continue;
      by_rule.emplace_back(d, j);
      wrong += !kept.contains({i, j});
      wrong += !kept.contains({j, i});  // and back
    }
  }
  // Ties and rounding may decide otherwise here and there.
  EXPECT_LE(wrong, 150U * kCandidates / 25);
}

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

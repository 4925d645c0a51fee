// The steps of building in bulk against brute force.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/hnsw/bulk/columns.h"
#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/nearest.h"
#include "core/hnsw/bulk/partition.h"
#include "support/hnsw_data.h"

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

class EveryStep : public testing::TestWithParam<codes::Format> {};

std::vector<codes::Format> formats() {
  auto all = test::all_formats();
  all.push_back(codes::choose_format(Element::kFloat, Metric::kL2, 99));  // not whole words
  all.push_back(codes::choose_format(Element::kFloat, Metric::kCosine, 131));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Bulk, EveryStep, testing::ValuesIn(formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EveryStep, ColumnsGiveTheDistancesOfPairs) {
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

TEST_P(EveryStep, APartitionHasEveryPointAndNoLeafTooLarge) {
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

TEST_P(EveryStep, ALeafLinksEachMemberToItsNearestByTheRule) {
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

}  // namespace
}  // namespace vec::hnsw::bulk

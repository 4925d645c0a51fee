// Many points linked in bulk: the nearest of each leaf, the nearest of all that, the rule at last.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "core/hnsw/bulk/choose_best.h"
#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/near_leaf.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_fixture.h"
#include "support/threads_team.h"

namespace vec::hnsw::bulk {
namespace {

using codes::Element;
using codes::Metric;
using test::heap;
using test::Values;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

#if defined(VECTOR_EMULATED)
constexpr std::size_t kPoints = 800;
#else
constexpr std::size_t kPoints = 3000;
#endif

void nothing() {}

struct CodedPoints {
  CodedPoints(const codes::Format& of, std::size_t count) : format(of), values(of, count, 3) {
    for (std::size_t i = 0; i < count; ++i) kept.push_back(values.code(i));
    for (const auto& code : kept) codes.push_back(code.data());
  }
  float distance(std::size_t a, std::size_t b) const {
    return codes::pair_distance(format, codes[a], codes[b]);
  }
  /// Distances of one to all others, ascending.
  std::vector<float> distances_from(std::size_t i) const {
    std::vector<float> distances;
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (j != i) distances.push_back(distance(i, j));
    }
    std::sort(distances.begin(), distances.end());
    return distances;
  }

  codes::Format format;
  Values values;
  std::vector<std::vector<std::byte>> kept;
  std::vector<const std::byte*> codes;
};

codes::Format of_bytes() { return codes::choose_graph_format(Element::kFloat, Metric::kL2, 40); }

/// A table with memory of its own.
struct TableOf {
  TableOf(std::size_t rows, std::size_t limit)
      : entries(rows * limit),
        counts(rows),
        locks(LinkTable::kLocks),
        bounds(rows),
        table({entries.data(), counts.data(), locks.data(), bounds.data()}, limit) {
    for (auto& bound : bounds) bound = kInfinity;
  }
  std::vector<LinkEntry> entries;
  std::vector<std::uint8_t> counts;
  std::vector<std::atomic<std::uint32_t>> locks;
  std::vector<std::atomic<float>> bounds;
  LinkTable table;
};

std::map<NodeId, Link> links_of(std::span<const LinkEntry> list) {
  std::map<NodeId, Link> links;
  for (const LinkEntry& entry : list) links[node_of(entry.link)] = entry.link;
  return links;
}

TEST(LinkTableBounds, SayWhatWouldNotBeTaken) {
  TableOf own(2, 4);
  LinkTable& table = own.table;
  table.merge(0, std::vector<LinkEntry>{{5, 11}, {2, 10}, {9, 12}});
  EXPECT_EQ(table.bound(0), kInfinity);
  table.merge(0, std::vector<LinkEntry>{{2, 10}, {12, 13 | kStays}});
  EXPECT_EQ(table.bound(0), 9) << "what is marked does not count";
  table.merge(0, std::vector<LinkEntry>{{9.5, 14}, {3, 15}});
  EXPECT_EQ(table.bound(0), 5);
  EXPECT_EQ(table.bound(1), kInfinity);
  std::vector<LinkEntry> copy;
  table.copy(0, copy);
  EXPECT_EQ(links_of(copy),
            (std::map<NodeId, Link>{{10, 10}, {15, 15}, {11, 11}, {13, 13 | kStays}}));
  table.merge(0, std::vector<LinkEntry>{{20, 16 | kStays}, {21, 17 | kStays}, {22, 18 | kStays}});
  EXPECT_EQ(table.bound(0), -kInfinity) << "nothing but what is marked";
}

TEST(LinkTableBounds, WhatTheRuleKeptStaysLongest) {
  Rng rng(21);
  for (int round = 0; round < 300; ++round) {
    // One by one, all together, and what should be left.
    constexpr std::size_t kLimit = 10;
    TableOf own(2, kLimit);
    std::vector<LinkEntry> all;
    for (NodeId node = 0; node < 30; ++node) {
      const Link mark = rng.below(3) != 0 ? kStays : rng.below(4) == 0 ? kKeptByRule : 0;
      all.push_back({static_cast<float>(rng.below(20)), node | mark});
    }
    std::vector<LinkEntry> together;
    for (const LinkEntry& entry : all) {
      if (is_marked(entry)) {
        own.table.merge_marked(0, entry);
      } else {
        own.table.merge(0, {&entry, 1});
      }
    }
    own.table.merge(1, all);
    std::sort(all.begin(), all.end(), [](const LinkEntry& a, const LinkEntry& b) {
      const auto rank = [](const LinkEntry& e) {
        return kept_by_rule(e.link) ? 0 : is_marked(e) ? 1 : 2;
      };
      return rank(a) != rank(b) ? rank(a) < rank(b) : nearer(a, b);
    });
    all.resize(kLimit);
    EXPECT_EQ(links_of(own.table.list(0)), links_of(all)) << round;
    EXPECT_EQ(links_of(own.table.list(1)), links_of(all)) << round;
    EXPECT_TRUE(std::ranges::is_sorted(own.table.list(0), nearer)) << round;
    EXPECT_TRUE(std::ranges::is_sorted(own.table.list(1), nearer)) << round;
    // Once more, with other marks, and nearer.
    const LinkEntry again{-1, own.table.list(0)[4].link | kKeptByRule};
    own.table.merge_marked(0, again);
    EXPECT_EQ(own.table.list(0)[0].link, again.link);
    EXPECT_EQ(own.table.list(0).size(), kLimit);
  }
}

TEST(NearLeaf, FindsTheNearestOfEachMember) {
  constexpr std::size_t kMembers = 400;
  for (const auto& format : {of_bytes(), codes::choose_format(Element::kHalf, Metric::kCosine, 20),
                             codes::choose_format(Element::kFloat, Metric::kInnerProduct, 9),
                             codes::choose_format(Element::kBit, Metric::kHamming, 140)}) {
    const CodedPoints points(format, kMembers);
    std::vector<std::vector<float>> near;
    for (std::size_t i = 0; i < kMembers; ++i) near.push_back(points.distances_from(i));
    for (const std::size_t wanted : {std::size_t{5}, std::size_t{40}, std::size_t{100}}) {
      std::vector<NearLeaf::Member> members;
      for (NodeId i = 0; i < kMembers; ++i) {
        // Every third has a bound, in which there are a few, many, or none at all.
        const std::vector<float>& distances = near[i];
        const float bound = i % 3 != 0   ? kInfinity
                            : i % 4 == 0 ? distances[10]
                            : i % 4 == 1 ? distances[150]
                                         : distances[0] - 1;
        members.push_back({1000 + i, bound, i % 5 == 0});
      }
      NearLeaf leaf(format, wanted);
      leaf.build(members, points.codes, nothing);
      std::size_t scouts = 0;
      for (std::size_t i = 0; i < kMembers; ++i) {
        const std::vector<float>& distances = near[i];
        const float last = distances[wanted - 1];
        const float slack = 1e-4F * (std::abs(last) + 1);
        std::set<NodeId> found;
        for (const LinkEntry& entry : leaf.found(i)) {
          const std::size_t other = node_of(entry.link) - 1000;
          ASSERT_NE(other, i);
          ASSERT_TRUE(found.insert(node_of(entry.link)).second) << "twice";
          ASSERT_NEAR(entry.distance, points.distance(i, other), slack);
          if (is_marked(entry)) {
            ++scouts;
            ASSERT_EQ(i % 5, 0U);
            ASSERT_GT(entry.distance, last - slack) << "a scout is beyond what is near";
          } else {
            ASSERT_LE(entry.distance, members[i].bound + slack);
          }
        }
        for (std::size_t j = 0; j < kMembers; ++j) {
          if (j == i) continue;
          const float distance = points.distance(i, j);
          if (distance > std::min(last, members[i].bound) - slack) continue;
          ASSERT_TRUE(found.contains(static_cast<NodeId>(1000 + j))) << i << ' ' << j;
        }
      }
      EXPECT_EQ(scouts, kMembers / 5 * 4);
    }
  }
}

TEST(NearLeaf, HasRoomForCopies) {
  const auto format = of_bytes();
  const CodedPoints one(format, 1);
  for (const std::size_t size : {1, 2, 7, 8, 9, 300}) {
    const std::vector<const std::byte*> codes(size, one.codes[0]);
    std::vector<NearLeaf::Member> members;
    for (NodeId i = 0; i < size; ++i) members.push_back({i, i % 2 == 0 ? kInfinity : 0, true});
    NearLeaf leaf(format, 7);
    leaf.build(members, codes, nothing);
    for (std::size_t i = 0; i < size; ++i) {
      std::set<NodeId> found;
      for (const LinkEntry& entry : leaf.found(i)) {
        EXPECT_EQ(entry.distance, 0);
        found.insert(node_of(entry.link));
      }
      EXPECT_EQ(found.size(), leaf.found(i).size());
      EXPECT_GE(found.size(), std::min<std::size_t>(size - 1, 7));
      // Of equally far ones those with the least numbers.
      for (NodeId j = 0; j < std::min<std::size_t>(size, 7); ++j) {
        EXPECT_EQ(found.contains(j), j != i) << size << ' ' << i << ' ' << j;
      }
    }
  }
}

TEST(AskRule, AsksInClassesAndLetsScoutsGiveWayToAll) {
  // On a line: the list is of the one at 0.
  const std::vector<float> at{1, -2, 3, -4, 5, -6, 7, -8, 100, -101, 102};
  const auto between = [&](std::size_t a, std::size_t b) { return std::abs(at[a] - at[b]); };
  std::vector<LinkEntry> list;
  for (NodeId i = 0; i < at.size(); ++i) list.push_back({std::abs(at[i]), i});
  list[8].link |= kStays;       // dominated by those on its side
  list[9].link |= kKeptByRule;  // so is this, but it is known to be kept
  list[10].link |= kStays;
  ask_rule(list, between);
  // Of classes of four by turns, each has two of one side and one of the other at most: the first
  // and what is on the other side.
  const auto links = links_of(list);
  EXPECT_FALSE(links.contains(8));
  EXPECT_FALSE(links.contains(10));
  EXPECT_EQ(links.at(9), 9U | kKeptByRule);
  ASSERT_EQ(list.size(), 9U);
  for (NodeId i = 0; i < 4; ++i) EXPECT_TRUE(kept_by_rule(links.at(i))) << "first of its class";
  for (NodeId i = 4; i < 8; ++i) EXPECT_FALSE(kept_by_rule(links.at(i))) << "behind it";
}

TEST(AskRule, KeepsAScoutThatNobodyIsBefore) {
  const std::vector<float> at{1, 2, 3, 4, 5, -50, -60};
  const auto between = [&](std::size_t a, std::size_t b) { return std::abs(at[a] - at[b]); };
  std::vector<LinkEntry> list;
  for (NodeId i = 0; i < at.size(); ++i) list.push_back({std::abs(at[i]), i});
  list[5].link |= kStays;
  list[6].link |= kStays;
  ask_rule(list, between);
  EXPECT_EQ(links_of(list).at(5), 5U | kKeptByRule);
  EXPECT_FALSE(links_of(list).contains(6)) << "the nearer scout is before it";
}

TEST(ChooseBest, FillsUpWithTheNearestAndAsksTheRuleIfTooManyAreMarked) {
  const std::vector<float> at{1, 2, 3, -4, 5, -6};
  const auto between = [&](std::size_t a, std::size_t b) { return std::abs(at[a] - at[b]); };
  std::vector<LinkEntry> list, chosen;
  for (NodeId i = 0; i < at.size(); ++i) list.push_back({std::abs(at[i]), i});
  list[4].link |= kStays;
  list[5].link |= kKeptByRule;
  choose_best(list, 3, between, chosen);
  EXPECT_EQ(links_of(chosen),
            (std::map<NodeId, Link>{{0, 0}, {4, 4 | kKeptByRule}, {5, 5 | kKeptByRule}}));
  for (LinkEntry& entry : list) entry.link |= kStays;
  choose_best(list, 3, between, chosen);
  EXPECT_EQ(links_of(chosen),
            (std::map<NodeId, Link>{{0, 0 | kKeptByRule}, {1, 1}, {3, 3 | kKeptByRule}}));
}

TEST(ChooseSpread, KeepsFarOnesWhereTooManyAreMarked) {
  std::vector<LinkEntry> list, chosen;
  for (NodeId i = 0; i < 60; ++i) {
    list.push_back({static_cast<float>(i), i % 2 == 0 ? i | kKeptByRule : i});  // 30 are marked
  }
  const auto nodes = [&] {
    std::vector<NodeId> nodes;
    for (const LinkEntry& entry : chosen) nodes.push_back(node_of(entry.link));
    return nodes;
  };
  choose_spread(list, 16, chosen);
  EXPECT_EQ(nodes(),
            (std::vector<NodeId>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 42, 58}));
  choose_spread(list, 1, chosen);
  EXPECT_EQ(nodes().size(), 1U);
  for (std::size_t limit = 1; limit < 30; ++limit) {
    choose_spread(list, limit, chosen);
    EXPECT_EQ(chosen.size(), limit);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end(), nearer));
  }
  // With room for all that is marked it fills up with the nearest.
  std::vector<LinkEntry> nearest;
  for (const std::size_t limit : {30U, 40U, 60U}) {
    choose_spread(list, limit, chosen);
    choose_nearest(list, limit, nearest);
    EXPECT_EQ(links_of(chosen), links_of(nearest));
    EXPECT_EQ(chosen.size(), limit);
  }
}

TEST(PointsBlock, ComesIntoAnotherOrder) {
  const CodedPoints points(of_bytes(), 500);
  std::vector<std::byte> block(PointsBlock::bytes(points.format, 500));
  PointsBlock::write(block.data(), points.format, points.codes);
  std::vector<std::uint32_t> order(500);
  std::iota(order.begin(), order.end(), 0U);
  Rng rng(4);
  for (std::size_t i = 400; i > 1; --i) std::swap(order[i], order[rng.below(i)]);
  PointsBlock::reorder(block.data(), order);
  const PointsBlock now(block.data());
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(std::memcmp(now.codes()[i], points.codes[order[i]], points.format.code_bytes), 0);
  }
}

/// What link_points() gives each point, by the points' own numbers.
std::vector<std::map<NodeId, Link>> linked(const CodedPoints& points, const LinkSettings& settings,
                                           test::Threads* team) {
  const std::size_t count = points.codes.size();
  std::byte* block = nullptr;
  if (team != nullptr) {
    block = team->share(PointsBlock::bytes(points.format, count));
    PointsBlock::write(block, points.format, points.codes);
  }
  Rng rng(9);
  std::vector<std::map<NodeId, Link>> links(count);
  link_points(points.format, {points.codes, block, team}, settings, rng, nothing, heap(), nullptr,
              [&](const LinkTable& table, PointOrder order) {
                for (std::size_t row = 0; row < count; ++row) {
                  EXPECT_LE(table.list(row).size(), settings.links);
                  for (const LinkEntry& entry : table.list(row)) {
                    const NodeId other = order[node_of(entry.link)];
                    links[order[row]][other] =
                        make_link(other, kept_by_rule(entry.link), in_tree(entry.link));
                  }
                }
              });
  return links;
}

TEST(LinkPoints, FindsTheNearestWhenTheRuleComesLast) {
  const CodedPoints points(of_bytes(), kPoints);
  const auto share_found = [&](bool rule_last) {
    LinkSettings settings = settings_for(points.format, {16, 64}, kPoints);
    settings.partition = {6, 200, 400};
    settings.rule_last = rule_last;
    const auto links = linked(points, settings, nullptr);
    std::size_t found = 0;
    for (std::size_t i = 0; i < kPoints; i += 10) {
      const float tenth = points.distances_from(i)[9] * 1.0001F;
      for (const auto& [other, link] : links[i]) {
        EXPECT_FALSE(in_tree(link));
        found += points.distance(i, other) <= tenth;
      }
    }
    return static_cast<double>(found) / kPoints;
  };
  const double first = share_found(false);
  EXPECT_GT(first, 0.9);
  EXPECT_GT(share_found(true), first - 0.01);
}

TEST(LinkPoints, IsTheSameWithHelpersWhenTheRuleComesLast) {
  const CodedPoints points(of_bytes(), kPoints);
  LinkSettings settings = settings_for(points.format, {16, 64}, kPoints);
  settings.partition = {6, 200, 400};
  settings.rule_last = true;
  const auto alone = linked(points, settings, nullptr);
  for (int round = 0; round < 3; ++round) {
    test::Threads team(3, 100);
    EXPECT_EQ(linked(points, settings, &team), alone) << round;
    EXPECT_EQ(team.tasks, 5);
  }
}

#if !defined(VECTOR_EMULATED) && !defined(__SANITIZE_ADDRESS__)
TEST(ManyPoints, AreAllReachedAndFound) {
  const auto format = codes::choose_graph_format(Element::kFloat, Metric::kL2, 8);
  constexpr std::size_t kRows = 440'000;
  constexpr Params kParams{8, 16};
  ASSERT_TRUE(settings_for(format, kParams, kRows).rule_last);
  ASSERT_FALSE(settings_for(format, kParams, kRows, 1).rule_last);
  ASSERT_FALSE(settings_for(format, kParams, kRows / 2).rule_last);
  const Values values(format, kRows, 30);
  const Values queries(format, 40, 30);
  MemoryGraph graph(format, kParams, heap());
  Collector collector(graph, heap());
  for (std::size_t i = 0; i < kRows; ++i) collector.add(values.code(i), test::row_of(i));
  test::Threads team(1, 100);
  collector.finish({}, &team);
  EXPECT_EQ(team.blocks(), 0U);
  test::expect_links_sound(graph);
  EXPECT_EQ(test::unreachable_nodes(graph), 0U);
  EXPECT_GT(test::recall_of(graph, values, queries, 10, 40), 0.9);
}
#endif

}  // namespace
}  // namespace vec::hnsw::bulk

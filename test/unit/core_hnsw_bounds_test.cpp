// Members of a leaf that have enough near links already: they look for nearer ones only.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/nearest.h"
#include "support/hnsw_fixture.h"

namespace vec::hnsw::bulk {
namespace {

using test::heap;
using test::Values;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

void nothing() {}

struct Points {
  explicit Points(std::size_t count)
      : format(codes::choose_graph_format(codes::Element::kFloat, codes::Metric::kL2, 40)),
        values(format, count, 3) {
    for (std::size_t i = 0; i < count; ++i) kept.push_back(values.code(i));
    for (const auto& code : kept) codes.push_back(code.data());
  }
  float distance(std::size_t a, std::size_t b) const {
    return codes::pair_distance(format, codes[a], codes[b]);
  }

  codes::Format format;
  Values values;
  std::vector<std::vector<std::byte>> kept;
  std::vector<const std::byte*> codes;
};

TEST(Nearest, AreThoseWithinTheBound) {
  std::vector<float> distances;
  for (int i = 0; i < 700; ++i) distances.push_back(static_cast<float>(i * 37 % 701));
  Nearest nearest;
  for (const float bound : {-1.0F, 0.0F, 7.0F, 150.0F, 400.0F, kInfinity}) {
    const auto found = nearest.find(distances, 20, 5, bound);
    std::vector<float> expected = distances;
    expected.erase(expected.begin() + 5);
    std::erase_if(expected, [bound](float distance) { return distance > bound; });
    std::sort(expected.begin(), expected.end());
    expected.resize(std::min<std::size_t>(expected.size(), 20));
    ASSERT_EQ(found.size(), expected.size()) << bound;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].distance, expected[i]);
      EXPECT_EQ(distances[found[i].place], expected[i]);
    }
  }
}

TEST(LinkTable, SaysHowFarEnoughLinksAre) {
  std::vector<LinkEntry> entries(2 * 4);
  std::vector<std::uint8_t> counts(2);
  std::vector<std::atomic<std::uint32_t>> locks(LinkTable::kLocks);
  std::vector<std::atomic<float>> bounds(2);
  LinkTable table({entries.data(), counts.data(), locks.data(), bounds.data()}, 4, 3);
  EXPECT_EQ(table.bound(0), kInfinity);
  table.merge(0, std::vector<LinkEntry>{{2, 10}, {5, 11}});
  EXPECT_EQ(table.bound(0), kInfinity);
  table.merge(0, std::vector<LinkEntry>{{2, 10}, {9, 12}});
  EXPECT_EQ(table.bound(0), 9);
  table.merge(0, std::vector<LinkEntry>{{1, 13}, {3, 14}, {4, 15}});
  EXPECT_EQ(table.bound(0), 3);
  EXPECT_EQ(table.bound(1), kInfinity);

  LinkTable without({entries.data(), counts.data(), locks.data(), nullptr}, 4);
  without.merge(1, std::vector<LinkEntry>{{1, 1}, {2, 2}, {3, 3}, {4, 4}});
  EXPECT_EQ(without.bound(1), kInfinity);
}

TEST(Leaf, GivesBoundedMembersNoLongerLinksThanTheyHave) {
  constexpr std::size_t kMembers = 300;
  constexpr std::size_t kCandidates = 24;
  const Points points(kMembers);
  std::vector<NodeId> members(kMembers);
  for (NodeId i = 0; i < kMembers; ++i) members[i] = i;
  // Every third has a bound: some, all, or none of the candidates are within it.
  std::vector<float> bounds(kMembers, kInfinity);
  for (std::size_t i = 0; i < kMembers; i += 3) {
    std::vector<float> distances;
    for (std::size_t j = 0; j < kMembers; ++j) {
      if (j != i) distances.push_back(points.distance(i, j));
    }
    std::sort(distances.begin(), distances.end());
    bounds[i] = i % 4 == 0 ? distances[10] * 1.0001F : i % 4 == 1 ? distances[100] : 1e-6F;
  }
  Leaf bounded(points.format, kCandidates, kCandidates, false);
  bounded.build(members, points.codes, bounds, nothing);
  Leaf open(points.format, kCandidates, kCandidates, false);
  open.build(members, points.codes, std::vector<float>(kMembers, kInfinity), nothing);

  const auto links_of = [&](Leaf& leaf) {
    std::vector<std::vector<NodeId>> links(kMembers);
    for (std::size_t i = 0; i < kMembers; ++i) {
      float last = -kInfinity;
      for (const LinkEntry& entry : leaf.links(i)) {
        EXPECT_GE(entry.distance, last);
        last = entry.distance;
        links[i].push_back(node_of(entry.link));
      }
    }
    return links;
  };
  const auto of_bounded = links_of(bounded);
  const auto of_open = links_of(open);
  const auto has = [](const std::vector<NodeId>& links, std::size_t node) {
    return std::find(links.begin(), links.end(), node) != links.end();
  };
  for (std::size_t i = 0; i < kMembers; ++i) {
    for (const NodeId other : of_bounded[i]) {
      const float distance = points.distance(i, other);
      if (distance <= bounds[i] * 1.001F) continue;
      EXPECT_TRUE(has(of_bounded[other], i)) << i << ": not one of those that keep it";
    }
    // Nothing is missing that is nearer.
    for (const NodeId other : of_open[i]) {
      const float distance = points.distance(i, other);
      const bool is_near = distance < bounds[i] * 0.999F;
      const bool is_candidate = std::count_if(members.begin(), members.end(), [&](NodeId j) {
                                  return j != i && points.distance(i, j) <= distance;
                                }) < static_cast<std::ptrdiff_t>(kCandidates);
      if (is_near && is_candidate) {
        EXPECT_TRUE(has(of_bounded[i], other)) << i << ' ' << other;
      }
    }
  }
}

TEST(LinkPoints, FindsTheNearestWithBoundsToo) {
  constexpr std::size_t kPoints = 3000;
  const Points points(kPoints);
  const auto share_found = [&](std::size_t enough) {
    LinkSettings settings = settings_for(points.format, {16, 64}, kPoints);
    settings.partition = {6, 200, 400};
    settings.enough = enough;
    Rng rng(9);
    std::size_t found = 0;
    link_points(points.format, points.codes, settings, rng, nothing, heap(), nullptr, nullptr,
                [&](const LinkTable& table, PointOrder order) {
                  for (std::size_t row = 0; row < kPoints; row += 10) {
                    std::vector<float> distances;
                    for (std::size_t j = 0; j < kPoints; ++j) {
                      if (j != order[row]) distances.push_back(points.distance(order[row], j));
                    }
                    std::nth_element(distances.begin(), distances.begin() + 9, distances.end());
                    const float tenth = distances[9] * 1.0001F;
                    for (const LinkEntry& entry : table.list(row)) {
                      found += points.distance(order[row], order[node_of(entry.link)]) <= tenth;
                    }
                  }
                });
    return static_cast<double>(found) / kPoints;
  };
  const double without = share_found(0);
  EXPECT_GT(without, 0.9);
  EXPECT_GT(share_found(32), without - 0.02);
}

}  // namespace
}  // namespace vec::hnsw::bulk

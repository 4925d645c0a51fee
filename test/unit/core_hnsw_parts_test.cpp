#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/hnsw/layout.h"
#include "core/hnsw/select_neighbors.h"
#include "core/rng.h"
#include "support/hnsw_data.h"

namespace vec::hnsw {
namespace {

TEST(SelectNeighbors, KeepsTheNearestEvenIfAllOthersAreDominated) {
  const std::vector<LinkCandidate> candidates{{1, 0, false}, {2, 1, false}, {3, 2, false}};
  const auto kept = select_neighbors(candidates, 2, [](std::size_t, std::size_t) { return 0.5F; });
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].index, 0U);
  EXPECT_TRUE(kept[0].kept);
  EXPECT_EQ(kept[1].index, 1U) << "a free place is filled";
  EXPECT_FALSE(kept[1].kept);
}

TEST(SelectNeighbors, PrefersAFartherOneInAnotherDirection) {
  const std::vector<LinkCandidate> candidates{{1, 0, false}, {2, 1, false}, {3, 2, false}};
  const auto between = [](std::size_t a, std::size_t b) { return a + b == 1 ? 0.5F : 10.0F; };
  const auto kept = select_neighbors(candidates, 2, between);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[1].index, 2U);
}

TEST(AddNeighbor, DropsTheFarthestThatOnlyFilledUp) {
  std::vector<LinkCandidate> list{{1, 1, true}, {5, 2, true}, {2, 3, false}};
  const auto apart = [](std::size_t, std::size_t) { return 100.0F; };
  EXPECT_TRUE(add_neighbor(list, {3, 0}, 3, apart));
  EXPECT_EQ(list.size(), 3U);
  EXPECT_TRUE(std::none_of(list.begin(), list.end(), [](auto& link) { return link.index == 3; }));
}

TEST(AddNeighbor, LeavesTheNewOneOutIfItIsTheWorstUnlessItIsOfTheTree) {
  const auto near = [](std::size_t, std::size_t) { return 0.1F; };
  std::vector<LinkCandidate> list{{1, 1, true}, {2, 2, false}};
  EXPECT_FALSE(add_neighbor(list, {9, 0}, 2, near));
  EXPECT_EQ(list.size(), 2U);
  EXPECT_TRUE(add_neighbor(list, {9, 0, false, true}, 2, near));
  EXPECT_EQ(list.back().index, 0U);
}

TEST(AddNeighbor, NeverDropsALinkOfTheTree) {
  const auto apart = [](std::size_t, std::size_t) { return 100.0F; };
  std::vector<LinkCandidate> list{{1, 1, true}, {2, 2, false, true}, {3, 3, true}};
  EXPECT_TRUE(add_neighbor(list, {1.5, 0}, 3, apart));
  EXPECT_EQ(list[1].index, 2U) << "only fills up, and stays";
  EXPECT_EQ(list[2].index, 0U) << "in the place of what the rule had kept";
  list = {{1, 1, true, true}, {2, 2, false, true}};
  EXPECT_FALSE(add_neighbor(list, {1, 0, false, true}, 2, apart)) << "nobody can go";
}

TEST(Layout, GivesEveryBlockToOnePage) {
  for (const auto& format : test::all_formats()) {
    for (const int m : {2, 5, 16, 100}) {
      for (const std::uint32_t item_weight : {1U, 8U, 100U}) {
        const Layout layout(format, m, item_weight, 8192, 24);
        for (BlockNo block = 1; block < 700; ++block) {
          const auto name = layout.name(block);
          ASSERT_NE(name.kind, PageKind::kMeta) << block;
          ASSERT_EQ(layout.block_of(name.kind, name.page), block);
        }
        for (NodeId node = 0; node < 5000; node += 7) {
          const Place link = layout.link_slot(node);
          const Place code = layout.code_slot(node);
          ASSERT_LE(link.offset + layout.link_slot_bytes(), 8192 - sizeof(PageTrailer));
          ASSERT_LE(code.offset + layout.code_slot_bytes(), 8192 - sizeof(PageTrailer));
          ASSERT_EQ(layout.name(link.block).kind, PageKind::kLinks);
          ASSERT_EQ(layout.name(code.block).kind, PageKind::kCodes);
        }
      }
    }
  }
}

TEST(Layout, HasRoomForTheLongestItem) {
  const auto format = codes::choose_format(codes::Element::kSparse, codes::Metric::kL2, 5000);
  const Layout layout(format, 16, 8, 8192, 24);
  EXPECT_GE(layout.cells_per_page() * kCellBytes, format.code_bytes);
  EXPECT_LE(layout.used_bytes(PageKind::kItems), 8192 - sizeof(PageTrailer));
}

TEST(Layout, PlacesTheLastNodesWithoutOverflow) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 128);
  const Layout layout(format, 16, 8, 8192, 24);
  const NodeId node = 40'000'000;
  const auto name = layout.name(layout.link_slot(node).block);
  EXPECT_EQ(name.kind, PageKind::kLinks);
  EXPECT_EQ(name.page, node / layout.links_per_page());
}

TEST(Divider, DividesLikeTheProcessor) {
  Rng rng(1);
  for (int i = 0; i < 100000; ++i) {
    const auto divisor = static_cast<std::uint32_t>(1 + rng.below(i % 2 == 0 ? 100 : 1U << 31));
    const auto dividend = static_cast<std::uint32_t>(rng.next());
    ASSERT_EQ(Divider(divisor)(dividend), dividend / divisor) << dividend << '/' << divisor;
  }
}

}  // namespace
}  // namespace vec::hnsw

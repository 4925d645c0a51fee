// Which nodes share a page.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

#include "core/hnsw/bulk/page_order.h"
#include "support/hnsw_checks.h"

namespace vec::hnsw::bulk {
namespace {

constexpr std::size_t kPerPage = 8;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }
void nothing() {}

/// So many groups of nodes; everybody is linked with all of its own group.  Of the first
/// group, which is half as large, all are above layer 0.
class Groups {
 public:
  explicit Groups(std::size_t groups)
      : graph(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 4), {16, 64},
              heap()) {
    std::size_t rows = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<NodeId> members;
      for (std::size_t i = 0; i < (g == 0 ? kPerPage / 2 : kPerPage); ++i) {
        members.push_back(graph.add_unlinked(g == 0 ? 1 : 0, code_, test::row_of(rows++)));
      }
      for (const NodeId member : members) {
        std::vector<Link> links;
        for (const NodeId other : members) {
          if (other != member) links.push_back(make_link(other, true, false));
        }
        graph.set_links(member, 0, links);
      }
    }
  }

  std::size_t group_of(NodeId node) const { return (node + kPerPage / 2) / kPerPage; }

  /// All nodes, those of a group as far from each other as it goes within so many groups.
  std::vector<NodeId> scattered(std::size_t within) const {
    std::vector<NodeId> order;
    for (NodeId i = 0; i < kPerPage / 2; ++i) order.push_back(i);
    const std::size_t stretch = within * kPerPage;
    for (std::size_t first = order.size(); first < graph.node_count(); first += stretch) {
      const std::size_t end = std::min<std::size_t>(first + stretch, graph.node_count());
      for (std::size_t i = 0; i < kPerPage; ++i) {
        for (std::size_t node = first + i; node < end; node += kPerPage) {
          order.push_back(static_cast<NodeId>(node));
        }
      }
    }
    return order;
  }

  MemoryGraph graph;

 private:
  std::vector<std::byte> code_ = std::vector<std::byte>(graph.format().code_bytes);
};

TEST(PageOrder, BringsTogetherWhoIsLinked) {
  // The first page has room for half a group beside those above layer 0, so groups are cut in two
  // unless links to the page before count.
  const Groups groups(2000);
  std::vector<NodeId> order = groups.scattered(100);
  fill_pages(groups.graph, order, kPerPage, heap(), nothing);
  EXPECT_EQ(std::set<NodeId>(order.begin(), order.end()).size(), groups.graph.node_count());
  std::size_t torn = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    torn += groups.group_of(order[i - 1]) != groups.group_of(order[i]);
  }
  EXPECT_LE(torn, 2000U + 3 * 100U);  // four ranges: some groups lie in two
}

TEST(PageOrder, LeavesThoseAboveLayer0WhereTheyAre) {
  const Groups groups(50);
  std::vector<NodeId> order = groups.scattered(50);
  std::swap(order[0], order[2]);
  const std::vector<NodeId> before = order;
  fill_pages(groups.graph, order, kPerPage, heap(), nothing);
  EXPECT_TRUE(std::equal(order.begin(), order.begin() + kPerPage / 2, before.begin()));
  EXPECT_NE(order, before);
}

TEST(PageOrder, FollowsTheOrderItIsGivenWhereThereAreNoLinks) {
  MemoryGraph graph(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 4), {16, 64},
                    heap());
  const std::vector<std::byte> code(graph.format().code_bytes);
  for (std::size_t i = 0; i < 6000; ++i) {
    graph.set_links(graph.add_unlinked(0, code, test::row_of(i)), 0, {});
  }
  std::vector<NodeId> order(6000);
  std::iota(order.rbegin(), order.rend(), NodeId{0});
  const std::vector<NodeId> before = order;
  fill_pages(graph, order, kPerPage, heap(), nothing);
  EXPECT_EQ(order, before);
}

TEST(PageOrder, StopsWhenItIsInterrupted) {
  const Groups groups(5);
  std::vector<NodeId> order = groups.scattered(5);
  EXPECT_THROW(
      fill_pages(groups.graph, order, kPerPage, heap(), [] { throw std::runtime_error("stop"); }),
      std::runtime_error);
}

TEST(PageOrder, APageHasRoomForOneCodeAtLeast) {
  const auto format = [](std::uint32_t dims) {
    return codes::choose_format(codes::Element::kFloat, codes::Metric::kL1, dims);
  };
  EXPECT_EQ(codes_on_page(format(16000)), 1U);
  EXPECT_GT(codes_on_page(format(64)), 20U);
  // If each had a leader of its own, all codes would be in memory twice.
  EXPECT_EQ(nodes_of_leader(format(16000)), 25U);
  EXPECT_EQ(nodes_of_leader(format(16)), codes_on_page(format(16)));
}

}  // namespace
}  // namespace vec::hnsw::bulk

// How many leaves a build in bulk has a point in, and how large they are.

#include <gtest/gtest.h>

#include "core/hnsw/bulk/link_points.h"

namespace vec::hnsw::bulk {
namespace {

using codes::Element;
using codes::Metric;

PartitionSettings leaves_for(std::size_t points, int ef_construction = 64,
                             Metric metric = Metric::kL2) {
  const auto format = codes::choose_graph_format(Element::kFloat, metric, 128);
  return settings_for(format, {16, ef_construction}, points, 0).partition;
}

TEST(LinkSettings, PutFewPointsIntoFiveLeavesOfEightHundred) {
  for (const std::size_t points : {1U, 1'000U, 250'000U}) {
    EXPECT_EQ(leaves_for(points).fanout, 5U);
    EXPECT_EQ(leaves_for(points).leaf_size, 800U);
  }
  EXPECT_EQ(leaves_for(1000, 64, Metric::kInnerProduct).fanout, 7U);
  const auto format = codes::choose_graph_format(Element::kFloat, Metric::kL2, 128);
  EXPECT_EQ(settings_for(format, {16, 64}, 100'000, 1).partition.fanout, 4U);
}

TEST(LinkSettings, LetTheRuleComeLastOfManyShortCodesBelowTheUpperLayers) {
  const auto of = [](std::uint32_t dims, std::size_t points, int layer) {
    const auto format =
        codes::choose_graph_format(codes::Element::kFloat, codes::Metric::kL2, dims);
    return settings_for(format, {16, 64}, points, layer).rule_last;
  };
  EXPECT_FALSE(of(128, 250'000, 0));
  EXPECT_TRUE(of(128, 750'000, 0));
  EXPECT_FALSE(of(128, 750'000, 1));
  EXPECT_FALSE(of(768, 750'000, 0));
}

TEST(LinkSettings, PutMorePointsIntoMoreAndSmallerLeaves) {
  std::size_t last_fanout = 0;
  std::size_t last_work = 0;
  for (const std::size_t points :
       {250'000U, 400'000U, 600'000U, 750'000U, 2'000'000U, 10'000'000U, 100'000'000U}) {
    const auto [fanout, leaf_size, most] = leaves_for(points);
    EXPECT_GE(fanout, last_fanout);
    EXPECT_LE(fanout, 12U);
    EXPECT_GE(leaf_size, 500U);
    EXPECT_LE(leaf_size, most / 2);
    EXPECT_GT(fanout * leaf_size + 12, last_work);
    last_fanout = fanout;
    last_work = fanout * leaf_size;
  }
  EXPECT_EQ(leaves_for(750'000).fanout, 8U);
  EXPECT_EQ(leaves_for(750'000).leaf_size, 600U);
}

TEST(LinkSettings, TakeTheTroubleThatIsAskedFor) {
  EXPECT_EQ(leaves_for(1000, 4).fanout, 3U);
  EXPECT_EQ(leaves_for(1000, 256).fanout, 8U);
  EXPECT_EQ(leaves_for(1000, 1000).fanout, 11U);
}

}  // namespace
}  // namespace vec::hnsw::bulk

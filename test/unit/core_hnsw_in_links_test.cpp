// How many links lead to a node: in uniform noise, with few links a node, hubs take most of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory_resource>
#include <vector>

#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/check.h"
#include "core/hnsw/in_links.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_checks.h"

namespace vec::hnsw {
namespace {

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kValues = 500;
#else
constexpr std::size_t kValues = 2000;
#endif

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

/// Noise without any structure.
class Noise {
 public:
  static constexpr std::uint32_t kDims = 50;

  Noise(std::size_t count, std::uint64_t seed) : values_(count * kDims) {
    Rng rng(seed);
    for (float& x : values_) x = static_cast<float>(rng.below(1000)) / 10;
  }

  codes::Value operator[](std::size_t i) const {
    codes::Value value{};
    value.floats = values_.data() + i * kDims;
    return value;
  }

  static codes::Format format() {
    return codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, kDims);
  }

  std::vector<std::byte> code(std::size_t i) const {
    std::vector<float> scratch;
    std::vector<std::byte> out(codes::code_size(format(), (*this)[i]));
    codes::encode(format(), (*this)[i], scratch, out.data());
    return out;
  }

 private:
  std::vector<float> values_;
};

constexpr Params kParams{8, 32};

void build(MemoryGraph& graph, const Noise& noise, std::size_t count, std::uint64_t seed) {
  bulk::Collector collector(graph, heap(), seed);
  for (std::size_t i = 0; i < count; ++i) collector.add(noise.code(i), test::row_of(i));
  collector.finish({});
}

/// Live nodes that fewer than two links of live nodes lead to.
std::size_t hardly_known(MemoryGraph& graph) {
  std::vector<int> counts(graph.node_count());
  graph.for_each_live([&](NodeId, int, const LinkList& list) {
    for (const Link link : list.view()) ++counts[node_of(link)];
  });
  std::size_t few = 0;
  graph.for_each_live([&](NodeId node, int, const LinkList&) { few += counts[node] < 2; });
  return few;
}

/// Rows that a search for their own value does not come to.
std::size_t not_found(MemoryGraph& graph, const Noise& noise, std::size_t count) {
  std::size_t lost = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto rows = test::search_rows(graph, noise[i], 200);
    lost += std::find(rows.begin(), rows.end(), i) == rows.end();
  }
  return lost;
}

TEST(InLinks, CountsUpToAByte) {
  InLinks in_links(3);
  EXPECT_TRUE(in_links.too_few(0));
  in_links.add(0);
  EXPECT_TRUE(in_links.too_few(0));
  in_links.add(0);
  EXPECT_FALSE(in_links.too_few(0));
  EXPECT_FALSE(in_links.can_spare(0));
  in_links.add(0);
  EXPECT_TRUE(in_links.can_spare(0));
  in_links.drop(0);
  EXPECT_FALSE(in_links.can_spare(0));
  in_links.drop(1);
  EXPECT_TRUE(in_links.too_few(1));
  // Beyond a byte it is not known any more, only that it is many.
  for (int i = 0; i < 300; ++i) in_links.add(2);
  for (int i = 0; i < 300; ++i) in_links.drop(2);
  EXPECT_TRUE(in_links.can_spare(2));
  // Nothing is known of a node that came later.
  in_links.add(9);
  EXPECT_FALSE(in_links.too_few(9));
  EXPECT_TRUE(in_links.can_spare(9));
}

TEST(InLinks, AreTwoAtLeastAfterABuild) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 100; seed < 116; ++seed) {
    const Noise noise(kValues, seed);
    MemoryGraph graph(Noise::format(), kParams, heap());
    build(graph, noise, kValues, seed);
    EXPECT_EQ(hardly_known(graph), 0U) << seed;
    EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
    lost += not_found(graph, noise, kValues);
  }
  EXPECT_EQ(lost, 0U);
}

/// Insertion alone leaves nodes that one link leads to; vacuum looks after them.
TEST(InLinks, AreTwoForMostAfterVacuum) {
  const Noise noise(kValues, 4);
  MemoryGraph graph(Noise::format(), {6, 24}, heap());
  Rng rng(5);
  InsertScratch scratch;
  for (std::size_t i = 0; i < kValues; ++i) {
    const codes::Query query(Noise::format(), noise[i]);
    insert(graph, query, noise.code(i), test::row_of(i), draw_level(rng.uniform(), 6), scratch,
           heap());
  }
  const std::size_t before = hardly_known(graph);
  EXPECT_GT(before, 1U);
  const auto dead = [](std::size_t i) { return i % 20 == 0; };
  remove_dead(
      graph, [&](RowId row) { return dead(test::number_of(row)); }, heap());
  // Where all links of those around are kept by the rule, nobody can spare one.
  EXPECT_LT(hardly_known(graph), before / 2);
  EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
}

}  // namespace
}  // namespace vec::hnsw

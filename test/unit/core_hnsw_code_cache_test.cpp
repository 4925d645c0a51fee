// A vacuum's cache of codes: it gives what the store has, whatever room it has, and a vacuum that
// has one does what it does without.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/hnsw/code_cache.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/vacuum.h"
#include "support/hnsw_fixture.h"

namespace vec::hnsw {
namespace {

using test::expect_sound;
using test::Fixture;
using test::heap;
using test::number_of;

constexpr std::size_t kValues = 400;

/// Bytes for about `places` codes.
std::size_t room_for(const codes::Format& format, std::size_t places) {
  return places * ((std::size_t{format.code_bytes} + 7) / 8 * 8 + 8);
}

/// A graph whose codes come from a cache while it is vacuumed.
class CachingGraph : public MemoryGraph {
 public:
  CachingGraph(const codes::Format& format, std::size_t cache_bytes)
      : MemoryGraph(format, {16, 64}, heap()), cache_bytes_(cache_bytes) {}

  void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) {
    asked += nodes.size();
    cache_.fetch_codes(nodes, batch, [&](std::span<const NodeId> missing, CodeBatch& into) {
      fetched += missing.size();
      MemoryGraph::fetch_codes(missing, into);
    });
    CodeBatch expected;
    MemoryGraph::fetch_codes(nodes, expected);
    ASSERT_EQ(batch.states, expected.states);
    ASSERT_EQ(batch.generations, expected.generations);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      ASSERT_EQ(batch.codes[i] == nullptr, expected.codes[i] == nullptr) << i;
      if (batch.codes[i] == nullptr) continue;
      const std::size_t bytes = codes::code_size(format(), expected.codes[i]);
      ASSERT_EQ(std::memcmp(batch.codes[i], expected.codes[i], bytes), 0) << i;
    }
  }
  template <class IsDead>
  void mark_dead(IsDead is_dead, std::vector<NodeId>& dying) {
    MemoryGraph::mark_dead(is_dead, dying);
    cache_ = CodeCache(format(), node_count(), cache_bytes_);
  }
  template <class Visit>
  void for_each_live(Visit visit) {
    MemoryGraph::for_each_live([&](NodeId node, int level, const LinkList& list) {
      if (cache_.crowded()) {
        cache_.clear();
        ++cleared;
      }
      visit(node, level, list);
    });
  }
  void free_nodes(std::span<const NodeId> nodes) {
    cache_ = {};
    MemoryGraph::free_nodes(nodes);
  }

  std::size_t asked = 0;
  std::size_t fetched = 0;
  std::size_t cleared = 0;

 private:
  std::size_t cache_bytes_;
  CodeCache cache_;
};

class CodeCacheFormats : public testing::TestWithParam<codes::Format> {};
INSTANTIATE_TEST_SUITE_P(Formats, CodeCacheFormats, testing::ValuesIn(test::all_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(CodeCacheFormats, VacuumsAsWithoutACache) {
  const codes::Format& format = GetParam();
  Fixture fixture(format, kValues);
  fixture.insert_all();
  const auto is_dead = [](RowId row) { return number_of(row) % 7 == 3; };
  remove_dead(fixture.graph, is_dead, heap());
  for (const std::size_t places : {std::size_t{0}, std::size_t{1}, kValues / 8, 2 * kValues}) {
    SCOPED_TRACE(places);
    Fixture other(format, kValues);
    CachingGraph graph(format, room_for(format, places));
    for (std::size_t i = 0; i < kValues; ++i) other.insert_into(graph, i);
    graph.asked = graph.fetched = 0;
    remove_dead(graph, is_dead, heap());
    expect_sound(graph);
    ASSERT_EQ(graph.node_count(), fixture.graph.node_count());
    LinkList list;
    LinkList expected;
    for (NodeId node = 0; node < graph.node_count(); ++node) {
      graph.links(node, 0, list);
      fixture.graph.links(node, 0, expected);
      ASSERT_TRUE(std::equal(list.view().begin(), list.view().end(), expected.view().begin(),
                             expected.view().end()))
          << node;
    }
    if (places == 0) {
      EXPECT_EQ(graph.fetched, graph.asked);
      EXPECT_EQ(graph.cleared, 0U);
    } else if (places >= kValues) {
      EXPECT_LE(graph.fetched, kValues);
      EXPECT_EQ(graph.cleared, 0U);
    } else {
      EXPECT_GT(graph.cleared, 0U);
    }
  }
}

TEST(CodeCache, DoesNotKeepFreeNodes) {
  Fixture fixture(test::all_formats().front(), 20);
  fixture.insert_all();
  MemoryGraph& graph = fixture.graph;
  CodeCache cache(fixture.format, graph.node_count(), 1 << 20);
  std::size_t fetched = 0;
  const auto fetch = [&](std::span<const NodeId> nodes, CodeBatch& batch) {
    fetched += nodes.size();
    graph.fetch_codes(nodes, batch);
  };
  remove_dead(
      graph, [](RowId row) { return number_of(row) == 5; }, heap());
  std::vector<NodeId> nodes(graph.node_count());
  for (NodeId node = 0; node < nodes.size(); ++node) nodes[node] = node;
  CodeBatch batch;
  cache.fetch_codes(nodes, batch, fetch);
  EXPECT_EQ(fetched, nodes.size());
  EXPECT_EQ(std::count(batch.codes.begin(), batch.codes.end(), nullptr), 1);
  fixture.insert_into(graph, 5);
  cache.fetch_codes(nodes, batch, fetch);
  EXPECT_EQ(fetched, nodes.size() + 1);
  EXPECT_EQ(std::count(batch.codes.begin(), batch.codes.end(), nullptr), 0);
}

TEST(CodeCache, LeavesCodesWhereTheyAreUntilCleared) {
  Fixture fixture(test::all_formats().front(), 40);
  fixture.insert_all();
  const auto fetch = [&](std::span<const NodeId> nodes, CodeBatch& batch) {
    fixture.graph.fetch_codes(nodes, batch);
  };
  CodeCache cache(fixture.format, 40, room_for(fixture.format, 10));
  CodeBatch first;
  CodeBatch second;
  for (NodeId node = 0; node < 40; ++node) {
    cache.fetch_codes({&node, 1}, first, fetch);
    const std::vector<std::byte> code(
        first.codes[0], first.codes[0] + codes::code_size(fixture.format, first.codes[0]));
    for (NodeId other = 0; other < 40; ++other) {
      cache.fetch_codes({&other, 1}, second, fetch);
      ASSERT_EQ(std::memcmp(first.codes[0], code.data(), code.size()), 0) << node << ' ' << other;
    }
  }
}

TEST(CodeCache, TakesNoMoreThanItMay) {
  const codes::Format format = test::all_formats().front();
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    EXPECT_LE(CodeCache(format, 1'000'000, bytes).bytes(), bytes);
  }
  EXPECT_LE(CodeCache(format, 10, 100'000'000).bytes(), room_for(format, 10));
}

}  // namespace
}  // namespace vec::hnsw

// The steps of a build in bulk beyond memory: parts, and lists that come from several of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "core/hnsw/bulk/list_ranges.h"
#include "core/hnsw/bulk/parts.h"
#include "core/hnsw/bulk/unite_block.h"
#include "support/counting_memory.h"
#include "support/hnsw_data.h"
#include "support/memory_spill.h"

namespace vec::hnsw::bulk {
namespace {

using codes::Element;
using codes::Metric;
using test::Counting;
using test::MemorySpill;
using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }
void nothing() {}

TEST(Parts, HaveEveryRecordAndAreNeitherTooLargeNorMuchTooSmall) {
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 20);
  const Values values(format, 4000, 5);
  constexpr std::size_t kMost = 300;
  for (const std::size_t fanout : {1, 3}) {
    for (const std::size_t files : {100, 12}) {
      MemorySpill spill;
      SpillFile* const file = spill.create();
      for (RecordName i = 0; i < values.size(); ++i) {
        file->append(bytes_of(i));
        file->append(values.code(i));
      }
      Rng rng(7);
      const std::function<void()> interrupt = nothing;
      Parts parts(format, {kMost, files, 1 << 16}, spill, rng, interrupt, heap());
      std::set<RecordName> seen;
      std::vector<std::byte> code(format.code_bytes);
      std::size_t count = 0;
      std::size_t all = 0;
      parts.visit({file, values.size()}, fanout, false, [&](SpillFile& part, std::size_t records) {
        EXPECT_LE(records, kMost);
        std::set<RecordName> own;
        for (std::size_t i = 0; i < records; ++i) {
          const auto name = read_value<RecordName>(part);
          part.read(code);
          EXPECT_EQ(code, values.code(name));
          own.insert(name);
          seen.insert(name);
        }
        EXPECT_EQ(own.size(), records) << "a record twice in a part";
        ++count;
        all += records;
      });
      EXPECT_EQ(seen.size(), values.size());
      EXPECT_EQ(spill.files(), 0U);
      EXPECT_LE(spill.most(), files * 3 + 1);
      EXPECT_LT(static_cast<double>(count),
                2.5 * static_cast<double>(all) / static_cast<double>(kMost))
          << "parts are small";
      if (fanout == 1) {
        EXPECT_EQ(all, values.size());
      } else {
        EXPECT_GT(all, values.size() * 3 / 2) << "most are near several parts";
      }
    }
  }
}

TEST(ListRanges, AreHalvedIfThereAreMoreListsThanPlanned) {
  constexpr std::uint32_t kPoints = 1500;
  constexpr std::uint32_t kLists = 12;  // of each, instead of one
  constexpr std::uint32_t kEntries = 20;
  constexpr std::size_t kMemory = 1 << 19;
  const auto format = codes::choose_format(Element::kFloat, Metric::kL2, 8);
  MemorySpill spill;
  Counting counting;
  const SpillContext context{format, {16, 64}, kMemory, spill, &counting};
  const SpilledPoints points{0, {nullptr, kPoints}, nullptr};
  const Watch watch;
  ListRanges ranges(context, points, {1, 32, 40}, watch, nullptr);
  for (std::uint32_t l = 0; l < kLists; ++l) {
    for (std::uint32_t place = 0; place < kPoints; ++place) {
      std::vector<LinkEntry> list;
      for (std::uint32_t k = 0; k < kEntries; ++k) {
        const std::uint32_t rank = k * kLists + l;  // the nearest of all are 0, 1, 2, ...
        list.push_back(
            {static_cast<float>(rank), make_link((place + rank + 1) % kPoints, true, false)});
      }
      ranges.add(place, list);
    }
  }
  std::size_t next = 0;
  ranges.unite(nullptr, [&](std::size_t place, std::span<const LinkEntry> list) {
    EXPECT_EQ(place, next++);
    ASSERT_EQ(list.size(), 32U);
    for (std::uint32_t rank = 0; rank < 16; ++rank) {
      EXPECT_EQ(node_of(list[rank].link), (place + rank + 1) % kPoints);
    }
  });
  EXPECT_EQ(next, kPoints);
  EXPECT_EQ(spill.files(), 0U);
  EXPECT_LT(counting.peak(), kMemory) << "as if all were united together";
}

TEST(UniteBlock, MakesOneListOfAll) {
  constexpr std::size_t kRows = 700;
  constexpr std::size_t kLinks = 8;
  const UniteBlock::Size size{kRows, 3 * kRows, 3 * kRows * 6};
  std::vector<std::byte> memory(UniteBlock::bytes(size, kLinks));
  UniteBlock::write(memory.data(), size, kLinks, 24);
  UniteBlock block(memory.data());
  std::vector<std::map<NodeId, float>> expected(kRows);
  Rng rng(3);
  for (std::size_t list = 0; list < 3; ++list) {
    for (std::size_t row = list; row < kRows; ++row) {  // the first rows have fewer
      std::vector<LinkEntry> entries;
      for (std::size_t i = 0; i < 1 + row % 6; ++i) {
        const auto node = static_cast<NodeId>(20 * i + rng.below(20));
        // The same distance, whoever found the node.
        entries.push_back({static_cast<float>((node * 37 + row) % 101), node});
        expected[row][node] = entries.back().distance;
      }
      std::ranges::sort(entries, nearer);
      std::ranges::copy(entries, block.add(row, entries.size()).begin());
    }
  }
  std::thread other([&] { UniteBlock(memory.data()).work(nothing); });
  block.work(nothing);
  other.join();
  for (std::size_t row = 0; row < kRows; ++row) {
    std::vector<LinkEntry> all;
    for (const auto& [node, distance] : expected[row]) all.push_back({distance, node});
    std::ranges::sort(all, nearer);
    all.resize(std::min(all.size(), kLinks));
    EXPECT_TRUE(std::ranges::equal(block.list(row), all,
                                   [](const LinkEntry& a, const LinkEntry& b) {
                                     return a.distance == b.distance && a.link == b.link;
                                   }))
        << row;
  }
}

TEST(UniteBlock, KeepsSomeFarLinksOfTheRule) {
  const UniteBlock::Size size{1, 2, 40};
  std::vector<std::byte> memory(UniteBlock::bytes(size, 16));
  UniteBlock::write(memory.data(), size, 16, 64);
  UniteBlock block(memory.data());
  for (std::size_t list = 0; list < 2; ++list) {
    const auto entries = block.add(0, 20);
    for (NodeId i = 0; i < 20; ++i) {
      const NodeId node = 2 * i + static_cast<NodeId>(list);
      entries[i] = {static_cast<float>(node), node | kKeptByRule};
    }
  }
  block.work(nothing);
  const auto list = block.list(0);
  ASSERT_EQ(list.size(), 16U);
  EXPECT_EQ(node_of(list.front().link), 0U);
  EXPECT_GT(node_of(list.back().link), 25U);
  EXPECT_TRUE(std::ranges::is_sorted(list, nearer));
}

}  // namespace
}  // namespace vec::hnsw::bulk

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <set>
#include <thread>
#include <vector>

#include "core/rng.h"
#include "core/visited_set.h"

namespace vec {
namespace {

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

/// Small ones, some just below and above what is marked, and large ones.
std::uint32_t draw(Rng& rng) {
  const auto some = static_cast<std::uint32_t>(rng.below(300));
  switch (rng.below(4)) {
    case 0:
      return some;
    case 1:
      return VisitedSet::kMarked - 150 + some;
    case 2:
      return 0xFFFFFFFE - some;
    default:
      return some * 104'729U % VisitedSet::kMarked;
  }
}

TEST(VisitedSet, HoldsWhatASetHolds) {
  Rng rng(1);
  for (const std::size_t expected : {0U, 1U, 1000U, 5000U}) {
    VisitedSet visited(expected, heap());
    std::set<std::uint32_t> same;
    for (int i = 0; i < 5000; ++i) {
      const std::uint32_t number = draw(rng);
      ASSERT_EQ(visited.insert(number), same.insert(number).second) << number;
      ASSERT_EQ(visited.size(), same.size());
    }
  }
}

TEST(VisitedSet, InsertsManyAtOnce) {
  Rng rng(5);
  for (const bool small : {true, false}) {
    VisitedSet visited(4, heap());
    std::set<std::uint32_t> same;
    for (int round = 0; round < 400; ++round) {
      if (round % 7 == 0) VisitedSet(1, heap()).insert(1);
      std::vector<std::uint32_t> numbers(rng.below(40)), added;
      for (std::uint32_t& number : numbers) {
        number = draw(rng);
        if (small) number %= 30000 + static_cast<std::uint32_t>(round) * 1000;
        if (same.insert(number).second) added.push_back(number);
      }
      numbers.resize(visited.insert_all(numbers.data(), numbers.size(), numbers.data()));
      ASSERT_EQ(numbers, added);
      ASSERT_EQ(visited.size(), same.size());
    }
  }
}

TEST(VisitedSet, IsNotDisturbedByOthersInBetween) {
  Rng rng(2);
  std::list<VisitedSet> visited;
  std::vector<std::set<std::uint32_t>> same;
  for (int i = 0; i < 5; ++i) visited.emplace_back(10, heap()), same.emplace_back();
  for (int i = 0; i < 20000; ++i) {
    // One that goes away for each that stays: marks come round many times.
    VisitedSet passing(10, heap());
    const std::uint32_t number = draw(rng);
    ASSERT_TRUE(passing.insert(number));
    ASSERT_FALSE(passing.insert(number));
    const std::size_t which = rng.below(5);
    auto it = visited.begin();
    std::advance(it, which);
    ASSERT_EQ(it->insert(number), same[which].insert(number).second) << i;
  }
}

TEST(VisitedSet, IsOfOneThread) {
  const auto fill = [](std::uint64_t seed) {
    Rng rng(seed);
    for (int round = 0; round < 300; ++round) {
      VisitedSet visited(10, heap());
      std::set<std::uint32_t> same;
      for (int i = 0; i < 100; ++i) {
        const std::uint32_t number = draw(rng);
        ASSERT_EQ(visited.insert(number), same.insert(number).second);
      }
    }
  };
  std::thread other(fill, 3);
  fill(4);
  other.join();
}

TEST(VisitedSet, SaysHowMuchMemoryItTakes) {
  VisitedSet visited(100, heap());
  EXPECT_EQ(visited.bytes(), 400U);
  for (std::uint32_t i = 0; i < 1000; ++i) visited.insert(i);
  EXPECT_GE(visited.bytes(), 4000U);
  EXPECT_LE(visited.bytes(), 8000U);
}

}  // namespace
}  // namespace vec

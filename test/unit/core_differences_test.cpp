#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/differences.h"

namespace {

struct Stretch {
  std::size_t begin;
  std::size_t end;
  bool operator==(const Stretch&) const = default;
};

std::vector<Stretch> runs_of(const std::string& a, const std::string& b, std::size_t from,
                             std::size_t to, std::size_t gap) {
  std::vector<Stretch> runs;
  vec::for_each_difference(a.data(), b.data(), from, to, gap,
                           [&](std::size_t begin, std::size_t end) {
                             runs.push_back({begin, end});
                           });
  return runs;
}

/// The same, a byte after the other.
std::vector<Stretch> runs_by_bytes(const std::string& a, const std::string& b, std::size_t from,
                                   std::size_t to, std::size_t gap) {
  std::vector<Stretch> runs;
  for (std::size_t i = from; i < to; ++i) {
    if (a[i] == b[i]) continue;
    if (!runs.empty() && i - runs.back().end < gap) {
      runs.back().end = i + 1;
    } else {
      runs.push_back({i, i + 1});
    }
  }
  return runs;
}

TEST(Differences, NoneInEqualBytes) {
  const std::string page(8192, 'x');
  EXPECT_TRUE(runs_of(page, page, 0, page.size(), 4).empty());
  EXPECT_TRUE(runs_of(page, page, 17, 17, 4).empty());
}

TEST(Differences, WhatIsOutsideDoesNotCount) {
  const std::string a = "abcdefgh";
  const std::string b = "AbcdefgH";
  EXPECT_TRUE(runs_of(a, b, 1, 7, 4).empty());
  EXPECT_EQ(runs_of(a, b, 0, 8, 4), (std::vector<Stretch>{{0, 1}, {7, 8}}));
}

TEST(Differences, RunsNearerThanTheGapAreOne) {
  const std::string a(20, '.');
  std::string b = a;
  b[3] = b[7] = b[12] = '!';
  EXPECT_EQ(runs_of(a, b, 0, 20, 4), (std::vector<Stretch>{{3, 8}, {12, 13}}));
  EXPECT_EQ(runs_of(a, b, 0, 20, 3), (std::vector<Stretch>{{3, 4}, {7, 8}, {12, 13}}));
}

TEST(Differences, EveryPlaceOfAPage) {
  const std::string a(1024, '\0');
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::string b = a;
    b[i] = '\x80';
    EXPECT_EQ(runs_of(a, b, 0, a.size(), 4), (std::vector<Stretch>{{i, i + 1}}));
  }
}

TEST(Differences, AgreesWithComparingByteByByte) {
  std::mt19937 random(20261127);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t size = random() % 1500;
    std::string a(size, '\0');
    for (char& c : a) c = static_cast<char>(random());
    std::string b = a;
    const std::size_t changes = size == 0 ? 0 : random() % 12;
    for (std::size_t i = 0; i < changes; ++i) {
      std::size_t at = random() % size;
      for (std::size_t length = 1 + random() % 30; length-- > 0 && at < size; ++at) {
        b[at] = static_cast<char>(random());
      }
    }
    const std::size_t from = size == 0 ? 0 : random() % size;
    const std::size_t to = from + (size == from ? 0 : random() % (size - from + 1));
    const std::size_t gap = 1 + random() % 9;
    const auto runs = runs_of(a, b, from, to, gap);
    ASSERT_EQ(runs, runs_by_bytes(a, b, from, to, gap)) << "round " << round;
    std::string patched = a;
    for (const Stretch& run : runs) {
      patched.replace(run.begin, run.end - run.begin, b, run.begin, run.end - run.begin);
    }
    EXPECT_EQ(patched.substr(from, to - from), b.substr(from, to - from));
  }
}

}  // namespace

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/codes/query.h"
#include "core/codes/rotation.h"
#include "core/codes/split.h"
#include "core/rng.h"
#include "kernels/kernels.h"
#include "support/hnsw_data.h"

namespace vec::codes {
namespace {

using test::Values;

class EverySplitCode : public testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(Codes, EverySplitCode, testing::ValuesIn(test::split_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EverySplitCode, HeadsAloneLeaveOutOnlyWhatIsFar) {
  for (const double scale : {1e-30, 1e-18, 1.0, 1e15, 1e18}) {
    if (GetParam().element == Element::kHalf && (scale < 1e-3 || scale > 1e4)) continue;
    const Values values(GetParam(), 300, 7, scale);
    std::vector<std::vector<std::byte>> codes;
    std::vector<const std::byte*> heads;
    std::vector<const std::byte*> tails;
    // Apart, and the heads without what follows them.
    const std::size_t tail_size = tail_bytes(GetParam());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto code = values.code(i);
      const auto middle = code.end() - static_cast<std::ptrdiff_t>(tail_size);
      codes.emplace_back(code.begin(), middle);
      codes.emplace_back(middle, code.end());
    }
    for (std::size_t i = 0; i < codes.size(); i += 2) {
      heads.push_back(codes[i].data());
      tails.push_back(codes[i + 1].data());
    }
    const std::size_t n = heads.size();
    std::vector<std::uint32_t> places(n);
    std::vector<std::uint32_t> near_places(n);
    std::vector<double> bounds(n);
    std::size_t left_out = 0;
    for (std::size_t q = 0; q < 10; ++q) {
      const Query query(GetParam(), values[q]);
      const double limit = values.kth_distance(values[q], 5, [](std::size_t) { return true; });
      const std::size_t count = query.may_be_near(heads.data(), n, limit, places.data());
      const std::size_t near =
          query.near(heads.data(), tails.data(), n, limit, near_places.data(), bounds.data());
      EXPECT_TRUE(std::includes(places.begin(), places.begin() + static_cast<int>(count),
                                near_places.begin(), near_places.begin() + static_cast<int>(near)));
      EXPECT_GE(near, 5U);
      left_out += n - count;
    }
    if (scale == 1.0) {
      EXPECT_GT(left_out, 5 * n);
    }
  }
}

TEST(SplitCodes, HalvesComeTogetherAgain) {
  Rng rng(4);
  for (std::size_t n = 1; n <= 400; ++n) {
    std::vector<std::uint8_t> levels(n);
    for (auto& level : levels) level = static_cast<std::uint8_t>(rng.below(256));
    std::vector<std::uint8_t> high(half_bytes(n));
    std::vector<std::uint8_t> low(half_bytes(n));
    levels.push_back(255);  // is none of them
    split_levels(levels.data(), n, high.data(), low.data());
    levels.pop_back();
    if (n % 2 == 1) {
      EXPECT_LT(high.back(), 16) << n;
      EXPECT_LT(low.back(), 16) << n;
    }
    std::vector<std::uint8_t> joined(n + kSplitBlock);
    join_levels(high.data(), low.data(), n, joined.data());
    joined.resize(n);
    EXPECT_EQ(joined, levels) << n;
  }
}

TEST(SplitCodes, TheQuerysHalvesMeetTheirDimensions) {
  Rng rng(5);
  for (std::size_t n = 1; n <= 400; ++n) {
    std::vector<float> query(n);
    for (auto& element : query) element = static_cast<float>(rng.below(255)) - 127;
    query[0] = 127;  // so that the scale is 1
    std::vector<std::uint8_t> levels(n);
    for (auto& level : levels) level = static_cast<std::uint8_t>(rng.below(256));
    std::vector<std::int8_t> halves((n + kSplitBlock - 1) / kSplitBlock * kSplitBlock);
    const Rounded rounded = round_to_halves(query, halves.data());
    EXPECT_EQ(rounded.scale, 1);
    EXPECT_EQ(rounded.error, 0);
    std::vector<std::uint8_t> high(half_bytes(n));
    std::vector<std::uint8_t> low(half_bytes(n));
    split_levels(levels.data(), n, high.data(), low.data());
    const std::uint8_t* pointer = high.data();
    std::int32_t sum = 0;
    kernels::active().dot_u4_i8_batch(&pointer, 1, halves.data(), high.size(), &sum);
    double expected = 0;
    for (std::size_t i = 0; i < n; ++i) expected += double{query[i]} * (levels[i] / 16);
    EXPECT_EQ(sum, expected) << n;
  }
}

double length_of(const std::vector<float>& x) {
  return std::sqrt(kernels::active().norm_squared_f32(x.data(), x.size()));
}

TEST(Rotation, KeepsDistancesWithinWhatItSays) {
  Rng rng(6);
  for (const std::size_t n : {1, 3, 4, 5, 33, 64, 96, 100, 127, 128, 768, 1536, 8000}) {
    for (const double scale : {1e-42, 1e-20, 1.0, 1e15}) {
      std::vector<float> a(n);
      std::vector<float> b(n);
      double distance = 0;
      for (std::size_t i = 0; i < n; ++i) {
        a[i] = static_cast<float>(scale * (rng.uniform() - 0.5));
        b[i] = static_cast<float>(scale * (rng.uniform() - 0.5));
        distance += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
      }
      const double error = rotate(a.data(), n, length_of(a)) + rotate(b.data(), n, length_of(b));
      EXPECT_LT(error, 1e-5 * std::sqrt(distance) + 1e-41 * static_cast<double>(n));
      double after = 0;
      for (std::size_t i = 0; i < n; ++i) after += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
      EXPECT_NEAR(std::sqrt(after), std::sqrt(distance), error + 1e-12 * std::sqrt(distance))
          << n << ' ' << scale;
    }
  }
}

/// What rotate() takes to `rotated`, for which it is asked where it takes each axis.
std::vector<float> rotated_back(const std::vector<float>& rotated) {
  const std::size_t n = rotated.size();
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<float> axis(n);
    axis[i] = 1;
    rotate(axis.data(), n, 1);
    double dot = 0;
    for (std::size_t k = 0; k < n; ++k) dot += double{axis[k]} * rotated[k];
    x[i] = static_cast<float>(dot);
  }
  return x;
}

// A query that lies where the low halves of a code point to, and loses nothing when it is rounded:
// the bound of the head is the greater one then.
TEST(SplitCodes, WhatTheHeadLeavesOutHasABoundAboveTheLimit) {
  const Format format = choose_scan_format(Element::kFloat, Metric::kL2, 64);
  Rng rng(9);
  int heads_were_closer = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<float> x(64);
    for (float& element : x) element = static_cast<float>(rng.uniform() - 0.5);
    Value value{};
    value.floats = x.data();
    std::vector<float> scratch;
    std::vector<std::byte> code(format.code_bytes);
    encode(format, value, scratch, code.data());
    SplitHeader header;
    std::memcpy(&header, code.data(), sizeof header);
    const auto* high = reinterpret_cast<const std::uint8_t*>(code.data() + sizeof header);
    std::vector<std::uint8_t> levels(kSplitBlock);
    join_levels(high, high + half_bytes(64), 64, levels.data());
    std::vector<float> asked = x;
    rotate(asked.data(), asked.size(), length_of(x));
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const double coarse =
          coarse_lo(header.lo, header.step) + coarse_step(header.step) * (levels[i] / 16);
      asked[i] += static_cast<float>(3 * (asked[i] - coarse));
    }
    float largest = 0;
    for (const float element : asked) largest = std::max(largest, std::fabs(element));
    for (float& element : asked) element = std::nearbyint(element * 127 / largest) * largest / 127;
    const std::vector<float> query_floats = rotated_back(asked);
    value.floats = query_floats.data();
    const Query query(format, value);
    const std::byte* head = code.data();
    std::uint32_t place = 0;
    double bound = 0;
    ASSERT_EQ(query.near(&head, 1, std::numeric_limits<double>::infinity(), &place, &bound), 1U);
    Scored scored;
    query.score(&head, 1, &scored);
    heads_were_closer += bound > query.lower_bound(scored);
    for (const double limit : {bound, 0.9999 * bound, 0.999 * bound, 0.99 * bound}) {
      if (query.may_be_near(&head, 1, limit, &place) == 1) continue;
      EXPECT_GT(bound, limit) << round;
    }
    EXPECT_EQ(query.may_be_near(&head, 1, bound, &place), 1U);
    EXPECT_EQ(query.near(&head, 1, bound, &place, &bound), 1U);
  }
  EXPECT_GT(heads_were_closer, 25);
}

TEST(Rotation, SpreadsOneElementOverAll) {
  for (const std::size_t n : {96, 128, 301, 768, 1536}) {
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<float> x(n);
      x[at] = 1;
      rotate(x.data(), n, 1);
      for (const float element : x) EXPECT_LT(std::fabs(element), 8 / std::sqrt(n)) << n;
    }
  }
}

TEST(Rotation, OfWhatOverflowsIsNothing) {
  std::vector<float> x(100, 3e38F);
  EXPECT_TRUE(std::isinf(rotate(x.data(), x.size(), length_of(x))));
  EXPECT_EQ(x, std::vector<float>(100));
}

}  // namespace
}  // namespace vec::codes

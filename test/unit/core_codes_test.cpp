#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/codes/query.h"
#include "core/rng.h"
#include "support/hnsw_data.h"

namespace vec::codes {
namespace {

using test::Values;

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 8000;
constexpr std::size_t kQueries = 3;
#else
constexpr int kRounds = 60000;
constexpr std::size_t kQueries = 10;
#endif

class EveryCode : public testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(Codes, EveryCode, testing::ValuesIn(test::all_formats()),
                         [](const auto& info) { return test::format_name(info.param); });
INSTANTIATE_TEST_SUITE_P(Split, EveryCode, testing::ValuesIn(test::split_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

INSTANTIATE_TEST_SUITE_P(Rotated, EveryCode, testing::ValuesIn(test::rotated_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EveryCode, TheOperatorsResultIsNeverBelowTheLowerBound) {
  for (const double scale : {1e-30, 1e-4, 1.0, 3e3, 1e15}) {
    if (GetParam().element == Element::kHalf && (scale < 1e-3 || scale > 1e4)) continue;
    const Values values(GetParam(), 200, 7, scale);
    for (std::size_t q = 0; q < 20; ++q) {
      const Query query(GetParam(), values[q]);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto code = values.code(i);
        const std::byte* pointer = code.data();
        Scored scored;
        query.score(&pointer, 1, &scored);
        EXPECT_FALSE(std::isnan(scored.distance));
        const double exact = values.distance(values[i], values[q]);
        if (std::isnan(exact)) continue;
        EXPECT_LE(query.lower_bound(scored), exact)
            << "scale " << scale << " rows " << q << ' ' << i;
      }
    }
  }
}

TEST_P(EveryCode, WhatIsLeftOutAsFarHasABoundAboveTheLimit) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  // From 1e-22 to 1e-24 products are near the least that a float can be.
  for (const double scale :
       {1e-30, 1e-24, 3e-24, 1e-23, 3e-23, 1e-22, 1e-18, 1e-4, 1.0, 3e3, 1e15, 1e18}) {
    if (GetParam().element == Element::kHalf && (scale < 1e-3 || scale > 1e4)) continue;
    const Values values(GetParam(), 150, 7, scale);
    std::vector<std::vector<std::byte>> codes;
    std::vector<const std::byte*> pointers;
    for (std::size_t i = 0; i < values.size(); ++i) codes.push_back(values.code(i));
    for (const auto& code : codes) pointers.push_back(code.data());
    std::vector<std::uint32_t> places(pointers.size());
    std::vector<double> found(pointers.size());
    for (std::size_t q = 0; q < kQueries; ++q) {
      const Query query(GetParam(), values[q]);
      std::vector<double> bounds(pointers.size());
      ASSERT_EQ(
          query.near(pointers.data(), pointers.size(), kInfinity, places.data(), bounds.data()),
          pointers.size());
      for (std::size_t i = 0; i < bounds.size(); ++i) {
        Scored scored;
        query.score(&pointers[i], 1, &scored);
        const double bound = query.lower_bound(scored);
        const double certain = std::isnan(bound) ? -kInfinity : bound;
        if (GetParam().kind == CodeKind::kSplit) {  // has another one, which may be greater
          ASSERT_GE(bounds[i], certain);
          const double exact = values.distance(values[i], values[q]);
          ASSERT_FALSE(exact < bounds[i]) << "scale " << scale;
        } else {
          ASSERT_EQ(bounds[i], certain);
        }
      }
      std::vector<double> limits(bounds.begin(), bounds.begin() + 40);
      limits.insert(limits.end(), {-1.0, 0.0, kInfinity});
      for (const double limit : limits) {
        const std::size_t count =
            query.near(pointers.data(), pointers.size(), limit, places.data(), found.data());
        std::size_t at = 0;
        for (std::uint32_t i = 0; i < bounds.size(); ++i) {
          if (bounds[i] > limit) continue;
          ASSERT_LT(at, count) << "scale " << scale << " limit " << limit;
          ASSERT_EQ(places[at], i);
          ASSERT_EQ(found[at++], bounds[i]);
        }
        EXPECT_EQ(at, count);
        if (GetParam().kind != CodeKind::kSplit) continue;
        const std::size_t by_heads =
            query.may_be_near(pointers.data(), pointers.size(), limit, places.data());
        for (std::uint32_t i = 0; i < bounds.size(); ++i) {
          if (bounds[i] > limit) continue;
          ASSERT_TRUE(std::binary_search(places.begin(),
                                         places.begin() + static_cast<std::ptrdiff_t>(by_heads), i))
              << "scale " << scale << " limit " << limit;
        }
      }
    }
  }
}

TEST_P(EveryCode, TheBoundIsCloseForOrdinaryValues) {
  const Values values(GetParam(), 200, 8);
  double gap = 0;
  double spread = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const Query query(GetParam(), values[0]);
    const auto code = values.code(i);
    const std::byte* pointer = code.data();
    Scored scored;
    query.score(&pointer, 1, &scored);
    const double exact = values.distance(values[i], values[0]);
    gap += exact - query.lower_bound(scored);
    spread += std::fabs(exact);
  }
  EXPECT_LT(gap, 0.05 * spread);
}

TEST_P(EveryCode, PairDistancesAgreeWithQueryDistances) {
  if (GetParam().kind == CodeKind::kSplit) return;  // has none
  const Values values(GetParam(), 100, 9);
  for (std::size_t i = 1; i < values.size(); ++i) {
    const auto a = values.code(0);
    const auto b = values.code(i);
    const Query query = Query::of_code(GetParam(), a.data());
    const std::byte* pointer = b.data();
    Scored scored;
    query.score(&pointer, 1, &scored);
    const float pair = pair_distance(GetParam(), a.data(), b.data());
    EXPECT_NEAR(pair, scored.distance, 1e-3 * (1 + std::fabs(scored.distance)));
    EXPECT_EQ(pair, pair_distance(GetParam(), b.data(), a.data()));
  }
}

TEST_P(EveryCode, EqualValuesHaveEqualCodes) {
  const Values values(GetParam(), 20, 10);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values.code(i), values.code(i));
    EXPECT_TRUE(valid_code(GetParam(), values.code(i).data(), values.code(i).size()));
    EXPECT_FALSE(valid_code(GetParam(), values.code(i).data(), values.code(i).size() - 1));
  }
}

Scored score_floats(const Format& format, const std::vector<float>& stored,
                    const std::vector<float>& asked, double* bound) {
  Value value{};
  value.floats = stored.data();
  std::vector<float> scratch;
  std::vector<std::byte> code(code_size(format, value));
  encode(format, value, scratch, code.data());
  value.floats = asked.data();
  const Query query(format, value);
  const std::byte* pointer = code.data();
  Scored scored;
  query.score(&pointer, 1, &scored);
  std::uint32_t place = 0;
  query.near(&pointer, 1, std::numeric_limits<double>::infinity(), &place, bound);
  return scored;
}

TEST(U8Codes, AreExactForIntegersThatSpanTheLevels) {
  const Format format = choose_format(Element::kFloat, Metric::kL2, 256);
  std::vector<float> stored(256);
  for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = static_cast<float>(i);
  double bound = 0;
  const Scored scored = score_floats(format, stored, stored, &bound);
  EXPECT_LT(scored.radius, 0.2F);  // the query's own rounding alone
  EXPECT_NEAR(scored.distance, 0, 0.1);
}

// The query is rounded to 16 bits, its largest element setting the steps.  All it loses points
// where the stored vector does, which has no error of its own.
TEST(U8Codes, BoundWhatTheQuerysOwnRoundingTakesAway) {
  for (const Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
    const Format format = choose_format(Element::kFloat, metric, 64);
    std::vector<float> stored(64, 0);
    std::vector<float> asked(64, 0);
    asked[0] = 1000;
    const float step = asked[0] / 32767;
    double dot = 0;
    double squared = 0;
    for (std::size_t i = 32; i < stored.size(); ++i) {
      stored[i] = 255;
      asked[i] = 0.49F * step;
    }
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const double difference = double{stored[i]} - double{asked[i]};
      dot += double{stored[i]} * double{asked[i]};
      squared += difference * difference;
    }
    const double exact = metric == Metric::kL2 ? std::sqrt(squared) : -dot;
    double bound = 0;
    score_floats(format, stored, asked, &bound);
    EXPECT_LE(bound, exact) << "metric " << static_cast<int>(metric);
  }
}

TEST(U8Codes, OfConstantVectorsHaveOneLevelAndNoError) {
  const Format format = choose_format(Element::kFloat, Metric::kL1, 100);
  const std::vector<float> stored(100, 0.3F);
  double bound = 0;
  const Scored scored = score_floats(format, stored, stored, &bound);
  EXPECT_EQ(scored.distance, 0);
  EXPECT_LE(bound, 0);
}

TEST(U8Codes, OfHugeValuesPromiseNothingButStayFinite) {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1}) {
    const Format format = choose_format(Element::kFloat, metric, 64);
    std::vector<float> stored(64);
    for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = i % 2 == 0 ? 3e38F : -3e38F;
    double bound = 0;
    const Scored scored = score_floats(format, stored, stored, &bound);
    EXPECT_FALSE(std::isnan(scored.distance));
    EXPECT_FALSE(bound > 0) << "metric " << static_cast<int>(metric) << " bound " << bound;
  }
}

TEST(U8Codes, OfSubnormalsAreBounded) {
  const Format format = choose_format(Element::kFloat, Metric::kL2, 64);
  std::vector<float> stored(64);
  for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = static_cast<float>(i) * 1e-45F;
  double bound = 0;
  score_floats(format, stored, std::vector<float>(64, 1.0F), &bound);
  EXPECT_LE(bound, 8.0);
  EXPECT_GT(bound, 7.9);
}

// The operator sums in float: squares vanish below 1e-45 and are infinite above 3e38.
TEST(U8Codes, BoundWhatTheOperatorGivesWhereItsSumsOverflowOrVanish) {
  std::vector<Format> formats;
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1}) {
    formats.push_back(choose_format(Element::kFloat, metric, 64));
    if (metric != Metric::kL1) formats.push_back(choose_scan_format(Element::kFloat, metric, 64));
  }
  for (const Format& format : formats) {
    const Values operator_of(format, 1, 1);
    Rng rng(17);
    for (int round = 0; round < kRounds; ++round) {
      // Of about the same size within a vector, or of all sizes.
      const double center = -45 + 83 * rng.uniform();
      const double other = rng.below(4) == 0 ? -45 + 83 * rng.uniform() : center;
      const double spread = rng.below(3) == 0 ? 20 : 0.5;
      const auto draw = [&](double exponent) {
        const double power = exponent + spread * (rng.uniform() - 0.5);
        const double sign = rng.below(2) == 0 ? 1 : -1;
        return static_cast<float>(std::clamp(sign * std::pow(10, power), -3.4e38, 3.4e38));
      };
      std::vector<float> stored(64);
      std::vector<float> asked(64);
      for (std::size_t i = 0; i < stored.size(); ++i) {
        stored[i] = draw(center);
        asked[i] = rng.below(2) == 0 ? stored[i] : draw(other);
        if (round % 5 == 0) asked[i] = -stored[i];
        if (round % 7 == 0) {  // far from the origin, close to one another
          const double far = std::pow(10, std::min(center, 38.0));
          stored[i] = static_cast<float>(far * (1 + 1e-6 * rng.uniform()));
          asked[i] = static_cast<float>(far * (1 + 1e-6 * rng.uniform()));
        }
      }
      double bound = 0;
      const Scored scored = score_floats(format, stored, asked, &bound);
      EXPECT_FALSE(std::isnan(scored.distance));
      Value a{};
      Value b{};
      a.floats = stored.data();
      b.floats = asked.data();
      const double result = operator_of.distance(a, b);
      ASSERT_FALSE(result < bound) << test::format_name(format) << " round " << round << " at 1e"
                                   << center << ": " << result << " < " << bound;
    }
  }
}

TEST(Formats, ShortVectorsStandAsTheyAre) {
  EXPECT_EQ(choose_format(Element::kFloat, Metric::kL2, 32).kind, CodeKind::kFloat);
  EXPECT_EQ(choose_format(Element::kFloat, Metric::kL2, 33).kind, CodeKind::kU8);
  EXPECT_EQ(choose_format(Element::kHalf, Metric::kL2, 64).kind, CodeKind::kHalf);
  EXPECT_EQ(choose_format(Element::kHalf, Metric::kL2, 65).kind, CodeKind::kU8);
  EXPECT_EQ(choose_scan_format(Element::kFloat, Metric::kL2, 32).kind, CodeKind::kFloat);
  EXPECT_EQ(choose_scan_format(Element::kFloat, Metric::kL2, 33).kind, CodeKind::kSplit);
  EXPECT_EQ(choose_scan_format(Element::kFloat, Metric::kL1, 33).kind, CodeKind::kU8);
}

TEST(Formats, ZeroVectorsAreFound) {
  const Format format = choose_format(Element::kFloat, Metric::kCosine, 3);
  Value value{};
  const float zero[] = {0, -0.0F, 0};
  const float tiny[] = {0, 1e-45F, 0};
  value.floats = zero;
  EXPECT_TRUE(has_zero_norm(format, value));
  value.floats = tiny;
  EXPECT_FALSE(has_zero_norm(format, value));
}

}  // namespace
}  // namespace vec::codes

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/ivf/assign.h"
#include "core/ivf/candidates.h"
#include "core/ivf/insert.h"
#include "core/ivf/kmeans.h"
#include "core/ivf/search.h"
#include "core/ivf/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_data.h"
#include "support/memory_lists.h"

namespace vec::ivf {
namespace {

using test::MemoryLists;
using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }
void no_check() {}

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kValues = 200;
constexpr std::size_t kApart = 50;  // values that are asked for
#else
constexpr std::size_t kValues = 1000;
constexpr std::size_t kApart = 10;
#endif

RowId row_of(std::size_t number) {
  return {static_cast<std::uint16_t>(number >> 16), static_cast<std::uint16_t>(number), 1};
}
std::size_t number_of(RowId row) { return (std::size_t{row.block_high} << 16) | row.block_low; }

CenterCodes centers_of(const Values& values, const codes::Format& format, std::size_t lists) {
  Samples samples(format, heap());
  for (std::size_t i = 0; i < values.size(); ++i) samples.add(values[i]);
  Rng rng(3);
  return train(samples, lists, rng, no_check, heap());
}

/// Some values in lists, by assignment in blocks as a build does it.
class Fixture {
  struct Earlier {
    bool operator()(double a, double b) const { return before(a, b); }
  };

 public:
  Fixture(const codes::Format& format, std::size_t count, std::size_t lists, double scale = 1)
      : format(format),
        values(format, count, 42, scale),
        centers(lists == 0 ? CenterCodes(heap()) : centers_of(values, format, lists)),
        store(format, centers) {}

  void build() {
    if (centers.empty()) {
      // Not in the order of the rows, as where rows have taken the places of dead ones.
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t row = i * 7919 % values.size();
        store.append(0, values.code(row), row_of(row));
      }
      return;
    }
    Assigner assigner(format, centers, heap());
    std::vector<ListNo> lists(kRowBlock);
    std::size_t first = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      assigner.add(values[i]);
      if (assigner.size() < kRowBlock && i + 1 < values.size()) continue;
      assigner.assign(lists.data());
      for (std::size_t at = first; at <= i; ++at) {
        store.append(lists[at - first], values.code(at), row_of(at));
      }
      first = i + 1;
    }
  }
  void insert_all() {
    for (std::size_t i = 0; i < values.size(); ++i) insert_one(i);
  }
  void insert_one(std::size_t i) { insert(store, values[i], values.code(i), row_of(i)); }

  /// Up to `most` rows, in the order of exact distances, as a scan returns them.
  std::vector<std::size_t> search(const codes::Value& value, std::size_t probes,
                                  std::size_t most = std::numeric_limits<std::size_t>::max(),
                                  std::size_t memory = 1 << 20, std::size_t wanted = 0) {
    const codes::Query query(format, value);
    const auto lists =
        centers.empty() ? std::vector<ListNo>{0} : nearest_lists(store, value, probes);
    Search<MemoryLists> search(store, &query, lists, probes, store.page_entries(), wanted, memory,
                               heap());
    std::vector<std::size_t> rows;
    if (!search.next_lists()) return rows;
    std::multimap<double, std::size_t, Earlier> exact;
    while (rows.size() < most) {
      const Candidate* next = search.peek();
      if (next != nullptr && (exact.empty() || before(next->bound, exact.begin()->first))) {
        const std::size_t number = number_of(next->row);
        const double distance = values.distance(values[number], value);
        EXPECT_FALSE(before(distance, next->bound)) << "a bound above the distance";
        exact.emplace(distance, number);
        search.take();
        continue;
      }
      if (exact.empty()) break;
      rows.push_back(exact.begin()->second);
      exact.erase(exact.begin());
    }
    return rows;
  }

  codes::Format format;
  Values values;
  CenterCodes centers;
  MemoryLists store;
};

class EveryList : public testing::TestWithParam<codes::Format> {};
INSTANTIATE_TEST_SUITE_P(Ivf, EveryList, testing::ValuesIn(test::list_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

TEST_P(EveryList, FindsARowByItsOwnValueInOneList) {
  for (const bool built : {true, false}) {
    Fixture fixture(GetParam(), kValues, 20);
    if (built) {
      fixture.build();
    } else {
      fixture.insert_all();
    }
    for (std::size_t i = 0; i < kValues; i += 7) {
      const auto found = fixture.search(fixture.values[i], 1);
      EXPECT_EQ(std::count(found.begin(), found.end(), i), 1) << "row " << i;
    }
  }
}

TEST_P(EveryList, FindsMostOfTheNearestInAFewLists) {
  Fixture fixture(GetParam(), kValues, 20);
  fixture.build();
  std::size_t hits = 0;
  std::size_t asked = 0;
  for (std::size_t i = 0; i < kValues; i += 11) {
    const auto query = fixture.values[i];
    const double kth = fixture.values.kth_distance(query, 10, [](std::size_t) { return true; });
    for (const std::size_t row : fixture.search(query, 4, 10)) {
      hits += fixture.values.distance(fixture.values[row], query) <= kth;
    }
    asked += 10;
  }
  EXPECT_GE(static_cast<double>(hits) / static_cast<double>(asked), 0.8);
}

TEST_P(EveryList, IsExactWithAllLists) {
  Fixture fixture(GetParam(), kValues, 20);
  fixture.build();
  for (std::size_t i = 0; i < kValues; i += 97) {
    const auto query = fixture.values[i];
    const auto found = fixture.search(query, 20);
    ASSERT_EQ(found.size(), kValues);
    for (std::size_t k = 1; k <= kValues; k += 50) {
      EXPECT_EQ(fixture.values.distance(fixture.values[found[k - 1]], query),
                fixture.values.kth_distance(query, k, [](std::size_t) { return true; }));
    }
  }
}

TEST_P(EveryList, AssignsAsTheKernelDoesOneByOne) {
  const codes::Format format = GetParam();
  const Values values(format, kValues, 8);
  CenterCodes centers = centers_of(values, format, 40);
  const codes::Format raw = center_format(format);
  // Some centers twice: the first one wins.
  std::memcpy(centers.data() + 30 * raw.code_bytes, centers.data(), 10 * raw.code_bytes);
  Assigner assigner(format, centers, heap());
  std::vector<ListNo> lists(kRowBlock);
  for (std::size_t i = 0; i < std::min(kRowBlock, kValues); ++i) assigner.add(values[i]);
  const std::size_t count = assigner.size();
  assigner.assign(lists.data());
  EXPECT_EQ(assigner.size(), 0U);
  MemoryLists store(format, centers);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(lists[i], nearest_lists(store, values[i], 1).front()) << i;
    EXPECT_LT(lists[i], 30U);
  }
}

void expect_ranks_of_distances(const codes::Format& format, const Values& values) {
  const std::uint32_t count = 60;
  CenterCodes centers = centers_of(values, format, count);
  const codes::Format raw = center_format(format);
  // Some centers twice: the first one comes first.
  std::memcpy(centers.data() + 50 * raw.code_bytes, centers.data(), 10 * raw.code_bytes);
  MemoryLists store(format, centers);
  for (std::size_t i = 0; i < values.size(); i += 31) {
    const codes::Query query(raw, values[i]);
    std::vector<std::pair<float, ListNo>> ranked;
    for (ListNo list = 0; list < count; ++list) {
      float distance = 0;
      store.score_lists(query, {&list, 1}, &distance);
      ranked.emplace_back(distance, list);
    }
    std::sort(ranked.begin(), ranked.end());
    for (const std::size_t most : {1, 5, 20, 60}) {
      const auto lists = nearest_lists(store, values[i], most);
      ASSERT_EQ(lists.size(), most);
      for (std::size_t k = 0; k < most; ++k) ASSERT_EQ(lists[k], ranked[k].second) << most;
    }
  }
}

TEST_P(EveryList, RanksCentersByTheirOwnDistancesAlone) {
  expect_ranks_of_distances(GetParam(), Values(GetParam(), kValues, 8));
}

TEST_P(EveryList, RanksCentersByTheirOwnDistancesWhereSquaresVanish) {
  if (GetParam().element != codes::Element::kFloat) GTEST_SKIP();
  for (const double scale : {1e-18, 1e-20, 1e-21, 1e-22, 3e-23, 1e-23, 1e-30}) {
    SCOPED_TRACE(scale);
    expect_ranks_of_distances(GetParam(), Values(GetParam(), 200, 8, scale));
  }
}

TEST_P(EveryList, KeepsRowsThroughDeletionAndUsesTheSpaceAgain) {
  Fixture fixture(GetParam(), kValues, 10);
  fixture.build();
  const std::size_t pages = fixture.store.page_count();
  const auto all = [](RowId) { return true; };
  const auto odd = [](RowId row) { return number_of(row) % 2 == 1; };
  Swept swept = remove_dead(fixture.store, odd);
  EXPECT_EQ(swept.removed, kValues / 2);
  EXPECT_EQ(swept.left, kValues - kValues / 2);
  auto found = fixture.search(fixture.values[0], 10);
  EXPECT_EQ(found.size(), kValues - kValues / 2);
  for (const std::size_t row : found) EXPECT_EQ(row % 2, 0U);

  swept = remove_dead(fixture.store, all);
  EXPECT_EQ(swept.left, 0U);
  EXPECT_TRUE(fixture.search(fixture.values[0], 10).empty());
  fixture.insert_all();
  EXPECT_EQ(fixture.store.page_count(), pages);
  EXPECT_EQ(fixture.search(fixture.values[0], 10).size(), kValues);
}

class EveryExact : public testing::TestWithParam<codes::Format> {};
INSTANTIATE_TEST_SUITE_P(Ivf, EveryExact, testing::ValuesIn(test::list_page_formats()),
                         [](const auto& info) { return test::format_name(info.param); });

/// Asks for all rows, with room for fewer: several passes.
void expect_every_row_in_order(Fixture& fixture, const codes::Value& query) {
  const std::size_t count = fixture.values.size();
  for (const auto& [memory, wanted] :
       {std::pair{1 << 20, 0}, {64 * 32, 0}, {1 << 20, 90}, {1 << 20, 5000}}) {
    const auto found = fixture.search(query, 1, count + 1, static_cast<std::size_t>(memory),
                                      static_cast<std::size_t>(wanted));
    ASSERT_EQ(found.size(), count);
    EXPECT_EQ(std::set<std::size_t>(found.begin(), found.end()).size(), count);
    double last = -std::numeric_limits<double>::infinity();
    for (const std::size_t row : found) {
      const double distance = fixture.values.distance(fixture.values[row], query);
      EXPECT_FALSE(before(distance, last));
      last = distance;
    }
  }
}

TEST_P(EveryExact, GivesEveryRowInOrder) {
  Fixture fixture(GetParam(), kValues, 0);
  fixture.build();
  for (std::size_t i = 0; i < kValues; i += 97) {
    expect_every_row_in_order(fixture, fixture.values[i]);
  }
}

TEST_P(EveryExact, GivesEveryRowInOrderWhereProductsVanish) {
  if (GetParam().element != codes::Element::kFloat) GTEST_SKIP();
  for (const double scale : {1e-19, 1e-22, 1e-23, 3e-24, 1e-24, 1e-40}) {
    SCOPED_TRACE(scale);
    Fixture fixture(GetParam(), 200, 0, scale);
    fixture.build();
    for (std::size_t i = 0; i < 200; i += kApart) {
      expect_every_row_in_order(fixture, fixture.values[i]);
    }
  }
}

TEST(Ivf, LooksAtMoreListsWhenAsked) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  Fixture fixture(format, kValues, 20);
  fixture.build();
  const codes::Query query(format, fixture.values[0]);
  const auto lists = nearest_lists(fixture.store, fixture.values[0], 20);
  ASSERT_EQ(lists.size(), 20U);
  Search<MemoryLists> search(fixture.store, &query, lists, 3, fixture.store.page_entries(), 0, 4096,
                             heap());
  std::set<std::size_t> seen;
  int rounds = 0;
  while (search.next_lists()) {
    ++rounds;
    while (const Candidate* next = search.peek()) {
      EXPECT_TRUE(seen.insert(number_of(next->row)).second);
      search.take();
    }
  }
  EXPECT_EQ(rounds, 7);
  EXPECT_EQ(seen.size(), kValues);
}

TEST(Ivf, SurvivesAFailureOfAnyCall) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 96);
  Fixture fixture(format, 120, 6);
  int failures = 0;
  for (std::size_t i = 0; i < 120; ++i) {
    for (int calls = 0;; ++calls) {
      fixture.store.fail_after(calls);
      try {
        fixture.insert_one(i);
        break;
      } catch (const Error&) {
        ++failures;
      }
    }
  }
  EXPECT_EQ(failures, 4 * 120);  // an insertion asks four times
  int calls = 0;
  for (;; ++calls) {
    fixture.store.fail_after(calls);
    try {
      EXPECT_EQ(fixture.search(fixture.values[5], 6).size(), 120U);
      break;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(calls, 20);
  const auto dead = [](RowId row) { return number_of(row) % 3 != 0; };
  for (calls = 0;; ++calls) {
    fixture.store.fail_after(calls);
    try {
      remove_dead(fixture.store, dead);
      break;
    } catch (const Error&) {
      fixture.store.fail_after(-1);
      EXPECT_EQ(fixture.search(fixture.values[0], 6, 1).front(), 0U);
    }
  }
  EXPECT_GE(calls, 6);  // one for each list
  fixture.store.fail_after(-1);
  EXPECT_EQ(fixture.search(fixture.values[0], 6).size(), 40U);
}

TEST(Candidates, ComeOutInOrderHoweverFewAreKept) {
  Rng rng(2);
  std::vector<double> bounds(20000);
  for (double& bound : bounds) bound = static_cast<double>(rng.below(500));
  bounds[17] = bounds[4000] = std::numeric_limits<double>::quiet_NaN();
  bounds[18] = std::numeric_limits<double>::infinity();
  for (const std::size_t most : {1U, 7U, 300U, 100000U}) {
    if (most == 1 && sizeof(void*) == 4) continue;
    const std::size_t count = most == 1 ? 300 : bounds.size();
    Candidates candidates(most == 300 ? 100 : 0, most, heap());
    std::set<std::size_t> seen;
    double last = -1;
    do {
      for (std::size_t i = 0; i < count; ++i) candidates.offer(bounds[i], row_of(i));
      while (const Candidate* next = candidates.peek()) {
        EXPECT_FALSE(before(next->bound, last));
        last = next->bound;
        EXPECT_TRUE(seen.insert(number_of(next->row)).second);
        candidates.take();
      }
    } while (candidates.begin_pass());
    EXPECT_EQ(seen.size(), count);
    EXPECT_TRUE(std::isnan(last));
  }
}

}  // namespace
}  // namespace vec::ivf

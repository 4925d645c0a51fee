#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/codes/query.h"
#include "core/codes/slots.h"
#include "support/hnsw_data.h"

namespace vec::codes {
namespace {

using test::Values;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Format> formats() {
  std::vector<Format> all = test::all_formats();
  for (const Format& format : test::rotated_formats()) all.push_back(format);
  return all;
}

class EverySlot : public testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(Codes, EverySlot, testing::ValuesIn(formats()), [](const auto& info) {
  return test::format_name(info.param) + (is_rotated(info.param.kind) ? "Rotated" : "");
});

/// Codes of some values, and slots with these.
struct Slots {
  explicit Slots(const Values& values, const Format& format) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      codes.push_back(values.code(i));
      slots.emplace_back(std::max(slot_bytes(format), codes.back().size()));
      put_in_slot(format, codes.back(), slots.back().data());
    }
    for (const auto& code : codes) code_pointers.push_back(code.data());
    for (const auto& slot : slots) slot_pointers.push_back(slot.data());
  }
  std::vector<std::vector<std::byte>> codes, slots;
  std::vector<const std::byte*> code_pointers, slot_pointers;
};

TEST_P(EverySlot, HoldsACode) {
  const Values values(GetParam(), 50, 3);
  const Slots made(values, GetParam());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<std::byte> code(made.codes[i].size());
    take_from_slot(GetParam(), made.slots[i].data(), code.size(), code.data());
    EXPECT_EQ(code, made.codes[i]);
  }
  EXPECT_LE(slot_head_bytes(GetParam()), slot_bytes(GetParam()));
}

TEST_P(EverySlot, ScoresAsItsCodeDoes) {
  const Values values(GetParam(), 100, 3);
  const Slots made(values, GetParam());
  std::vector<Scored> expected(values.size()), scored(values.size());
  for (std::size_t q = 0; q < 10; ++q) {
    const Query query(GetParam(), values[q]);
    query.score(made.code_pointers.data(), values.size(), expected.data());
    query.score_slots(made.slot_pointers.data(), values.size(), kInfinity, scored.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(scored[i].distance, expected[i].distance);
      EXPECT_EQ(scored[i].radius, expected[i].radius);
    }
  }
}

TEST_P(EverySlot, ScoresRoughlyWhatIsFartherThanTheLimitAndNothingElse) {
  const Values values(GetParam(), 400, 3);
  const Slots made(values, GetParam());
  std::vector<Scored> exact(values.size()), scored(values.size());
  std::size_t rough = 0;
  std::size_t wrong = 0;
  for (std::size_t q = 0; q < 40; ++q) {
    const Query query(GetParam(), values[q]);
    query.score(made.code_pointers.data(), values.size(), exact.data());
    std::vector<float> sorted;
    for (const Scored& one : exact) sorted.push_back(one.distance);
    std::sort(sorted.begin(), sorted.end());
    const float limit = sorted[20];
    query.score_slots(made.slot_pointers.data(), values.size(), limit, scored.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isinf(scored[i].radius)) {
        ++rough;
        EXPECT_GT(scored[i].distance, limit);
        wrong += exact[i].distance <= limit;
        // Nothing is certain of it.
        EXPECT_EQ(query.lower_bound(scored[i]), -std::numeric_limits<double>::infinity());
      } else {
        EXPECT_EQ(scored[i].distance, exact[i].distance);
      }
    }
  }
  EXPECT_LE(wrong, 1U);
  if (is_rotated(GetParam().kind)) {
    EXPECT_GT(rough, 40 * values.size() / 5);
  } else {
    EXPECT_EQ(rough, 0U);
  }
}

TEST_P(EverySlot, AQueryMadeOfACodeIsAtThatCode) {
  const Values values(GetParam(), 60, 3);
  const Slots made(values, GetParam());
  if (GetParam().metric == Metric::kInnerProduct) return;  // whose nearest is somebody longer
  std::vector<Scored> scored(values.size());
  for (std::size_t q = 0; q < values.size(); ++q) {
    const Query query = Query::of_code(GetParam(), made.code_pointers[q]);
    query.score(made.code_pointers.data(), values.size(), scored.data());
    const auto nearest =
        std::min_element(scored.begin(), scored.end(),
                         [](const Scored& a, const Scored& b) { return a.distance < b.distance; });
    EXPECT_EQ(static_cast<std::size_t>(nearest - scored.begin()), q);
  }
}

}  // namespace
}  // namespace vec::codes

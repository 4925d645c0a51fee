// Rows that were returned: which ones are told from those that were not, few or many.

#include <gtest/gtest.h>

#include "core/returned_rows.h"

namespace vec {
namespace {

RowId row(std::uint32_t block, std::uint16_t position) {
  return {static_cast<std::uint16_t>(block >> 16), static_cast<std::uint16_t>(block), position};
}

TEST(ReturnedRows, TellsEachOfManyFromTheOthers) {
  ReturnedRows rows;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(rows.add(row(i % 10 * 7'919'777, static_cast<std::uint16_t>(1 + i / 10)))) << i;
  }
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(rows.add(row(i % 10 * 7'919'777, static_cast<std::uint16_t>(1 + i / 10)))) << i;
  }
}

TEST(ReturnedRows, TellsEachOfFewFromTheOthers) {
  ReturnedRows rows;
  for (std::uint16_t i = 1; i <= 16; ++i) {
    ASSERT_TRUE(rows.add(row(3, i))) << i;
    for (std::uint16_t j = 1; j <= i; ++j) ASSERT_FALSE(rows.add(row(3, j))) << i << ' ' << j;
  }
}

TEST(ReturnedRows, LooksAtEachPartOfARowId) {
  ReturnedRows rows;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(rows.add({0, 0, 1}));
    EXPECT_TRUE(rows.add({0, 1, 1}));
    EXPECT_TRUE(rows.add({1, 0, 1}));
    EXPECT_TRUE(rows.add({0, 0, 2}));
    // Once more, among so many that they are hashed.
    rows.clear();
    for (std::uint16_t j = 100; j < 200; ++j) ASSERT_TRUE(rows.add({7, 7, j}));
  }
}

TEST(ReturnedRows, ForgetsAllWhenCleared) {
  ReturnedRows rows;
  for (const std::uint16_t count : {std::uint16_t{5}, std::uint16_t{500}, std::uint16_t{5}}) {
    for (std::uint16_t i = 1; i <= count; ++i) ASSERT_TRUE(rows.add(row(1, i)));
    for (std::uint16_t i = 1; i <= count; ++i) ASSERT_FALSE(rows.add(row(1, i)));
    rows.clear();
  }
}

TEST(ReturnedRows, ForgetsWhatCameLongBefore) {
  ReturnedRows rows;
  constexpr auto kMost = static_cast<std::uint32_t>(ReturnedRows::kMost);
  for (std::uint32_t i = 0; i <= kMost; ++i) ASSERT_TRUE(rows.add(row(i, 1))) << i;
  EXPECT_FALSE(rows.add(row(kMost, 1)));
  EXPECT_TRUE(rows.add(row(0, 1)));
}

}  // namespace
}  // namespace vec

// Entries on the pages of lists, and where these are.

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "core/codes/split.h"
#include "core/ivf/entries.h"
#include "core/ivf/layout.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"

namespace vec::ivf {
namespace {

using test::number_of;
using test::row_of;
using test::Values;

TEST(Entries, AreCheckedBeforeTheyAreRead) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 3);
  std::vector<std::byte> page(100);
  const EntryHeader good{row_of(3), 12};
  std::memcpy(page.data() + 10, &good, sizeof good);
  std::memcpy(page.data() + 30, &good, sizeof good);
  int seen = 0;
  const auto sound = [&](std::size_t lower) {
    seen = 0;
    return for_each_entry(format, page.data(), {10, lower, 100, 100},
                          [&](const Entry&) { ++seen; });
  };
  EXPECT_TRUE(sound(50));
  EXPECT_EQ(seen, 2);
  EXPECT_FALSE(sound(49)) << "the last one is cut off";
  EXPECT_FALSE(sound(53)) << "no entry, yet bytes";
  const EntryHeader longer{row_of(3), 16};
  std::memcpy(page.data() + 30, &longer, sizeof longer);
  EXPECT_FALSE(sound(54)) << "no code of that length";
  const EntryHeader nobody{RowId{}, 12};
  std::memcpy(page.data() + 30, &nobody, sizeof nobody);
  EXPECT_FALSE(sound(50)) << "no row";
}

TEST(Entries, OfTwoPartsFillAPageFromBothEnds) {
  const auto format = codes::choose_scan_format(codes::Element::kFloat, codes::Metric::kL2, 35);
  const Values values(format, 3, 1);
  const EntrySize size = entry_size(format, format.code_bytes);
  EXPECT_EQ(size.tail, 18U);
  EXPECT_EQ(size.head, 8U + 24U + 20U);  // 18, and 2 to fill up
  std::vector<std::byte> page(20 + 3 * size.all() + entry_size(format, 0).all());
  Extent extent{20, 20, page.size(), page.size()};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(has_room(extent, size));
    const auto code = values.code(i);
    put_entry(format, page.data(), extent, whole_entry(format, row_of(i), code));
    if (i == 1) put_entry(format, page.data(), extent, whole_entry(format, row_of(9), {}));
  }
  EXPECT_EQ(extent.lower, extent.upper);
  std::vector<std::size_t> rows;
  EXPECT_TRUE(for_each_entry(format, page.data(), extent, [&](const Entry& entry) {
    rows.push_back(number_of(entry.header.row));
    if (rows.back() == 9) return;
    auto code = values.code(rows.back());
    EXPECT_EQ(std::memcmp(entry.head, code.data(), code.size() - size.tail), 0);
    EXPECT_EQ(std::memcmp(entry.tail, code.data() + code.size() - size.tail, size.tail), 0);
  }));
  EXPECT_EQ(rows, (std::vector<std::size_t>{0, 1, 9, 2}));
  const auto count = [&](Extent wrong) {
    std::size_t seen = 0;
    EXPECT_FALSE(for_each_entry(format, page.data(), wrong, [&](const Entry&) { ++seen; }));
    return seen;
  };
  EXPECT_EQ(count({20, extent.lower, extent.upper + 1, extent.end}), 3U) << "a tail is cut off";
  EXPECT_EQ(count({20, extent.lower, extent.upper - 1, extent.end}), 4U) << "a tail too many";
  EXPECT_EQ(count({20, extent.lower - size.head, extent.upper, extent.end}), 3U);
}

TEST(ListLayout, HasRoomForTheWidestCenter) {
  for (const auto& [element, dims] : {std::pair{codes::Element::kFloat, 2000U},
                                      {codes::Element::kHalf, 4000U},
                                      {codes::Element::kBit, 64000U}}) {
    const auto metric =
        element == codes::Element::kBit ? codes::Metric::kHamming : codes::Metric::kL2;
    const auto format = codes::choose_scan_format(element, metric, dims);
    const Layout layout(kMaxLists, center_format(format).code_bytes, 8192, 24);
    EXPECT_LE(layout.begin() + layout.slots_per_page() * layout.slot_bytes(), layout.end());
    EXPECT_EQ(layout.list_slot(kMaxLists - 1).block + 1, layout.head_blocks());
    EXPECT_LE(layout.begin() + entry_size(format, format.code_bytes).all(), layout.end());
  }
  const auto widest =
      codes::choose_scan_format(codes::Element::kFloat, codes::Metric::kL2, codes::kMaxSplitDims);
  const Layout flat(1, 0, 8192, 24);
  EXPECT_LE(flat.begin() + entry_size(widest, widest.code_bytes).all(), flat.end());
}

}  // namespace
}  // namespace vec::ivf

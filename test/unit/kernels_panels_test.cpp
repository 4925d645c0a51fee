// Many vectors against many: every table against whole numbers and double.

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/every_table.h"

namespace {

using namespace vec::kernels;
using namespace vec::test;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using PanelKernelsOf = EveryTable;

/// Columns of `words` words of `per_word` elements, in panels.
template <class T>
std::vector<T> pack(const std::vector<std::vector<T>>& columns, std::size_t words,
                    std::size_t per_word) {
  const std::size_t panels = (columns.size() + kPanelColumns - 1) / kPanelColumns;
  std::vector<T> packed(panels * words * kPanelColumns * per_word);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t i = 0; i < words * per_word; ++i) {
      const std::size_t word = (c / kPanelColumns * words + i / per_word) * kPanelColumns;
      packed[(word + c % kPanelColumns) * per_word + i % per_word] = columns[c][i];
    }
  }
  return packed;
}

TEST_P(PanelKernelsOf, ProductsOfCodesAreExactForEveryNumberOfRowsAndWords) {
  std::mt19937 random(1);
  for (const std::size_t words : {0, 1, 2, 7, 16, 17, 33, 192, 519, 4000}) {
    for (const std::size_t row_count : {0, 1, 3, 4, 7, 8, 9, 21}) {
      const std::size_t column_count = 45;
      std::vector<std::vector<std::uint8_t>> columns, rows;
      for (std::size_t c = 0; c < column_count; ++c) {
        columns.push_back(random_bytes(random, 4 * words));
      }
      for (std::size_t r = 0; r < row_count; ++r) rows.push_back(random_bytes(random, 4 * words));
      if (words == 4000) {  // the greatest sums there can be
        for (auto& column : columns) std::fill(column.begin(), column.end(), 255);
        for (auto& row : rows) std::fill(row.begin(), row.end(), 255);
      }
      const Misplaced<std::uint8_t> panels(pack(columns, words, 4), 4);
      std::vector<std::unique_ptr<Misplaced<std::uint8_t>>> kept;
      std::vector<const std::uint8_t*> pointers;
      for (const auto& row : rows) {
        kept.push_back(std::make_unique<Misplaced<std::uint8_t>>(row, 1));
        pointers.push_back(kept.back()->data());
      }
      const std::size_t stride = 70;
      std::vector<std::int32_t> out(row_count * stride, -7);
      table().dot_u8_panels(pointers.data(), row_count, panels.data(), 2, words, out.data(),
                            stride);
      for (std::size_t r = 0; r < row_count; ++r) {
        for (std::size_t c = 0; c < stride; ++c) {
          std::int64_t sum = c < 2 * kPanelColumns ? 0 : -7;
          for (std::size_t i = 0; c < column_count && i < 4 * words; ++i) {
            sum += std::int64_t{rows[r][i]} * columns[c][i];
          }
          ASSERT_EQ(out[r * stride + c], sum) << words << " words, row " << r << " column " << c;
        }
      }
    }
  }
}

TEST_P(PanelKernelsOf, ProductsOfSmallCodesAreExactForEveryNumberOfRowsAndWords) {
  std::mt19937 random(5);
  for (const std::size_t words : {0, 1, 2, 3, 16, 33, 192, 519, 4000}) {
    for (const std::size_t row_count : {0, 1, 4, 7, 8, 13}) {
      const std::size_t column_count = 45;
      std::vector<std::vector<std::int8_t>> columns;
      std::vector<std::vector<std::uint8_t>> rows;
      const bool greatest = words >= 192;  // the greatest sums there can be
      for (std::size_t c = 0; c < column_count; ++c) {
        columns.emplace_back(4 * words, c % 2 == 0 ? 63 : -63);
        for (auto& x : columns.back()) {
          if (!greatest) x = static_cast<std::int8_t>(static_cast<int>(random() % 127) - 63);
        }
      }
      for (std::size_t r = 0; r < row_count; ++r) {
        rows.emplace_back(4 * words, 127);
        for (auto& x : rows.back()) {
          if (!greatest) x = static_cast<std::uint8_t>(random() % 128);
        }
      }
      const Misplaced<std::int8_t> panels(pack(columns, words, 4), 4);
      std::vector<std::unique_ptr<Misplaced<std::uint8_t>>> kept;
      std::vector<const std::uint8_t*> pointers;
      for (const auto& row : rows) {
        kept.push_back(std::make_unique<Misplaced<std::uint8_t>>(row, 1));
        pointers.push_back(kept.back()->data());
      }
      const std::size_t stride = 70;
      std::vector<std::int32_t> out(row_count * stride, -7);
      table().dot_u7_panels(pointers.data(), row_count, panels.data(), 2, words, out.data(),
                            stride);
      for (std::size_t r = 0; r < row_count; ++r) {
        for (std::size_t c = 0; c < stride; ++c) {
          std::int64_t sum = c < 2 * kPanelColumns ? 0 : -7;
          for (std::size_t i = 0; c < column_count && i < 4 * words; ++i) {
            sum += std::int64_t{rows[r][i]} * columns[c][i];
          }
          ASSERT_EQ(out[r * stride + c], sum) << words << " words, row " << r << " column " << c;
        }
      }
    }
  }
}

TEST_P(PanelKernelsOf, ProductsOfFloatsAgreeWithDouble) {
  std::mt19937 random(2);
  for (const std::size_t words : {0, 1, 3, 8, 31, 64}) {
    for (const std::size_t row_count : {1, 4, 8, 11}) {
      const std::size_t column_count = 64;
      std::vector<std::vector<float>> columns, rows;
      for (std::size_t c = 0; c < column_count; ++c)
        columns.push_back(random_floats(random, words));
      for (std::size_t r = 0; r < row_count; ++r) rows.push_back(random_floats(random, words));
      std::vector<const float*> pointers;
      for (const auto& row : rows) pointers.push_back(row.data());
      const Misplaced<float> panels(pack(columns, words, 1), 4);
      std::vector<float> out(row_count * column_count);
      table().dot_f32_panels(pointers.data(), row_count, panels.data(), 2, words, out.data(),
                             column_count);
      for (std::size_t r = 0; r < row_count; ++r) {
        for (std::size_t c = 0; c < column_count; ++c) {
          double sum = 0, terms = 0;
          for (std::size_t i = 0; i < words; ++i) {
            sum += double{rows[r][i]} * columns[c][i];
            terms += std::fabs(double{rows[r][i]} * columns[c][i]);
          }
          ASSERT_NEAR(out[r * column_count + c], sum,
                      (static_cast<double>(words) + 2) * 0x1p-23 * terms);
        }
      }
    }
  }
}

TEST_P(PanelKernelsOf, DistancesAgreeWithDoubleAndMinimaWithDistances) {
  std::mt19937 random(3);
  for (const std::size_t n : {0, 32, 64, 96, 640, 672}) {
    auto bias = random_floats(random, n), total = random_floats(random, n);
    auto lo = random_floats(random, n), step = random_floats(random, n);
    std::vector<std::int32_t> products(n);
    for (auto& product : products) product = static_cast<std::int32_t>(random() % 1000000);
    if (n >= 96) bias[5] = kInfinity, bias[70] = std::numeric_limits<float>::quiet_NaN();
    const ColumnTerms columns{bias.data(), total.data(), lo.data(), step.data()};
    for (const float least : {-kInfinity, 0.0F}) {
      const RowTerms row{0.5F, -0.7F, 0.3F, 1e-4F, least};
      for (const bool whole : {true, false}) {
        std::vector<float> out(n), minima(kMinima);
        std::vector<float> floats(products.begin(), products.end());
        if (whole) {
          table().distances_u8(products.data(), columns, row, n, out.data(), minima.data());
        } else {
          table().distances_f32(floats.data(), columns, row, n, out.data(), minima.data());
        }
        std::vector<float> least_of(kMinima, kInfinity);
        for (std::size_t c = 0; c < n; ++c) {
          double expected = double{row.bias} + bias[c];
          double terms = std::fabs(row.bias) + std::fabs(bias[c]);
          const double product = double{row.step} * products[c] * (whole ? step[c] : 1);
          expected += product;
          terms += std::fabs(product);
          if (whole) {
            expected += double{row.total} * total[c] + double{row.lo} * lo[c];
            terms += 2;
          }
          expected = std::max(expected, double{least});
          if (std::isnan(bias[c])) {
            ASSERT_TRUE(std::isnan(out[c]));
          } else if (std::isinf(bias[c])) {
            ASSERT_EQ(out[c], kInfinity);
          } else {
            ASSERT_NEAR(out[c], expected, 8 * 0x1p-23 * terms) << c;
            least_of[c % kMinima] = std::min(least_of[c % kMinima], out[c]);
          }
        }
        ASSERT_EQ(minima, least_of) << n;
      }
    }
  }
}

TEST_P(PanelKernelsOf, PlacesAndRanksAreThoseOfASort) {
  std::mt19937 random(4);
  for (std::size_t n = 0; n <= 130; ++n) {
    std::vector<float> x(n);
    for (float& value : x) value = static_cast<float>(random() % 40);  // with ties
    if (n > 3) x[3] = kInfinity;
    const Misplaced<float> at(x, 4);
    std::vector<std::uint32_t> places(n + kPlacesSlack), ranks(n);
    for (const float limit : {-1.0F, 0.0F, 17.0F, kInfinity}) {
      const std::size_t count = table().places_up_to(at.data(), n, limit, places.data());
      std::size_t expected = 0;
      for (std::size_t i = 0; i < n; ++i) {
        if (x[i] > limit) continue;
        ASSERT_LT(expected, count);
        ASSERT_EQ(places[expected++], i);
      }
      ASSERT_EQ(count, expected);
    }
    table().ranks(at.data(), n, ranks.data());
    std::vector<std::uint32_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return x[a] < x[b]; });
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(ranks[order[i]], i) << "of " << n;
  }
}

TEST_P(PanelKernelsOf, ALimitHasTheWantedNumberBelowIt) {
  std::mt19937 random(6);
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t n : {0, 1, 31, 32, 64, 65, 100, 1000, 2011}) {
    for (const unsigned different : {1U, 3U, 1000000U}) {
      for (const float scale : {1e-30F, 1.0F, 1e33F}) {
        std::vector<float> x(n);
        for (float& value : x) {
          value = (static_cast<float>(random() % different) - 100) * scale;
          if (random() % 40 == 0) value = random() % 2 == 0 ? kInfinity : kNaN;
        }
        if (n == 100) x[7] = -kInfinity;
        const Misplaced<float> at(x, 4);
        std::vector<float> minima(kMinima, kInfinity);
        for (std::size_t i = 0; i < n; ++i) {
          if (x[i] < minima[i % kMinima]) minima[i % kMinima] = x[i];
        }
        std::sort(minima.begin(), minima.end());
        for (const std::size_t count : {1, 2, 33, 63, 64}) {
          const float limit = table().limit_for(at.data(), n, count);
          if (minima[count - 1] == kInfinity) {
            ASSERT_EQ(limit, std::numeric_limits<float>::max()) << n << ' ' << count;
            continue;
          }
          ASSERT_GE(limit, minima[count - 1]) << n << ' ' << count;
          ASSERT_LE(limit, minima[kMinima - 1]) << n << ' ' << count;
          if (different == 1000000 && n > 1000 && count < 60) {
            ASSERT_LE(limit, minima[count + 3]) << n << ' ' << count;
          }
        }
      }
    }
  }
}

TEST_P(PanelKernelsOf, PlacesAreWithinEitherLimit) {
  std::mt19937 random(7);
  for (std::size_t n = 0; n <= 130; ++n) {
    std::vector<float> x(n), limits(n);
    for (float& value : x) value = static_cast<float>(random() % 40);
    for (float& limit : limits) limit = static_cast<float>(random() % 9) - 1;
    if (n > 5) {
      x[3] = kInfinity;
      limits[5] = kInfinity;
      x[4] = std::numeric_limits<float>::quiet_NaN();
      limits[0] = -kInfinity;
    }
    const Misplaced<float> at(x, 4), limits_at(limits, 8);
    std::vector<std::uint32_t> places(n + kPlacesSlack);
    for (const float limit : {-kInfinity, 0.0F, 6.0F, std::numeric_limits<float>::max()}) {
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < n; ++i) {
        if (x[i] <= limit || x[i] <= limits[i]) expected.push_back(static_cast<std::uint32_t>(i));
      }
      const std::size_t count =
          table().places_within(at.data(), limits_at.data(), n, limit, places.data());
      ASSERT_EQ(std::vector<std::uint32_t>(places.data(), places.data() + count), expected)
          << n << ' ' << limit;
    }
  }
}

TEST_P(PanelKernelsOf, FindsPlacesInAList) {
  std::mt19937 random(8);
  for (std::size_t count = 0; count <= 70; ++count) {
    std::vector<std::uint32_t> list(count);
    for (std::size_t i = 0; i < count; ++i) {
      list[i] = static_cast<std::uint32_t>(7 * i + random() % 7 + (i % 2 == 0 ? 0x80000000U : 0));
    }
    std::shuffle(list.begin(), list.end(), random);
    std::vector<std::uint32_t> x(list);
    for (int i = 0; i < 20; ++i) x.push_back(static_cast<std::uint32_t>(random() % (7 * 70)));
    x.push_back(0);
    x.push_back(0xFFFFFFFF);
    const Misplaced<std::uint32_t> at(x, 4), list_at(list, 8);
    std::vector<std::uint32_t> places(x.size());
    table().places_in_list(at.data(), x.size(), list_at.data(), count, places.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(places[i], std::ranges::find(list, x[i]) - list.begin()) << count << ' ' << i;
    }
  }
}

TEST_P(PanelKernelsOf, TransposesBlocks) {
  std::mt19937 random(7);
  const auto from = random_floats(random, 50 * 40);
  const Misplaced<float> at(from, 4);
  for (const std::size_t rows : {0, 8, 16, 24}) {
    for (const std::size_t columns : {0, 8, 16, 40}) {
      std::vector<float> to(41 * 27, -7);
      table().transpose(at.data(), 50, rows, columns, to.data(), 27);
      for (std::size_t c = 0; c < 41; ++c) {
        for (std::size_t r = 0; r < 27; ++r) {
          const bool there = r < rows && c < columns;
          ASSERT_EQ(to[c * 27 + r], there ? from[r * 50 + c] : -7) << rows << ' ' << columns;
        }
      }
    }
  }
}

TEST_P(PanelKernelsOf, NothingIsWithinALimitThatIsNotANumber) {
  const std::vector<float> x{1, std::numeric_limits<float>::quiet_NaN(), 3};
  std::vector<std::uint32_t> places(x.size() + kPlacesSlack);
  EXPECT_EQ(table().places_up_to(x.data(), x.size(), std::numeric_limits<float>::quiet_NaN(),
                                 places.data()),
            0U);
  EXPECT_EQ(table().places_up_to(x.data(), x.size(), 5, places.data()), 2U);
}

VEC_FOR_EVERY_TABLE(PanelKernelsOf);

}  // namespace

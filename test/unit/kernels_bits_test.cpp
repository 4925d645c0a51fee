// Bit strings: every table against a count bit by bit.

#include <bit>

#include "support/every_table.h"

namespace {

using namespace vec::kernels;
using namespace vec::test;

using BitKernelsOf = EveryTable;

void expect_counts(const KernelTable& table, const std::vector<std::uint8_t>& a,
                   const std::vector<std::uint8_t>& b, std::size_t offset) {
  std::uint64_t differing = 0, both = 0, either = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differing += std::popcount(static_cast<unsigned>(a[i] ^ b[i]));
    both += std::popcount(static_cast<unsigned>(a[i] & b[i]));
    either += std::popcount(static_cast<unsigned>(a[i] | b[i]));
  }
  const Misplaced<std::uint8_t> x(a, offset), y(b, 2 * offset);
  EXPECT_EQ(table.hamming(x.data(), y.data(), a.size()), differing) << a.size();
  const BitCounts counts = table.bit_counts(x.data(), y.data(), a.size());
  EXPECT_EQ(counts.both, both) << a.size();
  EXPECT_EQ(counts.either, either) << a.size();
}

TEST_P(BitKernelsOf, CountsAreExactAtEveryLengthAndPlace) {
  std::mt19937 random(1);
  for (std::size_t n : lengths()) {
    for (std::size_t offset = 0; offset <= 3; ++offset) {
      expect_counts(table(), random_bytes(random, n), random_bytes(random, n), offset);
    }
  }
}

TEST_P(BitKernelsOf, EveryByteValueCounts) {
  std::vector<std::uint8_t> all(256), zero(256, 0), ones(256, 0xff);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  expect_counts(table(), all, zero, 0);
  expect_counts(table(), all, ones, 0);
}

TEST_P(BitKernelsOf, LongStringsOfOnesDoNotOverflow) {
  const std::size_t n = 1 << 20;
  const std::vector<std::uint8_t> ones(n, 0xff), zero(n, 0);
  EXPECT_EQ(table().hamming(ones.data(), zero.data(), n), 8 * n);
  EXPECT_EQ(table().bit_counts(ones.data(), ones.data(), n).both, 8 * n);
  EXPECT_EQ(table().bit_counts(zero.data(), ones.data(), n).either, 8 * n);
}

VEC_FOR_EVERY_TABLE(BitKernelsOf);

}  // namespace

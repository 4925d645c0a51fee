// kernels/loops/nibble_products.h
//
// Products of four-bit numbers with a query, for any instruction set.  Included within the
// anonymous namespace of the file that is compiled for one (README, Loops), after it has defined
//
//   Ints                       a vector of 32-bit sums
//   kPairs                     how many bytes, of two numbers each, are loaded at once; divides 64
//   load_pairs(from), load_some_pairs(from, n)   bytes; zeros after the first n
//   load_bytes_signed(from)    kPairs elements of the query
//   add_nibbles(sum, pairs, low, high)   adds the products of the low halves of the bytes with
//                              `low` and of the high ones with `high`
//   zero_ints(), sum_of_lanes(v)

#include "kernels/loops/four_codes.h"

template <std::size_t... k>
struct NibbleProducts : Places<k...> {
  using Places<k...>::kCount;
  using Places<k...>::fetch;

  static void dot(const std::uint8_t* const* codes, const std::uint8_t* const* ahead,
                  const std::int8_t* query, std::size_t bytes, std::int32_t* out) {
    constexpr std::size_t kBlock = 64;
    Ints sums[kCount] = {((void)k, zero_ints())...};
    std::size_t i = 0;
    for (; i + kBlock <= bytes; i += kBlock) {
      fetch(ahead, i);
      for (std::size_t j = i; j < i + kBlock; j += kPairs) {
        const auto low = load_bytes_signed(query + i + j);
        const auto high = load_bytes_signed(query + i + j + kBlock);
        ((sums[k] = add_nibbles(sums[k], load_pairs(codes[k] + j), low, high)), ...);
      }
    }
    for (std::size_t j = i; j < bytes; j += kPairs) {
      const std::size_t rest = bytes - j < kPairs ? bytes - j : kPairs;
      const auto low = load_bytes_signed(query + i + j);
      const auto high = load_bytes_signed(query + i + j + kBlock);
      ((sums[k] = add_nibbles(sums[k], load_some_pairs(codes[k] + j, rest), low, high)), ...);
    }
    if (bytes > 0) fetch(ahead, bytes - 1);
    ((out[k] = sum_of_lanes(sums[k])), ...);
  }
};

void dot_u4_i8_batch(const std::uint8_t* const* codes, std::size_t count, const std::int8_t* query,
                     std::size_t bytes, std::int32_t* out) noexcept {
  using Four = NibbleProducts<0, 1, 2, 3>;
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Four::dot(codes + k, codes + next_four(k, count), query, bytes, out + k);
  }
  for (; k < count; ++k) NibbleProducts<0>::dot(codes + k, codes + k, query, bytes, out + k);
}

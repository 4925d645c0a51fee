// kernels/loops/joined_products.h
//
// Products of bytes that lie in halves with a query, for any instruction set.  Included within the
// anonymous namespace of the file that is compiled for one (README, Loops), after code_products.h
// and what that wants, and after it has defined
//
//   join_low(high, low)        words of which each has 16 * (a low half of `high`) + (the low half
//                              of `low` at its place)
//   join_high(high, low)       the same of the high halves

std::int32_t dot_u4_u4_i16(const std::uint8_t* high, const std::uint8_t* low,
                           const std::int16_t* query, std::size_t n) noexcept {
  constexpr std::size_t kBytes = 64;
  Ints even = zero_ints(), odd = zero_ints();
  for (; n >= 2 * kBytes; n -= 2 * kBytes) {
    for (std::size_t i = 0; i < kBytes; i += kWords) {
      const auto highs = widen(high + i), lows = widen(low + i);
      even = add_products(even, join_low(highs, lows), load_words(query + i));
      odd = add_products(odd, join_high(highs, lows), load_words(query + kBytes + i));
    }
    high += kBytes;
    low += kBytes;
    query += 2 * kBytes;
  }
  const std::size_t bytes = (n + 1) / 2;
  std::size_t i = 0;
  for (; i + kWords < bytes; i += kWords) {
    const auto highs = widen(high + i), lows = widen(low + i);
    even = add_products(even, join_low(highs, lows), load_words(query + i));
    odd = add_products(odd, join_high(highs, lows), load_words(query + bytes + i));
  }
  for (; i < bytes; i += kWords / 2) {
    const std::size_t rest = bytes - i < kWords / 2 ? bytes - i : kWords / 2;
    // The last byte has one half that counts if n is odd.
    const std::size_t more = n - bytes - i < rest ? n - bytes - i : rest;
    const auto highs = widen_some(high + i, rest), lows = widen_some(low + i, rest);
    even = add_products(even, join_low(highs, lows), load_some_words(query + i, rest));
    odd = add_products(odd, join_high(highs, lows), load_some_words(query + bytes + i, more));
  }
  return sum_of_lanes(add(even, odd));
}

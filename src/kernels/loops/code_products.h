// kernels/loops/code_products.h
//
// Products of codes with a query, for any instruction set.  Included within the anonymous namespace
// of the file that is compiled for one (README, Loops), after it has defined
//
//   Ints                       a vector of 32-bit sums
//   kWords                     how many 16-bit words are loaded at once
//   load_words(from), load_some_words(from, n)   words; zeros after the first n
//   widen(from), widen_some(from, n)             bytes as words; zeros after the first n
//   zero_ints(), add(a, b)
//   add_products(sum, a, b)    adds the products of bytes and words, some to a lane; each is below
//                              2^23
//   sum_of_lanes(v)

#include "kernels/loops/four_codes.h"

template <std::size_t... k>
struct CodeProducts : Places<k...> {
  using Places<k...>::kCount;
  using Places<k...>::fetch;

  /// out[k] = sum of codes[k][i] * query[i].
  static void dot(const std::uint8_t* const* codes, const std::uint8_t* const* ahead,
                  const std::int16_t* query, std::size_t n, std::int32_t* out) {
    Ints even[kCount] = {((void)k, zero_ints())...}, odd[kCount] = {((void)k, zero_ints())...};
    std::size_t i = 0;
    for (; i + 2 * kWords <= n; i += 2 * kWords) {
      if (i % 64 == 0) fetch(ahead, i);
      const auto words = load_words(query + i), more_words = load_words(query + i + kWords);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      ((odd[k] = add_products(odd[k], widen(codes[k] + i + kWords), more_words)), ...);
    }
    if (i + kWords <= n) {
      const auto words = load_words(query + i);
      ((even[k] = add_products(even[k], widen(codes[k] + i), words)), ...);
      i += kWords;
    }
    if (i < n) {
      const std::size_t rest = n - i;
      const auto words = load_some_words(query + i, rest);
      ((odd[k] = add_products(odd[k], widen_some(codes[k] + i, rest), words)), ...);
    }
    if (n > 0) fetch(ahead, n - 1);
    ((out[k] = sum_of_lanes(add(even[k], odd[k]))), ...);
  }
};

std::int32_t dot_u8_i16(const std::uint8_t* code, const std::int16_t* query,
                        std::size_t n) noexcept {
  std::int32_t sum;
  CodeProducts<0>::dot(&code, &code, query, n, &sum);
  return sum;
}

void dot_u8_i16_batch(const std::uint8_t* const* codes, std::size_t count,
                      const std::int16_t* query, std::size_t n, std::int32_t* out) noexcept {
  using Four = CodeProducts<0, 1, 2, 3>;
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Four::dot(codes + k, codes + next_four(k, count), query, n, out + k);
  }
  for (; k < count; ++k) CodeProducts<0>::dot(codes + k, codes + k, query, n, out + k);
}

// kernels/loops/four_codes.h
//
// Codes of a list, four at a time, the next ones fetched meanwhile.  Included by code_products.h
// and code_l1.h (README, Loops).

#ifndef VEC_KERNELS_LOOPS_FOUR_CODES_H_
#define VEC_KERNELS_LOOPS_FOUR_CODES_H_

/// The codes with these places in a list, worked on together: they share the loads of the query.
template <std::size_t... k>
struct Places {
  static constexpr std::size_t kCount = sizeof...(k);

  /// Fetches the line of each of the next codes that holds byte i.
  static void fetch(const std::uint8_t* const* ahead, std::size_t i) {
    if constexpr (kCount > 1) (__builtin_prefetch(ahead[k] + i), ...);
  }
};

/// Where the codes begin that follow the four at `at`: the last four if fewer are left.
inline std::size_t next_four(std::size_t at, std::size_t count) {
  return at + 8 <= count ? at + 4 : count - 4;
}

#endif  // VEC_KERNELS_LOOPS_FOUR_CODES_H_

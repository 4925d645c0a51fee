// kernels/loops/code_pair_product.h
//
// The product of two codes, for any instruction set: with what code_products.h asks for.

std::int32_t dot_u8_u8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  Ints even = zero_ints(), odd = even;
  std::size_t i = 0;
  for (; i + 2 * kWords <= n; i += 2 * kWords) {
    even = add_products(even, widen(a + i), widen(b + i));
    odd = add_products(odd, widen(a + i + kWords), widen(b + i + kWords));
  }
  if (i + kWords <= n) {
    even = add_products(even, widen(a + i), widen(b + i));
    i += kWords;
  }
  if (i < n) odd = add_products(odd, widen_some(a + i, n - i), widen_some(b + i, n - i));
  return sum_of_lanes(add(even, odd));
}

// kernels/loops/decoded.h
//
// What codes stand for, for any instruction set: the elements that are left when vectors have taken
// theirs.  Included within the anonymous namespace of the file that is compiled for one (README,
// Loops); asks for nothing.

/// Adds the elements from i on to what decoded_sums() gives of those before.
inline DecodedSums with_rest(DecodedSums sums, const float* x, const std::uint8_t* code,
                             std::size_t i, std::size_t n, double lo, double step, int shift) {
  for (; i < n; ++i) {
    float element;
    __builtin_memcpy(&element, x + i, sizeof element);
    const double decoded = lo + step * (code[i] >> shift);
    const double lost = static_cast<double>(element) - decoded;
    sums.norm_squared += decoded * decoded;
    sums.error_squared += lost * lost;
  }
  return sums;
}

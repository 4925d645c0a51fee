// kernels/loops/wide_bits.h
//
// Bit strings on 64 bytes at a time.  Included within the anonymous namespace of a file that is
// compiled with AVX-512 BW (README, Loops), after it has defined
//
//   ones(v)   how many bits are one in each eight bytes

constexpr std::size_t kBytes = 64;

/// A mask of the first n bytes, n below 64.
inline __mmask64 first(std::size_t n) { return (std::uint64_t{1} << n) - 1; }

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m512i sum = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
    sum = _mm512_add_epi64(sum, ones(_mm512_xor_si512(x, y)));
  }
  if (i < n) {
    const __m512i x = _mm512_maskz_loadu_epi8(first(n - i), a + i);
    const __m512i y = _mm512_maskz_loadu_epi8(first(n - i), b + i);
    sum = _mm512_add_epi64(sum, ones(_mm512_xor_si512(x, y)));
  }
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(sum));
}

BitCounts bit_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m512i both = _mm512_setzero_si512(), either = both;
  std::size_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
    both = _mm512_add_epi64(both, ones(_mm512_and_si512(x, y)));
    either = _mm512_add_epi64(either, ones(_mm512_or_si512(x, y)));
  }
  if (i < n) {
    const __m512i x = _mm512_maskz_loadu_epi8(first(n - i), a + i);
    const __m512i y = _mm512_maskz_loadu_epi8(first(n - i), b + i);
    both = _mm512_add_epi64(both, ones(_mm512_and_si512(x, y)));
    either = _mm512_add_epi64(either, ones(_mm512_or_si512(x, y)));
  }
  return {static_cast<std::uint64_t>(_mm512_reduce_add_epi64(both)),
          static_cast<std::uint64_t>(_mm512_reduce_add_epi64(either))};
}

// kernels/x86_avx2_bits.cpp
//
// Bit strings with AVX2: one bits counted by looking up each half byte (Mula, Kurz & Lemire,
// "Faster population counts using AVX2 instructions", The Computer Journal 61(1), 2018).
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr std::size_t kBytes = 32;

inline __m256i load(const std::uint8_t* from) {
  const void* const bytes = from;
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

/// n bytes, fewer than 32, followed by zeros.
inline __m256i load_some(const std::uint8_t* from, std::size_t n) {
  __m256i bytes = _mm256_setzero_si256();
  __builtin_memcpy(&bytes, from, n);
  return bytes;
}

/// One bits of each 64-bit lane.
inline __m256i ones(__m256i v) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  const __m256i low = _mm256_and_si256(v, low_half);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), low_half);
  const __m256i counts =
      _mm256_add_epi8(_mm256_shuffle_epi8(table, low), _mm256_shuffle_epi8(table, high));
  return _mm256_sad_epu8(counts, _mm256_setzero_si256());
}

inline std::uint64_t sum_of_lanes(__m256i v) {
  const __m128i sum = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)) +
         static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1));
}

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m256i even = _mm256_setzero_si256(), odd = even;
  std::size_t i = 0;
  for (; i + 2 * kBytes <= n; i += 2 * kBytes) {
    even = _mm256_add_epi64(even, ones(_mm256_xor_si256(load(a + i), load(b + i))));
    odd = _mm256_add_epi64(odd, ones(_mm256_xor_si256(load(a + i + kBytes), load(b + i + kBytes))));
  }
  if (i + kBytes <= n) {
    even = _mm256_add_epi64(even, ones(_mm256_xor_si256(load(a + i), load(b + i))));
    i += kBytes;
  }
  if (i < n) {
    const __m256i x = load_some(a + i, n - i), y = load_some(b + i, n - i);
    odd = _mm256_add_epi64(odd, ones(_mm256_xor_si256(x, y)));
  }
  return sum_of_lanes(_mm256_add_epi64(even, odd));
}

BitCounts bit_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  __m256i both = _mm256_setzero_si256(), either = both;
  std::size_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const __m256i x = load(a + i), y = load(b + i);
    both = _mm256_add_epi64(both, ones(_mm256_and_si256(x, y)));
    either = _mm256_add_epi64(either, ones(_mm256_or_si256(x, y)));
  }
  if (i < n) {
    const __m256i x = load_some(a + i, n - i), y = load_some(b + i, n - i);
    both = _mm256_add_epi64(both, ones(_mm256_and_si256(x, y)));
    either = _mm256_add_epi64(either, ones(_mm256_or_si256(x, y)));
  }
  return {sum_of_lanes(both), sum_of_lanes(either)};
}

}  // namespace

constinit const BitKernels kAvx2Bits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

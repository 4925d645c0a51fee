// kernels/scalar.cpp
//
// Dense vectors and bit strings without any instruction beyond the architecture's base: what runs
// where nothing better does, and what the others are compared with.
//
// The compiler may not reorder a float sum, so the order is written down: independent vectors of
// four lanes, which become SSE2 or NEON registers, or four scalars elsewhere.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

typedef float Floats __attribute__((vector_size(16)));
typedef std::int32_t Ints __attribute__((vector_size(16)));
typedef std::uint32_t Words __attribute__((vector_size(16)));
typedef std::uint16_t Halves __attribute__((vector_size(8)));
typedef double Doubles __attribute__((vector_size(16)));
typedef float FloatPair __attribute__((vector_size(8)));

constexpr std::size_t kLanes = 4;

/// Exact.  A binary16 number has its exponent 112 too low when its bits are put in place as a
/// float's, subnormals included; one multiplication sets it right.  Infinity and NaN need a
/// float's highest exponent.
inline Floats widen(Halves half) {
  const Words bits = __builtin_convertvector(half, Words);
  const Words magnitude = (bits & 0x7fff) << 13;
  const Words special = (Words)((Ints)magnitude >= (0x7c00 << 13)) & 0x7f800000u;
  const Floats scaled = (Floats)magnitude * 0x1p112f;
  return (Floats)((Words)scaled | special | ((bits & 0x8000) << 16));
}

/// How to read four elements, or fewer than four followed by zeros, as floats.
struct F32 {
  using Element = float;
  static Floats load(const float* from) {
    Floats lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  }
  static Floats load_some(const float* from, std::size_t n) {
    Floats lanes = {};
    std::memcpy(&lanes, from, n * sizeof(float));
    return lanes;
  }
};

struct F16 {
  using Element = HalfBits;
  static Floats load(const HalfBits* from) {
    Halves lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return widen(lanes);
  }
  static Floats load_some(const HalfBits* from, std::size_t n) {
    Halves lanes = {};
    std::memcpy(&lanes, from, n * sizeof(HalfBits));
    return widen(lanes);
  }
};

inline Floats zero_floats() { return Floats{}; }
inline Doubles zero_doubles() { return Doubles{}; }
inline Floats add(Floats a, Floats b) { return a + b; }
inline Doubles add(Doubles a, Doubles b) { return a + b; }
inline Floats subtract(Floats a, Floats b) { return a - b; }
inline Floats absolute(Floats v) { return (Floats)((Words)v & 0x7fffffffu); }
inline Floats multiply_add(Floats a, Floats b, Floats sum) { return sum + a * b; }
inline void add_squares(Doubles& low_sum, Doubles& high_sum, Floats v) {
  const Doubles low = __builtin_convertvector((FloatPair{v[0], v[1]}), Doubles);
  const Doubles high = __builtin_convertvector((FloatPair{v[2], v[3]}), Doubles);
  low_sum += low * low;
  high_sum += high * high;
}
inline float sum_of_lanes(Floats v) { return (v[0] + v[2]) + (v[1] + v[3]); }
inline double sum_of_lanes(Doubles v) { return v[0] + v[1]; }

void f16_to_f32(const HalfBits* from, float* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats lanes = F16::load(from + i);
    std::memcpy(to + i, &lanes, sizeof lanes);
  }
  if (i < n) {
    const Floats lanes = F16::load_some(from + i, n - i);
    std::memcpy(to + i, &lanes, (n - i) * sizeof(float));
  }
}

/// Rounds to nearest, ties to even, in each of the ranges at once and then selects:
///   normal     the 13 bits that fall off are rounded by adding just less than half, and the last
///              bit that stays; a carry goes up into the exponent, as it should, to infinity at
///              65520
///   subnormal  adding 1/2 to a float below 2^-14 leaves a multiple of 2^-24, binary16's step,
///              in the low bits, rounded by the processor
///   NaN        stays one: its quiet bit is set
inline Words narrow(Floats value) {
  const Words bits = (Words)value;
  const Words sign = (bits >> 16) & 0x8000;
  const Words magnitude = bits & 0x7fffffff;
  const Words normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112u << 23)) >> 13;
  const Floats half = {0.5f, 0.5f, 0.5f, 0.5f};
  const Words subnormal = (Words)((Floats)magnitude + half) - (Words)half;
  const Words nan = ((magnitude >> 13) & 0x3ff) | 0x7e00;
  const Words is_subnormal = (Words)((Ints)magnitude < (113 << 23));
  const Words is_large = (Words)((Ints)magnitude >= (143 << 23));  // 2^16 and up
  const Words is_nan = (Words)((Ints)magnitude > (255 << 23));
  Words result = (normal & ~is_subnormal) | (subnormal & is_subnormal);
  result = (result & ~is_large) | (0x7c00 & is_large);
  result = (result & ~is_nan) | (nan & is_nan);
  return result | sign;
}

void f32_to_f16(const float* from, HalfBits* to, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Halves lanes = __builtin_convertvector(narrow(F32::load(from + i)), Halves);
    std::memcpy(to + i, &lanes, sizeof lanes);
  }
  if (i < n) {
    const Halves lanes = __builtin_convertvector(narrow(F32::load_some(from + i, n - i)), Halves);
    std::memcpy(to + i, &lanes, (n - i) * sizeof(HalfBits));
  }
}

/// Number of one bits, without the instruction that not every x86-64 has.
inline std::uint64_t ones(std::uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555;
  x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return (x * 0x0101010101010101) >> 56;
}

inline std::uint64_t load_word(const std::uint8_t* from, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  std::uint64_t count = 0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) count += ones(load_word(a + i, 8) ^ load_word(b + i, 8));
  if (i < n) count += ones(load_word(a + i, n - i) ^ load_word(b + i, n - i));
  return count;
}

BitCounts bit_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  BitCounts counts = {0, 0};
  for (std::size_t i = 0; i < n; i += 8) {
    const std::size_t bytes = n - i < 8 ? n - i : 8;
    const std::uint64_t x = load_word(a + i, bytes), y = load_word(b + i, bytes);
    counts.both += ones(x & y);
    counts.either += ones(x | y);
  }
  return counts;
}

#include "kernels/loops/float_sums.h"

}  // namespace

constinit const FloatKernels kScalarFloats = kFloatKernels;

constinit const BitKernels kScalarBits = {.hamming = hamming, .bit_counts = bit_counts};

}  // namespace vec::kernels

// kernels/scalar_codes.cpp
//
// 8-bit codes without any instruction beyond the architecture's base.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

// The arrays may stand at any address.
typedef std::int16_t Query __attribute__((aligned(1), may_alias));

typedef float Floats __attribute__((vector_size(16)));
typedef std::int32_t Ints __attribute__((vector_size(16)));
typedef std::uint8_t Bytes __attribute__((vector_size(4)));

constexpr std::size_t kLanes = 4;

/// Sums are taken over blocks of this length, which compilers turn into vectors at -O2 too, where
/// they leave loops of unknown length alone.
constexpr std::size_t kBlock = 16;

std::int32_t dot_u8_i16(const std::uint8_t* code, const std::int16_t* query,
                        std::size_t n) noexcept {
  const Query* const q = query;
  std::int32_t sum = 0;
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    for (std::size_t j = i; j < i + kBlock; ++j) sum += code[j] * q[j];
  }
  for (; i < n; ++i) sum += code[i] * q[i];
  return sum;
}

std::int32_t dot_u8_u8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  std::int32_t sum = 0;
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    for (std::size_t j = i; j < i + kBlock; ++j) sum += a[j] * b[j];
  }
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

std::uint64_t sum_u8(const std::uint8_t* code, std::size_t n) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += code[i];
  return sum;
}

/// `n` elements, at most four, followed by zeros.
inline Floats load_floats(const float* from, std::size_t n) {
  Floats lanes = {};
  if (n >= kLanes) {
    std::memcpy(&lanes, from, sizeof lanes);
  } else {
    std::memcpy(&lanes, from, n * sizeof(float));
  }
  return lanes;
}

inline Floats load_bytes(const std::uint8_t* from, std::size_t n) {
  Bytes lanes = {};
  if (n >= kLanes) {
    std::memcpy(&lanes, from, sizeof lanes);
  } else {
    std::memcpy(&lanes, from, n);
  }
  return __builtin_convertvector(__builtin_convertvector(lanes, Ints), Floats);
}

/// |difference| in the first n lanes, 0 in the others.
inline Floats absolute(Floats difference, std::size_t n) {
  const Ints lane = {0, 1, 2, 3};
  const Ints used = lane < (n >= kLanes ? 4 : static_cast<std::int32_t>(n));
  return (Floats)((Ints)difference & 0x7fffffff & used);
}

inline float sum_of_lanes(Floats v) { return (v[0] + v[2]) + (v[1] + v[3]); }

float l1_f32_u8(const float* query, const std::uint8_t* code, float lo, float step,
                std::size_t n) noexcept {
  Floats even = {}, odd = {};
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    even +=
        absolute(load_floats(query + i, n - i) - (lo + step * load_bytes(code + i, n - i)), n - i);
    const std::size_t j = i + kLanes;
    if (j >= n) break;
    odd +=
        absolute(load_floats(query + j, n - j) - (lo + step * load_bytes(code + j, n - j)), n - j);
  }
  return sum_of_lanes(even + odd);
}

float l1_u8_u8(const std::uint8_t* a, float a_lo, float a_step, const std::uint8_t* b, float b_lo,
               float b_step, std::size_t n) noexcept {
  Floats sum = {};
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Floats x = a_lo + a_step * load_bytes(a + i, n - i);
    const Floats y = b_lo + b_step * load_bytes(b + i, n - i);
    sum += absolute(x - y, n - i);
  }
  return sum_of_lanes(sum);
}

void dot_u8_i16_batch(const std::uint8_t* const* codes, std::size_t count,
                      const std::int16_t* query, std::size_t n, std::int32_t* out) noexcept {
  for (std::size_t k = 0; k < count; ++k) {
    if (k + 1 < count) {
      for (std::size_t i = 0; i < n; i += 64) __builtin_prefetch(codes[k + 1] + i);
    }
    out[k] = dot_u8_i16(codes[k], query, n);
  }
}

void dot_u4_i8_batch(const std::uint8_t* const* codes, std::size_t count, const std::int8_t* query,
                     std::size_t bytes, std::int32_t* out) noexcept {
  constexpr std::size_t kBlock = 64;
  for (std::size_t k = 0; k < count; ++k) {
    std::int32_t sum = 0;
    for (std::size_t block = 0; block < bytes; block += kBlock) {
      if (k + 1 < count) __builtin_prefetch(codes[k + 1] + block);
      const std::int8_t* low = query + 2 * block;
      const std::int8_t* high = low + kBlock;
      const std::size_t n = bytes - block < kBlock ? bytes - block : kBlock;
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint8_t pair = codes[k][block + i];
        sum += (pair & 15) * low[i] + (pair >> 4) * high[i];
      }
    }
    out[k] = sum;
  }
}

/// Of a block of n dimensions.
inline std::int32_t dot_joined(const std::uint8_t* high, const std::uint8_t* low,
                               const Query* query, std::size_t n) {
  const std::size_t bytes = (n + 1) / 2;
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    sum += (16 * (high[i] & 15) + (low[i] & 15)) * query[i];
  }
  for (std::size_t i = 0; i < n - bytes; ++i) {
    sum += ((high[i] & 0xF0) + (low[i] >> 4)) * query[bytes + i];
  }
  return sum;
}

std::int32_t dot_u4_u4_i16(const std::uint8_t* high, const std::uint8_t* low,
                           const std::int16_t* query, std::size_t n) noexcept {
  constexpr std::size_t kBytes = 64;
  const Query* q = query;
  std::int32_t sum = 0;
  for (; n >= 2 * kBytes; n -= 2 * kBytes) {
    sum += dot_joined(high, low, q, 2 * kBytes);  // a size that is known
    high += kBytes;
    low += kBytes;
    q += 2 * kBytes;
  }
  return sum + dot_joined(high, low, q, n);
}

void l1_f32_u8_batch(const float* query, const std::uint8_t* const* codes, const float* lo,
                     const float* step, std::size_t count, std::size_t n, float* out) noexcept {
  for (std::size_t k = 0; k < count; ++k) {
    if (k + 1 < count) {
      for (std::size_t i = 0; i < n; i += 64) __builtin_prefetch(codes[k + 1] + i);
    }
    out[k] = l1_f32_u8(query, codes[k], lo[k], step[k], n);
  }
}

inline Floats least(Floats a, Floats b) {
  const Ints first = a < b;
  return (Floats)(((Ints)a & first) | ((Ints)b & ~first));
}
inline Floats greatest(Floats a, Floats b) {
  const Ints first = a > b;
  return (Floats)(((Ints)a & first) | ((Ints)b & ~first));
}

void min_max_f32(const float* x, std::size_t n, float* lo, float* hi) noexcept {
  *lo = *hi = 0;
  if (n == 0) return;
  float first;
  std::memcpy(&first, x, sizeof first);
  Floats low = {first, first, first, first}, high = low;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats lanes = load_floats(x + i, kLanes);
    low = least(low, lanes);
    high = greatest(high, lanes);
  }
  for (; i < n; ++i) {
    std::memcpy(&first, x + i, sizeof first);
    low = least(low, Floats{first, first, first, first});
    high = greatest(high, Floats{first, first, first, first});
  }
  float a = low[0], b = high[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    a = low[lane] < a ? low[lane] : a;
    b = high[lane] > b ? high[lane] : b;
  }
  *lo = a + 0.0f;  // -0 + 0 = +0
  *hi = b + 0.0f;
}

void encode_u8(const float* x, std::size_t n, float lo, float inverse_step,
               std::uint8_t* code) noexcept {
  const Floats zero = {}, top = {255, 255, 255, 255};
  // From 2^23 to 2^24 floats are whole numbers: adding this rounds, and leaves them in the low
  // bits.
  const Floats rounder = {0x1.8p23f, 0x1.8p23f, 0x1.8p23f, 0x1.8p23f};
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Floats scaled = (load_floats(x + i, n - i) - lo) * inverse_step;
    const Floats held = least(greatest(scaled, zero), top);
    const Bytes bytes = __builtin_convertvector((Ints)(held + rounder) & 0xff, Bytes);
    if (n - i >= kLanes) {
      std::memcpy(code + i, &bytes, kLanes);
    } else {
      std::memcpy(code + i, &bytes, n - i);
    }
  }
}

inline Floats load_floats(const float* from) { return load_floats(from, kLanes); }
inline void store_floats(float* to, Floats v) { std::memcpy(to, &v, sizeof v); }
inline Floats add(Floats a, Floats b) { return a + b; }
inline Floats difference(Floats a, Floats b) { return a - b; }
inline Floats product(Floats a, Floats b) { return a * b; }
inline Floats fill(const float* from) { return Floats{*from, *from, *from, *from}; }

/// Sign bits of four elements, for each value of four bits.
struct SignLanes {
  constexpr SignLanes() {
    for (std::uint32_t bits = 0; bits < 16; ++bits) {
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) of[bits][lane] = (bits >> lane) << 31;
    }
  }
  alignas(16) std::uint32_t of[16][kLanes] = {};
};
constexpr SignLanes kSignLanes;

/// a + b, but a - b in those lanes that have a bit.
inline Floats add_signed(Floats a, Floats b, std::size_t bits) {
  Ints signs;
  std::memcpy(&signs, kSignLanes.of[bits], sizeof signs);
  return a + (Floats)((Ints)b ^ signs);
}
inline Floats first_passes(Floats v, const std::uint8_t* signs, std::size_t i) {
  Ints flips;
  std::memcpy(&flips, kSignLanes.of[signs[i / 8] >> (i % 8) & 15], sizeof flips);
  v = (Floats)((Ints)v ^ flips);
  v = add_signed(__builtin_shufflevector(v, v, 0, 0, 2, 2),
                 __builtin_shufflevector(v, v, 1, 1, 3, 3), 0b1010);
  return add_signed(__builtin_shufflevector(v, v, 0, 1, 0, 1),
                    __builtin_shufflevector(v, v, 2, 3, 2, 3), 0b1100);
}

#include "kernels/loops/hadamard.h"

template <class Integer>
void store_four(Integer* to, Ints ints) {
  for (std::size_t k = 0; k < 4; ++k) to[k] = static_cast<Integer>(ints[k]);
}

#include "kernels/loops/round.h"

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));

#include "kernels/loops/decoded.h"

DecodedSums decoded_sums(const float* x, const std::uint8_t* code, std::size_t n, double lo,
                         double step, int shift) noexcept {
  Doubles norms = {};
  Doubles errors = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Bytes levels;
    std::memcpy(&levels, code + i, sizeof levels);
    const Doubles decoded =
        lo +
        step * __builtin_convertvector(__builtin_convertvector(levels, Ints) >> shift, Doubles);
    const Doubles lost = __builtin_convertvector(load_floats(x + i), Doubles) - decoded;
    norms += decoded * decoded;
    errors += lost * lost;
  }
  const DecodedSums sums = {norms[0] + norms[1] + norms[2] + norms[3],
                            errors[0] + errors[1] + errors[2] + errors[3]};
  return with_rest(sums, x, code, i, n, lo, step, shift);
}

}  // namespace

constinit const CodeKernels kScalarCodes = {
    .dot_u8_i16 = dot_u8_i16,
    .dot_u8_u8 = dot_u8_u8,
    .l1_f32_u8 = l1_f32_u8,
    .l1_u8_u8 = l1_u8_u8,
    .dot_u8_i16_batch = dot_u8_i16_batch,
    .l1_f32_u8_batch = l1_f32_u8_batch,
    .dot_u4_i8_batch = dot_u4_i8_batch,
    .dot_u4_u4_i16 = dot_u4_u4_i16,
    .min_max_f32 = min_max_f32,
    .encode_u8 = encode_u8,
    .sum_u8 = sum_u8,
    .decoded_sums = decoded_sums,
    .scale_f32 = scale_f32,
    .absolute_sum_f32 = absolute_sum_f32,
    .round_i16 = round_i16,
    .round_i8 = round_i8,
    .hadamard_f32 = hadamard_f32,
};

}  // namespace vec::kernels

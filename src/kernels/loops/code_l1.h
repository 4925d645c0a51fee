// kernels/loops/code_l1.h
//
// L1 distances of codes, for any instruction set.  Included within the anonymous namespace of the
// file that is compiled for one (README, Loops), after it has defined
//
//   Floats                    a vector of kLanes floats
//   load_floats(from), load_some_floats(from, n)   zeros after the first n
//   zero_floats(), add(a, b), sum_of_lanes(v)
//   Scale, scale_of(lo, step)
//   decode(from, scale), decode_some(from, n, scale)   bytes as the floats they stand for
//   add_distance(sum, a, b)   adds |a - b|; add_some_distance(sum, a, b, n): in the first n lanes

#include "kernels/loops/four_codes.h"

template <std::size_t... k>
struct CodeDistances : Places<k...> {
  using Places<k...>::kCount;
  using Places<k...>::fetch;

  /// out[k] = sum of |query[i] - (lo[k] + step[k] * codes[k][i])|.
  static void l1(const float* query, const std::uint8_t* const* codes,
                 const std::uint8_t* const* ahead, const float* lo, const float* step,
                 std::size_t n, float* out) {
    const Scale scale[kCount] = {scale_of(lo[k], step[k])...};
    Floats even[kCount] = {((void)k, zero_floats())...},
           odd[kCount] = {((void)k, zero_floats())...};
    std::size_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      if (i % 64 == 0) fetch(ahead, i);
      const Floats x = load_floats(query + i), y = load_floats(query + i + kLanes);
      ((even[k] = add_distance(even[k], x, decode(codes[k] + i, scale[k]))), ...);
      ((odd[k] = add_distance(odd[k], y, decode(codes[k] + i + kLanes, scale[k]))), ...);
    }
    if (i + kLanes <= n) {
      const Floats x = load_floats(query + i);
      ((even[k] = add_distance(even[k], x, decode(codes[k] + i, scale[k]))), ...);
      i += kLanes;
    }
    if (i < n) {
      const std::size_t rest = n - i;
      const Floats x = load_some_floats(query + i, rest);
      ((odd[k] = add_some_distance(odd[k], x, decode_some(codes[k] + i, rest, scale[k]), rest)),
       ...);
    }
    if (n > 0) fetch(ahead, n - 1);
    ((out[k] = sum_of_lanes(add(even[k], odd[k]))), ...);
  }
};

float l1_f32_u8(const float* query, const std::uint8_t* code, float lo, float step,
                std::size_t n) noexcept {
  float sum;
  CodeDistances<0>::l1(query, &code, &code, &lo, &step, n, &sum);
  return sum;
}

void l1_f32_u8_batch(const float* query, const std::uint8_t* const* codes, const float* lo,
                     const float* step, std::size_t count, std::size_t n, float* out) noexcept {
  using Four = CodeDistances<0, 1, 2, 3>;
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    Four::l1(query, codes + k, codes + next_four(k, count), lo + k, step + k, n, out + k);
  }
  for (; k < count; ++k) {
    CodeDistances<0>::l1(query, codes + k, codes + k, lo + k, step + k, n, out + k);
  }
}

float l1_u8_u8(const std::uint8_t* a, float a_lo, float a_step, const std::uint8_t* b, float b_lo,
               float b_step, std::size_t n) noexcept {
  const Scale a_scale = scale_of(a_lo, a_step), b_scale = scale_of(b_lo, b_step);
  Floats even = zero_floats(), odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    even = add_distance(even, decode(a + i, a_scale), decode(b + i, b_scale));
    odd = add_distance(odd, decode(a + i + kLanes, a_scale), decode(b + i + kLanes, b_scale));
  }
  if (i + kLanes <= n) {
    even = add_distance(even, decode(a + i, a_scale), decode(b + i, b_scale));
    i += kLanes;
  }
  if (i < n) {
    odd = add_some_distance(odd, decode_some(a + i, n - i, a_scale),
                            decode_some(b + i, n - i, b_scale), n - i);
  }
  return sum_of_lanes(add(even, odd));
}

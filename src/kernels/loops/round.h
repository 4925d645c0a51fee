// kernels/loops/round.h
//
// Floats as integers, for any instruction set: vectors of the compiler's own types, of which it
// makes what the instruction set has.  Included within the anonymous namespace of the file that is
// compiled for one (README, Loops), after it has defined
//
//   store_four(to, ints)   four 32-bit integers that fit, as 16 bits or as 8, by the type of `to`;
//                          they are a vector of 16 bytes of the compiler's

typedef double FourDoubles __attribute__((vector_size(32)));
typedef float FourFloats __attribute__((vector_size(16)));
typedef std::int32_t FourInts __attribute__((vector_size(16)));
typedef std::int64_t FourLongs __attribute__((vector_size(32)));

// Vectors of 32 bytes are not returned: where no register has their size it matters to a caller how
// they are.

inline void load_four(const float* from, FourDoubles& out) {
  FourFloats lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  out = __builtin_convertvector(lanes, FourDoubles);
}

/// n elements, below four, followed by zeros.
inline void load_fewer(const float* from, std::size_t n, FourDoubles& out) {
  FourFloats lanes = {};
  __builtin_memcpy(&lanes, from, n * sizeof(float));
  out = __builtin_convertvector(lanes, FourDoubles);
}

inline double sum_of_four(const FourDoubles& v) { return (v[0] + v[1]) + (v[2] + v[3]); }

struct Rounding {
  double scale;
  double inverse;
  FourDoubles greatest;
  FourDoubles error = {}, sum = {}, norm_squared = {};

  void round(const FourDoubles& elements, FourInts& out) {
    // Added and taken away, this rounds what is below 2^51 to the nearest integer, ties to even.
    constexpr double kRounding = 6755399441055744.0;  // 1.5 * 2^52
    FourDoubles integers = elements * inverse;
    integers = integers > greatest ? greatest : integers;
    integers = integers < -greatest ? -greatest : integers;
    integers = integers + kRounding - kRounding;
    const FourDoubles difference = elements - scale * integers;
    error += difference * difference;
    sum += integers;
    norm_squared += integers * integers;
    out = __builtin_convertvector(integers, FourInts);
  }
};

template <class Integer>
RoundedSums round_all(const float* x, std::size_t n, double scale, double inverse, double most,
                      Integer* out) {
  Rounding rounding{scale, inverse, FourDoubles{} + most};
  FourDoubles elements;
  FourInts integers;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    load_four(x + i, elements);
    rounding.round(elements, integers);
    store_four(out + i, integers);
  }
  if (i < n) {
    load_fewer(x + i, n - i, elements);
    rounding.round(elements, integers);
    for (std::size_t k = 0; k < n - i; ++k) out[i + k] = static_cast<Integer>(integers[k]);
  }
  return {sum_of_four(rounding.error), sum_of_four(rounding.sum),
          sum_of_four(rounding.norm_squared)};
}

void scale_f32(const float* x, std::size_t n, double factor, float* out) noexcept {
  FourDoubles elements;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    load_four(x + i, elements);
    const FourFloats products = __builtin_convertvector(elements * factor, FourFloats);
    __builtin_memcpy(out + i, &products, sizeof products);
  }
  load_fewer(x + i, n - i, elements);
  const FourFloats products = __builtin_convertvector(elements * factor, FourFloats);
  __builtin_memcpy(out + i, &products, (n - i) * sizeof(float));
}

double absolute_sum_f32(const float* x, std::size_t n) noexcept {
  const FourLongs without_sign = FourLongs{} + 0x7FFFFFFFFFFFFFFF;
  FourDoubles elements, sum = {};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    load_four(x + i, elements);
    sum += (FourDoubles)((FourLongs)elements & without_sign);
  }
  load_fewer(x + i, n - i, elements);
  sum += (FourDoubles)((FourLongs)elements & without_sign);
  return sum_of_four(sum);
}

RoundedSums round_i16(const float* x, std::size_t n, double scale, double inverse,
                      std::int16_t* out) noexcept {
  return round_all(x, n, scale, inverse, 32767, out);
}

RoundedSums round_i8(const float* x, std::size_t n, double scale, double inverse,
                     std::int8_t* out) noexcept {
  return round_all(x, n, scale, inverse, 127, out);
}

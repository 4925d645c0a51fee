// kernels/loops/float_sums.h
//
// Sums over dense vectors, for any instruction set.  Included within the anonymous namespace of the
// file that is compiled for one (README, Loops), after it has defined
//
//   Floats, Doubles   vectors of kLanes floats, of half as many doubles
//   F32, F16          load(from), load_some(from, n): elements as Floats; zeros after the first n
//   zero_floats(), zero_doubles(), add(a, b), subtract(a, b), absolute(a)
//   multiply_add(a, b, sum)             a * b + sum
//   add_squares(low_sum, high_sum, v)   of both halves of v, as doubles
//   sum_of_lanes(v)
//   f16_to_f32, f32_to_f16
//
// and ends in kFloatKernels, the table of what there is.

/// The terms.  Both arguments zero add zero, which is what fills up a last vector.
struct SquaredDifference {
  static Floats add_to(Floats sum, Floats a, Floats b) {
    const Floats difference = subtract(a, b);
    return multiply_add(difference, difference, sum);
  }
};
struct Product {
  static Floats add_to(Floats sum, Floats a, Floats b) { return multiply_add(a, b, sum); }
};
struct AbsoluteDifference {
  static Floats add_to(Floats sum, Floats a, Floats b) {
    return add(sum, absolute(subtract(a, b)));
  }
};

/// Four chains: two loads make a step and two go in a cycle, so a chain comes round every four
/// cycles, which is what a fused multiply-add takes.
template <class Format, class Term>
float sum(const typename Format::Element* a, const typename Format::Element* b,
          std::size_t n) noexcept {
  Floats s0 = zero_floats(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = Term::add_to(s0, Format::load(a + i), Format::load(b + i));
    s1 = Term::add_to(s1, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
    s2 = Term::add_to(s2, Format::load(a + i + 2 * kLanes), Format::load(b + i + 2 * kLanes));
    s3 = Term::add_to(s3, Format::load(a + i + 3 * kLanes), Format::load(b + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) {
    s0 = Term::add_to(s0, Format::load(a + i), Format::load(b + i));
  }
  if (i < n) {
    s1 = Term::add_to(s1, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  }
  return sum_of_lanes(add(add(s0, s1), add(s2, s3)));
}

struct CosineSums {
  Floats dot, aa, bb;
};

inline void add_cosine_terms(CosineSums& sums, Floats a, Floats b) {
  sums.dot = multiply_add(a, b, sums.dot);
  sums.aa = multiply_add(a, a, sums.aa);
  sums.bb = multiply_add(b, b, sums.bb);
}

template <class Format>
CosineParts cosine(const typename Format::Element* a, const typename Format::Element* b,
                   std::size_t n) noexcept {
  const Floats zero = zero_floats();
  CosineSums even = {zero, zero, zero}, odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    add_cosine_terms(odd, Format::load(a + i + kLanes), Format::load(b + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_cosine_terms(even, Format::load(a + i), Format::load(b + i));
    i += kLanes;
  }
  if (i < n) {
    add_cosine_terms(odd, Format::load_some(a + i, n - i), Format::load_some(b + i, n - i));
  }
  return {sum_of_lanes(add(even.dot, odd.dot)), sum_of_lanes(add(even.aa, odd.aa)),
          sum_of_lanes(add(even.bb, odd.bb))};
}

template <class Format>
double norm_squared(const typename Format::Element* a, std::size_t n) noexcept {
  Doubles s0 = zero_doubles(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    add_squares(s0, s1, Format::load(a + i));
    add_squares(s2, s3, Format::load(a + i + kLanes));
  }
  if (i + kLanes <= n) {
    add_squares(s0, s1, Format::load(a + i));
    i += kLanes;
  }
  if (i < n) add_squares(s2, s3, Format::load_some(a + i, n - i));
  return sum_of_lanes(add(add(s0, s1), add(s2, s3)));
}

constexpr FloatKernels kFloatKernels = {
    .l2_squared_f32 = sum<F32, SquaredDifference>,
    .dot_f32 = sum<F32, Product>,
    .cosine_f32 = cosine<F32>,
    .l1_f32 = sum<F32, AbsoluteDifference>,
    .norm_squared_f32 = norm_squared<F32>,
    .l2_squared_f16 = sum<F16, SquaredDifference>,
    .dot_f16 = sum<F16, Product>,
    .cosine_f16 = cosine<F16>,
    .l1_f16 = sum<F16, AbsoluteDifference>,
    .norm_squared_f16 = norm_squared<F16>,
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
};

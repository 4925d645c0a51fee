// kernels/loops/hadamard.h
//
// The Walsh-Hadamard transform, for any instruction set.  Included within the anonymous namespace
// of the file that is compiled for one (README, Loops), after it has defined
//
//   Floats, kLanes             a vector of floats, and how many it has
//   load_floats(from), store_floats(to, v), add(a, b), difference(a, b), product(a, b), fill(from)
//   first_passes(v, signs, i)  elements i.. with their signs changed where the bit is set, after
//                              the passes whose pairs lie within a vector

/// One pass: x + y and x - y of each pair of elements that are `apart`, and what finish(v) makes of
/// them.
template <class Finish>
void hadamard_pass(float* x, std::size_t n, std::size_t apart, Finish finish) {
  for (std::size_t i = 0; i < n; i += 2 * apart) {
    for (float* p = x + i; p < x + i + apart; p += kLanes) {
      const Floats a = load_floats(p), b = load_floats(p + apart);
      store_floats(p, finish(add(a, b)));
      store_floats(p + apart, finish(difference(a, b)));
    }
  }
}

/// That pass and the next one, in which they are twice as far apart.
template <class Finish>
void two_hadamard_passes(float* x, std::size_t n, std::size_t apart, Finish finish) {
  for (std::size_t i = 0; i < n; i += 4 * apart) {
    for (float* p = x + i; p < x + i + apart; p += kLanes) {
      const Floats a = load_floats(p), b = load_floats(p + apart);
      const Floats c = load_floats(p + 2 * apart), d = load_floats(p + 3 * apart);
      const Floats a_and_b = add(a, b), a_less_b = difference(a, b);
      const Floats c_and_d = add(c, d), c_less_d = difference(c, d);
      store_floats(p, finish(add(a_and_b, c_and_d)));
      store_floats(p + apart, finish(add(a_less_b, c_less_d)));
      store_floats(p + 2 * apart, finish(difference(a_and_b, c_and_d)));
      store_floats(p + 3 * apart, finish(difference(a_less_b, c_less_d)));
    }
  }
}

void hadamard_f32(float* x, std::size_t n, const std::uint8_t* signs, float factor) noexcept {
  const Floats all = fill(&factor);
  const auto as_it_is = [](Floats v) { return v; };
  const auto times_factor = [all](Floats v) { return product(v, all); };
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Floats v = first_passes(load_floats(x + i), signs, i);
    store_floats(x + i, n == kLanes ? times_factor(v) : v);
  }
  std::size_t apart = kLanes;
  for (; 4 * apart < n; apart *= 4) two_hadamard_passes(x, n, apart, as_it_is);
  if (2 * apart == n) hadamard_pass(x, n, apart, times_factor);
  if (4 * apart == n) two_hadamard_passes(x, n, apart, times_factor);
}

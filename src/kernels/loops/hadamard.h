// kernels/loops/hadamard.h
//
// The Walsh-Hadamard transform, for any instruction set.  Included within the anonymous namespace
// of the file that is compiled for one (README, Loops), after it has defined
//
//   Floats, kLanes             a vector of floats, and how many it has
//   load_floats(from), store_floats(to, v), add(a, b), difference(a, b), product(a, b), fill(from)
//   first_passes(v, signs, i)  elements i.. with their signs changed where the bit is set, after
//                              the passes whose pairs lie within a vector

/// One pass: x + y and x - y of each pair of elements that are `apart`, times a factor.
inline void last_pass(float* x, std::size_t n, std::size_t apart, Floats factor) {
  for (std::size_t i = 0; i < n; i += 2 * apart) {
    for (float* p = x + i; p < x + i + apart; p += kLanes) {
      const Floats a = load_floats(p), b = load_floats(p + apart);
      store_floats(p, product(add(a, b), factor));
      store_floats(p + apart, product(difference(a, b), factor));
    }
  }
}

/// Such a pass and the next one, in which they are twice as far apart, of what load(i) gives for
/// the elements from i on; finish(v) is stored.
template <class Load, class Finish>
void two_passes(float* x, std::size_t n, std::size_t apart, Load load, Finish finish) {
  for (std::size_t first = 0; first < n; first += 4 * apart) {
    for (std::size_t i = first; i < first + apart; i += kLanes) {
      const Floats a = load(i), b = load(i + apart);
      const Floats c = load(i + 2 * apart), d = load(i + 3 * apart);
      const Floats a_and_b = add(a, b), a_less_b = difference(a, b);
      const Floats c_and_d = add(c, d), c_less_d = difference(c, d);
      store_floats(x + i, finish(add(a_and_b, c_and_d)));
      store_floats(x + i + apart, finish(add(a_less_b, c_less_d)));
      store_floats(x + i + 2 * apart, finish(difference(a_and_b, c_and_d)));
      store_floats(x + i + 3 * apart, finish(difference(a_less_b, c_less_d)));
    }
  }
}

void hadamard_f32(float* x, std::size_t n, const std::uint8_t* signs, float factor) noexcept {
  const Floats all = fill(&factor);
  const auto as_it_is = [](Floats v) { return v; };
  const auto times_factor = [all](Floats v) { return product(v, all); };
  const auto load = [x](std::size_t i) { return load_floats(x + i); };
  const auto first = [x, signs](std::size_t i) {
    return first_passes(load_floats(x + i), signs, i);
  };
  if (n == 4 * kLanes) return two_passes(x, n, kLanes, first, times_factor);
  if (n == kLanes) return store_floats(x, times_factor(first(0)));
  std::size_t apart = kLanes;
  if (n == 2 * kLanes) {
    store_floats(x, first(0));
    store_floats(x + kLanes, first(kLanes));
  } else {
    two_passes(x, n, apart, first, as_it_is);
    for (apart *= 4; 4 * apart < n; apart *= 4) two_passes(x, n, apart, load, as_it_is);
  }
  if (2 * apart == n) return last_pass(x, n, apart, all);
  two_passes(x, n, apart, load, times_factor);
}

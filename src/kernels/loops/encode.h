// kernels/loops/encode.h
//
// Making codes, for any instruction set.  Included within the anonymous namespace of the file that
// is compiled for one (README, Loops), after it has defined what code_l1.h asks for, and
//
//   least(a, b), greatest(a, b), least_lane(v), greatest_lane(v)
//   fill(from)         the float at `from`, in all lanes
//   encode(x, scale)   x as bytes, the first kLanes of the result; scale is lo and the inverse step

/// Fewer elements than a vector has: the first one fills it up.
inline Floats load_few(const float* from, std::size_t n) {
  Floats lanes = fill(from);
  __builtin_memcpy(&lanes, from, n * sizeof(float));
  return lanes;
}

void min_max_f32(const float* x, std::size_t n, float* lo, float* hi) noexcept {
  *lo = *hi = 0;
  if (n == 0) return;
  Floats low = n < kLanes ? load_few(x, n) : load_floats(x), high = low;
  if (n >= kLanes) {
    for (std::size_t i = kLanes; i + kLanes <= n; i += kLanes) {
      low = least(low, load_floats(x + i));
      high = greatest(high, load_floats(x + i));
    }
    low = least(low, load_floats(x + n - kLanes));  // overlaps the vector before
    high = greatest(high, load_floats(x + n - kLanes));
  }
  *lo = least_lane(low) + 0.0f;  // -0 + 0 = +0
  *hi = greatest_lane(high) + 0.0f;
}

void encode_u8(const float* x, std::size_t n, float lo, float inverse_step,
               std::uint8_t* code) noexcept {
  const Scale scale = scale_of(lo, inverse_step);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const auto bytes = encode(load_floats(x + i), scale);
    __builtin_memcpy(code + i, &bytes, kLanes);
  }
  if (i < n) {
    const auto bytes = encode(load_some_floats(x + i, n - i), scale);
    __builtin_memcpy(code + i, &bytes, n - i);
  }
}

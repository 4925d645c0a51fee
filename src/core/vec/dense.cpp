#include "core/vec/dense.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace vec {

namespace {

constexpr int kBlock = 256;  // floats; three blocks stay in the first-level cache

/// True if a number that is not zero becomes zero in the element type.
template <class T>
bool rounds_to_zero(float value) {
  if constexpr (sizeof(T) == sizeof(float)) return value == 0;
  return std::fabs(value) <= kHalfUnderflow;
}

struct Add {
  static constexpr bool kMayUnderflow = false;
  float operator()(float x, float y) const { return x + y; }
};
struct Sub {
  static constexpr bool kMayUnderflow = false;
  float operator()(float x, float y) const { return x - y; }
};
struct Mul {
  static constexpr bool kMayUnderflow = true;
  float operator()(float x, float y) const { return x * y; }
};

template <class T, class Operation>
bool is_underflow(float x, float y, float z) {
  return Operation::kMayUnderflow && rounds_to_zero<T>(z) && x != 0 && y != 0;
}

/// The first result that does not fit decides which error it is.
template <class T, class Operation>
[[noreturn]] void throw_first(const float* x, const float* y, const float* z, int n) {
  for (int i = 0; i < n; ++i) {
    if (overflows<T>(z[i])) throw_overflow();
    if (is_underflow<T, Operation>(x[i], y[i], z[i])) throw_underflow();
  }
  throw Error(ErrorCode::kInternal, "no element is out of range");
}

/// One block of results; true if one of them does not fit.  Inlined where n is a constant, since
/// g++ -O2 makes vector instructions only of loops whose length it knows.
template <class T, class Operation>
[[gnu::always_inline]] inline bool apply(const float* x, const float* y, float* z, int n) {
  const Operation operation;
  int bad = 0;
  for (int i = 0; i < n; ++i) {
    z[i] = operation(x[i], y[i]);
    bad |= overflows<T>(z[i]);
    if constexpr (Operation::kMayUnderflow) {
      bad |= int{rounds_to_zero<T>(z[i])} & int{x[i] != 0} & int{y[i] != 0};
    }
  }
  return bad != 0;
}

template <class T, class Operation>
void elementwise(DenseView<T> a, DenseView<T> b, T* out) {
  float x[kBlock], y[kBlock], z[kBlock];
  for (int first = 0; first < a.dims(); first += kBlock) {
    const int n = std::min(kBlock, a.dims() - first);
    widen(a.part(first, n), x);
    widen(b.part(first, n), y);
    const bool bad =
        n == kBlock ? apply<T, Operation>(x, y, z, kBlock) : apply<T, Operation>(x, y, z, n);
    if (bad) throw_first<T, Operation>(x, y, z, n);
    narrow(z, n, out + first);
  }
}

/// A number of the same order as the element.  Halves are sign and magnitude.
float ordered(float value) { return value; }
int ordered(HalfBits bits) {
  const int magnitude = bits & 0x7fff;
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double norm_squared(DenseView<float> a) {
  return kernels::active().norm_squared_f32(a.data(), a.size());
}
double norm_squared(DenseView<HalfBits> a) {
  return kernels::active().norm_squared_f16(a.data(), a.size());
}

}  // namespace

void widen(DenseView<float> from, float* to) {
  std::memcpy(to, from.data(), from.size() * sizeof(float));
}

void widen(DenseView<HalfBits> from, float* to) {
  kernels::active().f16_to_f32(from.data(), to, from.size());
}

void narrow(const float* from, int n, float* to) {
  std::memmove(to, from, static_cast<std::size_t>(n) * sizeof(float));
}

void narrow(const float* from, int n, HalfBits* to) {
  kernels::active().f32_to_f16(from, to, static_cast<std::size_t>(n));
}

template <class T>
void narrow_checked(const float* from, int n, T* to, text::NumberFormatter format) {
  for (int i = 0; i < n; ++i) {
    if (!overflows<T>(from[i]) && !std::isnan(from[i])) [[likely]]
      continue;
    check_element(Element<T>::kTypeName, from[i]);
    char digits[text::kMaxNumberChars + 1];
    digits[format(from[i], digits)] = '\0';
    throw Error(ErrorCode::kNumericValueOutOfRange, "\"%s\" is out of range for type %s", digits,
                Element<T>::kTypeName);
  }
  narrow(from, n, to);
}

template <class T>
void add(DenseView<T> a, DenseView<T> b, T* out) {
  elementwise<T, Add>(a, b, out);
}

template <class T>
void sub(DenseView<T> a, DenseView<T> b, T* out) {
  elementwise<T, Sub>(a, b, out);
}

template <class T>
void mul(DenseView<T> a, DenseView<T> b, T* out) {
  elementwise<T, Mul>(a, b, out);
}

template <class T>
int compare(DenseView<T> a, DenseView<T> b) {
  const int n = std::min(a.dims(), b.dims());
  for (int i = 0; i < n; ++i) {
    const auto x = ordered(a[i]), y = ordered(b[i]);
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return (a.dims() > b.dims()) - (a.dims() < b.dims());
}

template <class T>
void normalize(DenseView<T> a, T* out) {
  const double norm = std::sqrt(norm_squared(a));
  if (norm == 0) {
    std::fill_n(out, a.dims(), T{0});
    return;
  }
  float x[kBlock];
  for (int first = 0; first < a.dims(); first += kBlock) {
    const int n = std::min(kBlock, a.dims() - first);
    widen(a.part(first, n), x);
    int bad = 0;
    for (int i = 0; i < n; ++i) {
      x[i] = static_cast<float>(x[i] / norm);
      bad |= overflows<T>(x[i]);
    }
    if (bad) throw_overflow();
    narrow(x, n, out + first);
  }
}

template <class T>
void quantize_to_bits(DenseView<T> a, unsigned char* bits) {
  std::memset(bits, 0, (a.size() + 7) / 8);
  for (int i = 0; i < a.dims(); ++i) {
    bits[i / 8] |= static_cast<unsigned char>(int{ordered(a[i]) > 0} << (7 - i % 8));
  }
}

template <class T>
DenseView<T> subvector(DenseView<T> a, int start, int count) {
  // In 64 bits: start + count may be more than an int holds.
  const std::int64_t begin = std::max<std::int64_t>(start, 1);
  const std::int64_t end = std::min<std::int64_t>(std::int64_t{start} + count, a.dims() + 1);
  if (count < 1) check_dims<T>(0);
  check_dims<T>(end - begin);
  return a.part(static_cast<int>(begin - 1), static_cast<int>(end - begin));
}

#define VEC_INSTANTIATE(T)                                                       \
  template void narrow_checked<T>(const float*, int, T*, text::NumberFormatter); \
  template void add<T>(DenseView<T>, DenseView<T>, T*);                          \
  template void sub<T>(DenseView<T>, DenseView<T>, T*);                          \
  template void mul<T>(DenseView<T>, DenseView<T>, T*);                          \
  template int compare<T>(DenseView<T>, DenseView<T>);                           \
  template void normalize<T>(DenseView<T>, T*);                                  \
  template void quantize_to_bits<T>(DenseView<T>, unsigned char*);               \
  template DenseView<T> subvector<T>(DenseView<T>, int, int);

VEC_INSTANTIATE(float)
VEC_INSTANTIATE(HalfBits)

}  // namespace vec

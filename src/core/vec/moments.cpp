#include "core/vec/moments.h"

#include <algorithm>

namespace vec {

namespace {
constexpr int kBlock = 256;
}

template <class T>
void add_to_sums(const double* from, DenseView<T> view, double* to) {
  float values[kBlock];
  for (int first = 0; first < view.dims(); first += kBlock) {
    const int n = std::min(kBlock, view.dims() - first);
    widen(view.part(first, n), values);
    int bad = 0;
    for (int i = 0; i < n; ++i) {
      to[first + i] = from[first + i] + values[i];
      bad |= std::isinf(to[first + i]);
    }
    if (bad) throw_overflow();
  }
}

template <class T>
void copy_to_sums(DenseView<T> view, double* to) {
  float values[kBlock];
  for (int first = 0; first < view.dims(); first += kBlock) {
    const int n = std::min(kBlock, view.dims() - first);
    widen(view.part(first, n), values);
    std::copy_n(values, n, to + first);
  }
}

void add_sums(const double* a, const double* b, int n, double* to) {
  int bad = 0;
  for (int i = 0; i < n; ++i) {
    to[i] = a[i] + b[i];
    bad |= std::isinf(to[i]);
  }
  if (bad) throw_overflow();
}

template <class T>
void mean(const double* sums, double count, int n, T* out, text::NumberFormatter format) {
  float values[kBlock];
  for (int first = 0; first < n; first += kBlock) {
    const int part = std::min(kBlock, n - first);
    for (int i = 0; i < part; ++i) values[i] = static_cast<float>(sums[first + i] / count);
    narrow_checked(values, part, out + first, format);
  }
}

#define VEC_INSTANTIATE(T)                                                  \
  template void add_to_sums<T>(const double*, DenseView<T>, double*);       \
  template void copy_to_sums<T>(DenseView<T>, double*);                     \
  template void mean<T>(const double*, double, int, T*, text::NumberFormatter);

VEC_INSTANTIATE(float)
VEC_INSTANTIATE(HalfBits)

}  // namespace vec

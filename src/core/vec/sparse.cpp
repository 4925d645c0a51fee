#include "core/vec/sparse.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace vec {

void sort_and_check(std::span<SparseEntry> entries, int dims) {
  const auto by_index = [](const SparseEntry& x, const SparseEntry& y) {
    return x.index < y.index;
  };
  if (!std::is_sorted(entries.begin(), entries.end(), by_index)) {
    std::sort(entries.begin(), entries.end(), by_index);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].index < 0 || entries[i].index >= dims) {
      throw Error(ErrorCode::kDataException, "sparsevec index out of bounds");
    }
    if (i > 0 && entries[i].index == entries[i - 1].index) {
      throw Error(ErrorCode::kDataException, "sparsevec indices must not contain duplicates");
    }
  }
}

void store_entries(std::span<const SparseEntry> entries, std::int32_t* indices, float* values) {
  for (const SparseEntry& entry : entries) {
    *indices++ = entry.index;
    *values++ = entry.value;
  }
}

int compare(SparseVectorView a, SparseVectorView b) {
  const int common = std::min(a.dims(), b.dims());
  int i = 0, j = 0;
  for (;;) {
    // The next position where either side is not zero; `common` if there is none in both.
    const int at_a = i < a.count() ? std::min(a.index(i), common) : common;
    const int at_b = j < b.count() ? std::min(b.index(j), common) : common;
    const int at = std::min(at_a, at_b);
    if (at == common) break;
    const float x = at_a == at ? a.value(i++) : 0.0f;
    const float y = at_b == at ? b.value(j++) : 0.0f;
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return (a.dims() > b.dims()) - (a.dims() < b.dims());
}

int normalize(SparseVectorView a, std::int32_t* indices, float* values) {
  const double norm =
      std::sqrt(kernels::active().norm_squared_f32(a.values().data(), a.values().size()));
  if (norm == 0) return 0;
  int count = 0;
  for (int i = 0; i < a.count(); ++i) {
    const float value = static_cast<float>(a.value(i) / norm);
    if (std::isinf(value)) throw_overflow();
    if (value == 0) continue;
    indices[count] = a.index(i);
    values[count++] = value;
  }
  return count;
}

int count_non_zeros(const float* values, int n) {
  int count = 0;
  for (int i = 0; i < n; ++i) count += values[i] != 0;
  return count;
}

void take_non_zeros(const float* values, int n, std::int32_t* to_indices, float* to_values) {
  for (int i = 0; i < n; ++i) {
    if (values[i] == 0) continue;
    *to_indices++ = i;
    *to_values++ = values[i];
  }
}

void to_dense(SparseVectorView a, float* out) {
  std::fill_n(out, a.dims(), 0.0f);
  for (int i = 0; i < a.count(); ++i) {
    const std::int32_t index = a.index(i);
    if (index < 0 || index >= a.dims()) {
      throw Error(ErrorCode::kDataCorrupted, "sparsevec contains an index out of bounds");
    }
    out[index] = a.value(i);
  }
}

}  // namespace vec

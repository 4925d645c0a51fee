// core/vec/sparse.h
//
// Operations on sparsevec: the elements that are not zero, by ascending index, and a dimension.

#ifndef VEC_CORE_VEC_SPARSE_H_
#define VEC_CORE_VEC_SPARSE_H_

#include <cstring>
#include <span>

#include "core/vec/check.h"
#include "core/vec/dense.h"
#include "core/vec/limits.h"

namespace vec {

/// One element on its way into a sparsevec.
struct SparseEntry {
  std::int32_t index;  // from 0
  float value;
};

/// A stored value, at any alignment: `count` indices, then as many floats.
class SparseVectorView {
 public:
  SparseVectorView(const void* indices, int count, int dims)
      : bytes_(static_cast<const unsigned char*>(indices)), count_(count), dims_(dims) {}

  int dims() const { return dims_; }
  int count() const { return count_; }
  std::int32_t index(int i) const { return load<std::int32_t>(i); }
  float value(int i) const { return load<float>(count_ + i); }
  /// The values as a dense array, zeros left out.
  DenseView<float> values() const { return {bytes_ + offset(count_), count_}; }
  /// For kernels, which take any alignment.
  kernels::SparseView for_kernels() const {
    return {reinterpret_cast<const std::int32_t*>(bytes_), values().data(),
            static_cast<std::size_t>(count_)};
  }

 private:
  static std::size_t offset(int i) { return static_cast<std::size_t>(i) * 4; }
  template <class Word>
  Word load(int i) const {
    Word word;
    std::memcpy(&word, bytes_ + offset(i), sizeof word);
    return word;
  }

  const unsigned char* bytes_;
  int count_;
  int dims_;
};

/// Sorts the entries by index and checks that they are within 0 .. dims - 1 and distinct.
void sort_and_check(std::span<SparseEntry> entries, int dims);

/// Entries, as they are stored.
void store_entries(std::span<const SparseEntry> entries, std::int32_t* indices, float* values);

/// As if both were dense: elementwise by value, then the shorter one first.  -1, 0 or 1.
int compare(SparseVectorView a, SparseVectorView b);

/// Writes value / |a| for every element; dividing may make some zero.  Gives how many are not.
int normalize(SparseVectorView a, std::int32_t* indices, float* values);

/// How many of n numbers are not zero.
int count_non_zeros(const float* values, int n);

/// Writes those that are not zero, which are as many as count_non_zeros says.
void take_non_zeros(const float* values, int n, std::int32_t* to_indices, float* to_values);

/// All a.dims() elements, zeros included.  Throws if an index is outside.
void to_dense(SparseVectorView a, float* out);

}  // namespace vec

#endif  // VEC_CORE_VEC_SPARSE_H_

// core/vec/wire.h
//
// The binary form that clients and COPY (FORMAT binary) exchange.  Numbers are big-endian.
//
//   vector     i16 dims, i16 0, dims * binary32
//   halfvec    i16 dims, i16 0, dims * binary16
//   sparsevec  i32 dims, i32 count, i32 0, count * i32 index from 0, count * binary32

#ifndef VEC_CORE_VEC_WIRE_H_
#define VEC_CORE_VEC_WIRE_H_

#include <cstdint>
#include <span>

#include "core/vec/dense.h"
#include "core/vec/sparse.h"

namespace vec::wire {

using Bytes = std::span<const std::uint8_t>;

/// Reads the elements of one value, which may be followed by other bytes, into `values`, which
/// holds kMaxDims.  Returns the dimensions.  `typmod` is the dimension asked for, or -1.
/// Throws Error where a check fails; checks are in the order of the bytes.
template <class T>
int decode_dense(Bytes message, int typmod, T* values);

/// Bytes of a value; what decode_dense takes from the message.
template <class T>
constexpr std::size_t dense_bytes(int dims) {
  return 4 + static_cast<std::size_t>(dims) * sizeof(T);
}

/// Writes dense_bytes(view.dims()) bytes.
template <class T>
void encode_dense(DenseView<T> view, std::uint8_t* out);

struct SparseDecoded {
  int dims;
  int count;
};

/// The same for sparsevec; `indices` and `values` hold kMaxNonZeros.
SparseDecoded decode_sparse(Bytes message, int typmod, std::int32_t* indices, float* values);

constexpr std::size_t sparse_bytes(int count) { return 12 + static_cast<std::size_t>(count) * 8; }

/// Writes sparse_bytes(view.count()) bytes.
void encode_sparse(SparseVectorView view, std::uint8_t* out);

}  // namespace vec::wire

#endif  // VEC_CORE_VEC_WIRE_H_

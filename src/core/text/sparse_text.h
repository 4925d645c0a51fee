// core/text/sparse_text.h
//
// The text form of sparsevec: `{1:0.5,7:-2}/10`, indices from 1.

#ifndef VEC_CORE_TEXT_SPARSE_TEXT_H_
#define VEC_CORE_TEXT_SPARSE_TEXT_H_

#include <span>

#include "core/text/number.h"
#include "core/vec/sparse.h"

namespace vec::text {

struct SparseParsed {
  int dims;
  int count;  // entries written: ascending, distinct, none zero
};

/// Reads `literal`, NUL-terminated, in any order of indices.  `typmod` is the dimension asked for,
/// or -1.  Elements that are zero are dropped before their index is looked at.  Throws Error for
/// anything but
///   ws '{' ws [ index ws ':' ws number ws (',' ws index ws ':' ws number ws)* ] '}' ws
///   '/' ws dims ws
SparseParsed parse_sparse(const char* literal, int typmod,
                          std::span<SparseEntry, kMaxNonZeros> entries);

/// Room that print_sparse needs, in bytes, with the NUL: 11 characters an index, and ':' and ','.
constexpr std::size_t sparse_text_bytes(int count) {
  return static_cast<std::size_t>(count) * (kMaxNumberChars + 13) + 15;
}

/// Writes the text form with a NUL at the end, and returns where the NUL is.
char* print_sparse(SparseVectorView view, NumberFormatter format, char* out);

}  // namespace vec::text

#endif  // VEC_CORE_TEXT_SPARSE_TEXT_H_

// core/codes/value.h
//
// A column's value as an index sees it, and turning it into a code.

#ifndef VEC_CORE_CODES_VALUE_H_
#define VEC_CORE_CODES_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/codes/format.h"
#include "kernels/kernel_table.h"

namespace vec::codes {

/// A borrowed value.  Which members mean anything depends on the format's element; the others are
/// null.
struct Value {
  const float* floats;              // kFloat, and kHalf if it was decoded from kU8: dims of them
  const kernels::HalfBits* halves;  // kHalf: dims of them
  const std::uint8_t* bits;         // kBit: (dims + 7) / 8 bytes, pad bits zero
  kernels::SparseView sparse;       // kSparse
};

/// The dense value as floats, of unit length for kCosine over lossy codes: what those and their
/// queries are made from.  A zero vector stays zero.
void dense_floats(const Format& format, const Value& value, std::vector<float>& out);

/// What the length of those floats is not above.
double length_of(const Format& format, const std::vector<float>& floats);

/// |value| is zero, so that it has no direction: the cosine metric leaves it out.
bool has_zero_norm(const Format& format, const Value& value);

/// Whether the float sums that the operator of the cosine makes of the dense value are as good as
/// floats are: its square neither vanishes nor overflows.
bool sums_are_sound(const Format& format, const Value& value);

/// Bytes of the code of `value`.  Format::code_bytes, but for kSparse.
std::size_t code_size(const Format& format, const Value& value);

/// Bytes of a code that is already one.
std::size_t code_size(const Format& format, const std::byte* code) noexcept;

/// Writes the code of `value`: code_size() bytes, which `out` must have.
/// scratch   room for dense_floats, kept by the caller from call to call
void encode(const Format& format, const Value& value, std::vector<float>& scratch, std::byte* out);

/// A value whose code is `code`: the decoded one for kU8, the decoded rotated one for kRotated,
/// nothing for kSplit, else the value itself.  Points into `code` and `scratch`.  For kCosine over
/// codes that lose something its length is 1, not that of the value coded.
Value decode(const Format& format, const std::byte* code, std::vector<float>& scratch);

/// valid_code() of a kSparse code.
bool valid_sparse_code(const std::byte* code, std::size_t size) noexcept;

/// Says whether `size` bytes can be a code of the format.  For bytes that come from disk.
inline bool valid_code(const Format& format, const std::byte* code, std::size_t size) noexcept {
  return format.kind == CodeKind::kSparse ? valid_sparse_code(code, size)
                                          : size == format.code_bytes;
}

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_VALUE_H_

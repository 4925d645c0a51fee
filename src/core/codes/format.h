// core/codes/format.h
//
// What an index keeps of a value instead of the value: its code.
//
// Dense vectors become one byte a dimension with an honest error (README).  Where that would save
// nothing, or where nothing may be lost, the code is the value itself: short vectors, bit strings,
// sparse vectors.

#ifndef VEC_CORE_CODES_FORMAT_H_
#define VEC_CORE_CODES_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/codes/split.h"

namespace vec::codes {

/// On disk: never renumber.
enum class Metric : std::uint8_t {
  kL2 = 1,
  kInnerProduct = 2,
  kCosine = 3,
  kL1 = 4,
  kHamming = 5,
  kJaccard = 6,
};

/// What the indexed column holds.  On disk: never renumber.
enum class Element : std::uint8_t { kFloat = 1, kHalf = 2, kBit = 3, kSparse = 4 };

/// On disk: never renumber.
enum class CodeKind : std::uint8_t {
  kU8 = 1,       // U8Header, then one byte a dimension
  kFloat = 2,    // float[dims]
  kHalf = 3,     // binary16[dims]
  kBits = 4,     // (dims + 7) / 8 bytes
  kSparse = 5,   // SparseHeader, int32[count], float[count]
  kSplit = 6,    // SplitHeader, then the high halves of all levels, then the low ones (split.h)
  kRotated = 7,  // as kU8, of the rotated value (rotation.h); in halves where it is kept (slots.h)
};

/// How the values of one index are coded.
struct Format {
  Element element;
  Metric metric;
  CodeKind kind;
  std::uint32_t dims;
  /// Bytes of a code; for kSparse those of the longest one.
  std::uint32_t code_bytes;
};

/// Header of a kU8 code: a value x stands as decoded[i] = lo + step * code[i].
struct U8Header {
  float lo;
  float step;
  float norm_squared;  // of decoded
  float radius;        // |x - decoded| in the metric's norm (L1's for kL1), rounded up; may be inf
  std::uint32_t level_sum;  // of code[i]
};
static_assert(sizeof(U8Header) == 20);

struct SparseHeader {
  std::int32_t count;
};

/// The header that a code begins with.  Codes have any alignment.
template <class Header>
Header header_of(const std::byte* code) noexcept {
  Header header;
  std::memcpy(&header, code, sizeof header);
  return header;
}
/// What follows it, of codes that have levels.
template <class Header>
const std::uint8_t* levels_of(const std::byte* code) noexcept {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(Header));
}

/// Non-zero elements that an indexed sparse vector may have.
inline constexpr int kMaxSparseCount = 1000;

/// Codes longer than this are made kU8: below it a header of 20 bytes and a heap visit for
/// every near candidate cost more than three more bytes a dimension.
inline constexpr std::size_t kMaxRawBytes = 128;

/// The format of an index on a column of that element and size.
Format choose_format(Element element, Metric metric, std::uint32_t dims) noexcept;

/// The format of a graph: kRotated where choose_format() says kU8, a rotation changes nothing,
/// which it does for L1, and codes are so long that it pays to look at their high halves first.
Format choose_graph_format(Element element, Metric metric, std::uint32_t dims) noexcept;

/// The format of an index whose codes are read one after the other: kSplit where choose_format()
/// says kU8 and a rotation changes nothing, which it does for L1.
Format choose_scan_format(Element element, Metric metric, std::uint32_t dims) noexcept;

/// Bytes at the end of every code that are not needed for a first bound: 0 but for kSplit.
inline std::size_t tail_bytes(const Format& format) noexcept {
  return format.kind == CodeKind::kSplit ? half_bytes(format.dims) : 0;
}

/// Whether codes lose something, so that distances to them have a radius.
constexpr bool is_lossy(CodeKind kind) {
  return kind == CodeKind::kU8 || kind == CodeKind::kSplit || kind == CodeKind::kRotated;
}
/// Whether they are a U8Header and a byte a dimension.
constexpr bool has_levels(CodeKind kind) {
  return kind == CodeKind::kU8 || kind == CodeKind::kRotated;
}
/// Whether they stand for the rotated value.
constexpr bool is_rotated(CodeKind kind) {
  return kind == CodeKind::kSplit || kind == CodeKind::kRotated;
}

/// A distance to a code, in the unit the search orders by: squared for kL2, minus the dot product
/// for kInnerProduct and kCosine over lossy codes, else the operator's own unit.  Never NaN.
struct Scored {
  float distance;
  /// How far the operator's own result may be from what `distance` stands for, in the operator's
  /// unit; see Query::lower_bound.
  float radius;
};

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_FORMAT_H_

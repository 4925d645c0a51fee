// kernels/kernel_table.h
//
// The one table of plain functions that each instruction set fills in.
//
// Kernels take arrays and give a number.  They never fail, never allocate and may be called from
// any process.  Every pointer may have any alignment, both arguments may be the same array, and
// n = 0 gives 0.  Sums are taken in the stated type, in any order.
//
// Included by the per-ISA files: nothing but plain declarations may stand here (no inline
// function, no template), because whatever is compiled with -mavx512f must not be linked into
// code that runs elsewhere.

#ifndef VEC_KERNELS_KERNEL_TABLE_H_
#define VEC_KERNELS_KERNEL_TABLE_H_

#include <cstddef>
#include <cstdint>

namespace vec::kernels {

/// Bits of an IEEE 754 binary16 number.
using HalfBits = std::uint16_t;

/// The three sums that a cosine is made of.
struct CosineParts {
  float dot;  // sum a[i] * b[i]
  float aa;   // sum a[i]^2
  float bb;   // sum b[i]^2
};

/// Numbers of one bits.
struct BitCounts {
  std::uint64_t both;    // in a AND b
  std::uint64_t either;  // in a OR b
};

/// What a code keeps and loses of x.
struct DecodedSums {
  double norm_squared;   // sum of the squares of what it stands for
  double error_squared;  // sum of the squares of the differences
};

/// What integers keep and lose of x, element i of which stands for scale * integer[i].
struct RoundedSums {
  double error_squared;  // sum of the squares of the differences
  double sum;            // of the integers
  double norm_squared;   // of the integers
};

/// A sparse vector: `count` pairs, indices not negative and strictly ascending.
struct SparseView {
  const std::int32_t* indices;
  const float* values;
  std::size_t count;
};

/// Dense vectors of float32 and binary16.
struct FloatKernels {
  // float32.  Accumulate in float; relative error at most (n + 2) * 2^-23 of the sum of absolute
  // terms.  NaN if a term is NaN, +-inf on overflow.
  float (*l2_squared_f32)(const float* a, const float* b, std::size_t n) noexcept;
  float (*dot_f32)(const float* a, const float* b, std::size_t n) noexcept;
  CosineParts (*cosine_f32)(const float* a, const float* b, std::size_t n) noexcept;
  float (*l1_f32)(const float* a, const float* b, std::size_t n) noexcept;
  /// Sum of squares in double: each square of a float is exact there.
  double (*norm_squared_f32)(const float* a, std::size_t n) noexcept;

  // binary16: widened to float (exact), then as above.
  float (*l2_squared_f16)(const HalfBits* a, const HalfBits* b, std::size_t n) noexcept;
  float (*dot_f16)(const HalfBits* a, const HalfBits* b, std::size_t n) noexcept;
  CosineParts (*cosine_f16)(const HalfBits* a, const HalfBits* b, std::size_t n) noexcept;
  float (*l1_f16)(const HalfBits* a, const HalfBits* b, std::size_t n) noexcept;
  double (*norm_squared_f16)(const HalfBits* a, std::size_t n) noexcept;

  // Conversion.  to_f16 rounds to nearest, ties to even; from 65520 up it gives infinity; NaN
  // stays NaN.  Source and destination must not overlap.
  void (*f16_to_f32)(const HalfBits* from, float* to, std::size_t n) noexcept;
  void (*f32_to_f16)(const float* from, HalfBits* to, std::size_t n) noexcept;
};

/// Bit strings of n bytes.
struct BitKernels {
  std::uint64_t (*hamming)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept;
  BitCounts (*bit_counts)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept;
};

/// Sparse vectors: an index that one side lacks counts as zero there.  Accumulate in float, with
/// the error bound of the dense kernels over the union of the indices.
struct SparseKernels {
  float (*l2_squared_sparse)(SparseView a, SparseView b) noexcept;
  float (*dot_sparse)(SparseView a, SparseView b) noexcept;
  float (*l1_sparse)(SparseView a, SparseView b) noexcept;
};

/// The 8-bit codes of an index.  A code c with its lo and step stands for lo + step * c[i].
///
/// The integer kernels are exact and the same on every table; so is encode_u8, bit for bit, since
/// its results are stored.  The float kernels accumulate in float; their error is at most
/// (n + 4) * 2^-23 of the sum of |query[i]| + |lo| + 255 * |step| (of both sides for l1_u8_u8).
struct CodeKernels {
  /// Sum of code[i] * query[i].  The caller sees to it that 255 * sum |query[i]| < 2^31.
  std::int32_t (*dot_u8_i16)(const std::uint8_t* code, const std::int16_t* query,
                             std::size_t n) noexcept;
  /// Sum of a[i] * b[i], n at most 16000.
  std::int32_t (*dot_u8_u8)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept;
  /// Sum of |query[i] - (lo + step * code[i])|.
  float (*l1_f32_u8)(const float* query, const std::uint8_t* code, float lo, float step,
                     std::size_t n) noexcept;
  /// Sum of |(a_lo + a_step * a[i]) - (b_lo + b_step * b[i])|.
  float (*l1_u8_u8)(const std::uint8_t* a, float a_lo, float a_step, const std::uint8_t* b,
                    float b_lo, float b_step, std::size_t n) noexcept;

  // One query against `count` codes, out[k] for codes[k]: exactly what single calls give.  Codes
  // share the loads of the query, and while some are worked on the next ones are fetched.
  void (*dot_u8_i16_batch)(const std::uint8_t* const* codes, std::size_t count,
                           const std::int16_t* query, std::size_t n, std::int32_t* out) noexcept;
  void (*l1_f32_u8_batch)(const float* query, const std::uint8_t* const* codes, const float* lo,
                          const float* step, std::size_t count, std::size_t n, float* out) noexcept;

  /// One query against `count` codes of four bits a dimension, two in each of their `bytes` bytes:
  /// out[k] = sum over the bytes of low half * query[low] + high half * query[high].  For byte i
  /// low = i / 64 * 128 + i % 64 and high = low + 64; the query has 128 elements for every 64 bytes
  /// that are begun.  None is -128; at most 16000 bytes.
  void (*dot_u4_i8_batch)(const std::uint8_t* const* codes, std::size_t count,
                          const std::int8_t* query, std::size_t bytes, std::int32_t* out) noexcept;
  /// Sum of (16 * high half + low half) * query[i], under the limits of dot_u8_i16.  Halves lie two
  /// to a byte in blocks of 64 bytes, as for the function above; in a last block, of r dimensions,
  /// the high bits of byte i are those of dimension (r + 1) / 2 + i.
  std::int32_t (*dot_u4_u4_i16)(const std::uint8_t* high, const std::uint8_t* low,
                                const std::int16_t* query, std::size_t n) noexcept;

  /// Least and greatest element, none of which is NaN.  Zero comes out as +0; n = 0 gives 0, 0.
  void (*min_max_f32)(const float* x, std::size_t n, float* lo, float* hi) noexcept;
  /// code[i] = (x[i] - lo) * inverse_step, each operation rounded to float, held within 0 and 255,
  /// rounded to the nearest integer, ties to even.  NaN gives 0.
  void (*encode_u8)(const float* x, std::size_t n, float lo, float inverse_step,
                    std::uint8_t* code) noexcept;
  std::uint64_t (*sum_u8)(const std::uint8_t* code, std::size_t n) noexcept;
  /// Of lo + step * (code[i] >> shift), in double; exact but for a few of its last bits.
  DecodedSums (*decoded_sums)(const float* x, const std::uint8_t* code, std::size_t n, double lo,
                              double step, int shift) noexcept;

  /// out[i] = x[i] * factor, taken in double and rounded once.  `out` may be x.
  void (*scale_f32)(const float* x, std::size_t n, double factor, float* out) noexcept;

  // The next three are of doubles, exact but for a few of their last bits.

  /// Sum of |x[i]|.
  double (*absolute_sum_f32)(const float* x, std::size_t n) noexcept;
  /// out[i] = x[i] * inverse, held within -32767 and 32767 (-127 and 127), rounded to the nearest
  /// integer, ties to even.
  RoundedSums (*round_i16)(const float* x, std::size_t n, double scale, double inverse,
                           std::int16_t* out) noexcept;
  RoundedSums (*round_i8)(const float* x, std::size_t n, double scale, double inverse,
                          std::int8_t* out) noexcept;

  /// Changes the signs of those elements whose bit in `signs` is set (element i: bit i % 8 of byte
  /// i / 8), applies the Walsh-Hadamard matrix, and multiplies by the factor.  n is a power of two,
  /// at least 16.  In float, each of log2(n) passes rounding once; the same on every table, bit for
  /// bit.
  void (*hadamard_f32)(float* x, std::size_t n, const std::uint8_t* signs, float factor) noexcept;
};

/// Many vectors against many, for the builds of indexes.
///
/// The vectors of one side stand in panels of kPanelColumns: their first words side by side, then
/// their second ones, and so on.  A word is a float, or four bytes of a code; a panel is `words`
/// times kPanelColumns words.  Places of a panel that are not used hold zeros.
inline constexpr std::size_t kPanelColumns = 32;

/// What a distance takes from each column: arrays of one float a column.
struct ColumnTerms {
  const float* bias;
  const float* total;
  const float* lo;
  const float* step;
};
/// And from the row.
struct RowTerms {
  float bias, total, lo, step;
  float least;  // no distance is below it
};

struct PanelKernels {
  /// out[r * stride + p * kPanelColumns + c] = product of rows[r] and column c of panel p.
  /// A row has 4 * words bytes; words at most 4000.  Exact.
  void (*dot_u8_panels)(const std::uint8_t* const* rows, std::size_t row_count,
                        const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                        std::int32_t* out, std::size_t stride) noexcept;
  /// The same for rows whose bytes are at most 127 and columns of signed bytes from -63 to 63, as
  /// many of which can be summed in 16 bits as makes it twice as fast without VNNI.
  void (*dot_u7_panels)(const std::uint8_t* const* rows, std::size_t row_count,
                        const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                        std::int32_t* out, std::size_t stride) noexcept;
  /// The same for floats; a row has `words` of them.  Accumulates in float, in order.
  void (*dot_f32_panels)(const float* const* rows, std::size_t row_count, const float* panels,
                         std::size_t panel_count, std::size_t words, float* out,
                         std::size_t stride) noexcept;

  // From the products of one row to distances, n a multiple of kPanelColumns:
  //   out[c] = max(row.least, row.bias + bias[c] + row.total * total[c] + row.lo * lo[c]
  //                           + row.step * step[c] * products[c])
  // minima[k], k below kMinima, gets the least of the out[c] with c % kMinima = k, but NaN; +inf
  // if there is none.
  void (*distances_u8)(const std::int32_t* products, const ColumnTerms& columns,
                       const RowTerms& row, std::size_t n, float* out, float* minima) noexcept;
  /// The same with 1 for step[c]; total and lo are not used.
  void (*distances_f32)(const float* products, const ColumnTerms& columns, const RowTerms& row,
                        std::size_t n, float* out, float* minima) noexcept;
};
inline constexpr std::size_t kMinima = 64;

/// Some of many numbers, and their order: for whoever looks for the nearest.
struct SelectionKernels {
  /// Writes the places of the elements that are at most `limit`, ascending, and returns how many
  /// there are.  `out` has room for n + kPlacesSlack; what follows the places is overwritten.
  std::size_t (*places_up_to)(const float* x, std::size_t n, float limit,
                              std::uint32_t* out) noexcept;
  /// The same of those elements that are at most `limit` or at most their own: x[i] <= limits[i].
  std::size_t (*places_within)(const float* x, const float* limits, std::size_t n, float limit,
                               std::uint32_t* out) noexcept;
  /// A limit that at least `count` elements of x are not above, and not many more: of the minima of
  /// kMinima lanes (x[c] belongs to lane c % kMinima) about the count-th least.  The greatest float
  /// if fewer than `count` lanes have a finite number.  count at most kMinima.
  float (*limit_for)(const float* x, std::size_t n, std::size_t count) noexcept;
  /// places[i] = where in `list`, which has `count` elements, none of them twice, x[i] is; `count`
  /// if it is not there.
  void (*places_in_list)(const std::uint32_t* x, std::size_t n, const std::uint32_t* list,
                         std::size_t count, std::uint32_t* places) noexcept;
  /// to[c * to_stride + r] = from[r * from_stride + c], r below `rows`, c below `columns`, both
  /// multiples of 8.  The two must not overlap.
  void (*transpose)(const float* from, std::size_t from_stride, std::size_t rows,
                    std::size_t columns, float* to, std::size_t to_stride) noexcept;
  /// ranks[i] = how many elements come before x[i]: lesser ones, and equal ones with a lower place.
  /// No element is NaN.
  void (*ranks)(const float* x, std::size_t n, std::uint32_t* ranks) noexcept;
};
inline constexpr std::size_t kPlacesSlack = 16;

/// Everything.  The parts are bases, so that a per-ISA file can export one part and the callers
/// still write active().dot_f32(...).
struct KernelTable : FloatKernels,
                     BitKernels,
                     SparseKernels,
                     CodeKernels,
                     PanelKernels,
                     SelectionKernels {
  /// "scalar", "avx2", "avx512", "avx512-vnni", "avx512-popcnt", "avx512-amx" or
  /// "neon"; what VECTOR_SIMD names.
  const char* name;
};

}  // namespace vec::kernels

#endif  // VEC_KERNELS_KERNEL_TABLE_H_

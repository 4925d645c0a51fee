// pg/types/arguments.h
//
// The types' values as PostgreSQL hands them over.
//
// A value that lies inline is read where it lies, also behind a 1-byte header, where its elements
// are not aligned.  Only what is out of line or compressed is copied; the copy is freed when the
// view goes, because some callers (btree comparison) live in a context that is not reset per call,
// unless it is one that comes again (repeated_arguments.h).
// What the value says about its own size is compared with its real size, so that a damaged one is
// an error and never a read out of bounds.

#ifndef VEC_PG_TYPES_ARGUMENTS_H_
#define VEC_PG_TYPES_ARGUMENTS_H_

#include "core/vec/dense.h"
#include "core/vec/sparse.h"
#include "pg/boundary.h"
#include "pg/types/next_row.h"
#include "vector/halfvec.h"
#include "vector/sparsevec.h"
#include "vector/vector.h"

namespace vec::pg {

static_assert(VECTOR_MAX_DIM == kMaxDims && HALFVEC_MAX_DIM == kMaxDims);
static_assert(SPARSEVEC_MAX_DIM == kMaxSparseDims && SPARSEVEC_MAX_NNZ == kMaxNonZeros);
static_assert(offsetof(Vector, x) == 8 && offsetof(HalfVector, x) == 8);
static_assert(offsetof(SparseVector, indices) == 16);

/// Raises XX001; out of line, so that the checks cost a compare each.
[[noreturn]] void throw_corrupted(const char* type_name);

/// The bytes of a varlena value behind its header.
class VarlenaArg {
 public:
  explicit VarlenaArg(Datum datum) {
    const auto* value = reinterpret_cast<const varlena*>(DatumGetPointer(datum));
    if (VARATT_IS_4B_U(value)) [[likely]] {
      bytes_ = reinterpret_cast<const unsigned char*>(VARDATA_4B(value));
      size_ = VARSIZE_4B(value) - VARHDRSZ;
    } else {
      read_extended(const_cast<varlena*>(value));
    }
  }
  ~VarlenaArg() {
    if (owner_ != kCaller) [[unlikely]]
      give_back();
  }
  VarlenaArg(const VarlenaArg&) = delete;
  VarlenaArg& operator=(const VarlenaArg&) = delete;

  const unsigned char* bytes() const { return bytes_; }
  std::size_t size() const { return size_; }
  void fetch_next_row() const { pg::fetch_next_row(bytes_, size_); }

  template <class Word>
  Word word_at(std::size_t offset) const {
    Word word;
    std::memcpy(&word, bytes_ + offset, sizeof word);
    return word;
  }

 private:
  static constexpr int kCaller = -2;
  static constexpr int kThis = -1;

  void read_extended(varlena* value);
  void give_back();

  const unsigned char* bytes_;
  std::size_t size_;
  int owner_ = kCaller;  // of the bytes; not negative: the number of a kept argument
};

/// A vector (T = float) or halfvec (T = HalfBits).
template <class T>
class DenseArg {
 public:
  explicit DenseArg(Datum datum) : value_(datum) {
    constexpr std::size_t kHeader = 4;  // dim and unused
    if (value_.size() <= kHeader) [[unlikely]]
      throw_corrupted(Element<T>::kTypeName);
    dims_ = value_.template word_at<std::int16_t>(0);
    if (dims_ < 1 || dims_ > kMaxDims ||
        value_.size() != kHeader + static_cast<std::size_t>(dims_) * sizeof(T)) [[unlikely]] {
      throw_corrupted(Element<T>::kTypeName);
    }
  }
  DenseArg(FunctionCallInfo fcinfo, int i) : DenseArg(PG_GETARG_DATUM(i)) {}

  int dims() const { return dims_; }
  void fetch_next_row() const { value_.fetch_next_row(); }
  std::size_t size() const { return static_cast<std::size_t>(dims_); }
  /// For kernels, which take any alignment.
  const T* data() const { return view().data(); }
  DenseView<T> view() const { return {value_.bytes() + 4, dims_}; }

 private:
  VarlenaArg value_;
  int dims_;
};

/// A sparsevec.
class SparseArg {
 public:
  explicit SparseArg(Datum datum) : value_(datum) {
    constexpr std::size_t kHeader = 12;  // dim, nnz and unused
    if (value_.size() < kHeader) [[unlikely]]
      throw_corrupted(kSparseName);
    dims_ = value_.word_at<std::int32_t>(0);
    count_ = value_.word_at<std::int32_t>(4);
    if (dims_ < 1 || dims_ > kMaxSparseDims || count_ < 0 || count_ > kMaxNonZeros ||
        value_.size() != kHeader + static_cast<std::size_t>(count_) * 8) [[unlikely]] {
      throw_corrupted(kSparseName);
    }
  }
  SparseArg(FunctionCallInfo fcinfo, int i) : SparseArg(PG_GETARG_DATUM(i)) {}

  int dims() const { return dims_; }
  void fetch_next_row() const { value_.fetch_next_row(); }
  SparseVectorView view() const { return {value_.bytes() + 12, count_, dims_}; }

 private:
  VarlenaArg value_;
  int dims_;
  int count_;
};

/// A core bit or varbit.
class BitArg {
 public:
  explicit BitArg(Datum datum) : value_(datum) {
    constexpr std::size_t kHeader = 4;  // bit_len
    if (value_.size() < kHeader) [[unlikely]]
      throw_corrupted("bit");
    length_ = value_.word_at<std::int32_t>(0);
    if (length_ < 0 || value_.size() != kHeader + byte_count()) [[unlikely]]
      throw_corrupted("bit");
  }
  BitArg(FunctionCallInfo fcinfo, int i) : BitArg(PG_GETARG_DATUM(i)) {}

  int length() const { return length_; }
  void fetch_next_row() const { value_.fetch_next_row(); }
  std::size_t byte_count() const { return (static_cast<std::size_t>(length_) + 7) / 8; }
  const unsigned char* data() const { return value_.bytes() + 4; }

 private:
  VarlenaArg value_;
  int length_;
};

/// The type modifier of a cast or input function; -1 if there is none.
inline int typmod_arg(FunctionCallInfo fcinfo, int i) { return PG_GETARG_INT32(i); }

}  // namespace vec::pg

#endif  // VEC_PG_TYPES_ARGUMENTS_H_

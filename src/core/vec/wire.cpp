#include "core/vec/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vec::wire {

namespace {

std::uint16_t swap_bytes(std::uint16_t word) { return __builtin_bswap16(word); }
std::uint32_t swap_bytes(std::uint32_t word) { return __builtin_bswap32(word); }

template <class Word>
Word host_order(Word word) {
  return std::endian::native == std::endian::big ? word : swap_bytes(word);
}

/// n big-endian words to host words, or back: it is the same.  The two may not overlap.
template <class Word>
void convert_words(const void* from, void* to, std::size_t n) {
  const auto* source = static_cast<const unsigned char*>(from);
  auto* target = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < n; ++i) {
    Word word;
    std::memcpy(&word, source + i * sizeof word, sizeof word);
    word = host_order(word);
    std::memcpy(target + i * sizeof word, &word, sizeof word);
  }
}

template <class T>
using WordOf = std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint32_t>;

/// Takes words from the front of a message.
class Reader {
 public:
  explicit Reader(Bytes message) : rest_(message) {}

  template <class Word>
  Word take() {
    Word word;
    if (rest_.size() < sizeof word) throw_truncated();
    convert_words<Word>(rest_.data(), &word, 1);
    rest_ = rest_.subspan(sizeof word);
    return word;
  }

  /// Up to n of the words that are there.  Returns how many.
  template <class Word>
  std::size_t take_some(void* to, std::size_t n) {
    n = std::min(n, rest_.size() / sizeof(Word));
    convert_words<Word>(rest_.data(), to, n);
    rest_ = rest_.subspan(n * sizeof(Word));
    return n;
  }

  [[noreturn]] static void throw_truncated() {
    // PostgreSQL's own words for a message that ends too early.
    throw Error(ErrorCode::kProtocolViolation, "insufficient data left in message");
  }

 private:
  Bytes rest_;
};

void check_unused(int unused) {
  if (unused != 0) {
    throw Error(ErrorCode::kDataException, "expected unused to be 0, not %d", unused);
  }
}

constexpr std::uint32_t kInfinity32 = 0x7f800000;
constexpr std::uint16_t kInfinity16 = 0x7c00;

bool is_finite(float value) {
  return (std::bit_cast<std::uint32_t>(value) & kInfinity32) != kInfinity32;
}
bool is_finite(HalfBits bits) { return (bits & kInfinity16) != kInfinity16; }

template <class T>
void check_finite(const T* values, std::size_t n) {
  int bad = 0;
  for (std::size_t i = 0; i < n; ++i) bad |= !is_finite(values[i]);
  if (!bad) return;
  for (std::size_t i = 0; i < n; ++i) {
    if (is_finite(values[i])) continue;
    float value;
    widen(DenseView<T>(&values[i], 1), &value);
    check_element(Element<T>::kTypeName, value);
  }
}

}  // namespace

template <class T>
int decode_dense(Bytes message, int typmod, T* values) {
  Reader reader(message);
  // Signed, as clients know it from the messages: 0xffff is -1.
  const int dims = static_cast<std::int16_t>(reader.take<std::uint16_t>());
  const int unused = static_cast<std::int16_t>(reader.take<std::uint16_t>());
  check_dims<T>(dims);
  check_expected_dims(typmod, dims);
  check_unused(unused);
  const auto wanted = static_cast<std::size_t>(dims);
  const std::size_t taken = reader.take_some<WordOf<T>>(values, wanted);
  check_finite(values, taken);
  if (taken < wanted) Reader::throw_truncated();
  return dims;
}

template <class T>
void encode_dense(DenseView<T> view, std::uint8_t* out) {
  const auto dims = static_cast<std::uint16_t>(view.dims());
  const std::uint16_t unused = 0;
  convert_words<std::uint16_t>(&dims, out, 1);
  convert_words<std::uint16_t>(&unused, out + 2, 1);
  convert_words<WordOf<T>>(view.data(), out + 4, view.size());
}

SparseDecoded decode_sparse(Bytes message, int typmod, std::int32_t* indices, float* values) {
  Reader reader(message);
  const auto dims = static_cast<std::int32_t>(reader.take<std::uint32_t>());
  const auto count = static_cast<std::int32_t>(reader.take<std::uint32_t>());
  const auto unused = static_cast<std::int32_t>(reader.take<std::uint32_t>());
  check_sparse_dims(dims);
  check_non_zeros(count);
  if (count > dims) {
    throw Error(ErrorCode::kProgramLimitExceeded,
                "sparsevec cannot have more elements than dimensions");
  }
  check_expected_dims(typmod, dims);
  check_unused(unused);

  const auto wanted = static_cast<std::size_t>(count);
  std::size_t taken = reader.take_some<std::uint32_t>(indices, wanted);
  for (std::size_t i = 0; i < taken; ++i) {
    if (indices[i] < 0 || indices[i] >= dims) {
      throw Error(ErrorCode::kDataException, "sparsevec index out of bounds");
    }
    if (i == 0 || indices[i] > indices[i - 1]) continue;
    throw Error(ErrorCode::kDataException, indices[i] < indices[i - 1]
                                               ? "sparsevec indices must be in ascending order"
                                               : "sparsevec indices must not contain duplicates");
  }
  if (taken < wanted) Reader::throw_truncated();

  taken = reader.take_some<std::uint32_t>(values, wanted);
  for (std::size_t i = 0; i < taken; ++i) {
    check_element(kSparseName, values[i]);
    if (values[i] == 0) {
      throw Error(ErrorCode::kDataException,
                  "binary representation of sparsevec cannot contain zero values");
    }
  }
  if (taken < wanted) Reader::throw_truncated();
  return SparseDecoded{dims, count};
}

void encode_sparse(SparseVectorView view, std::uint8_t* out) {
  const std::int32_t header[3] = {view.dims(), view.count(), 0};
  const auto count = static_cast<std::size_t>(view.count());
  const kernels::SparseView parts = view.for_kernels();
  convert_words<std::uint32_t>(header, out, 3);
  convert_words<std::uint32_t>(parts.indices, out + 12, count);
  convert_words<std::uint32_t>(parts.values, out + 12 + count * 4, count);
}

template int decode_dense<float>(Bytes, int, float*);
template int decode_dense<HalfBits>(Bytes, int, HalfBits*);
template void encode_dense<float>(DenseView<float>, std::uint8_t*);
template void encode_dense<HalfBits>(DenseView<HalfBits>, std::uint8_t*);

}  // namespace vec::wire

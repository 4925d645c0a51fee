// test/support/input_properties.h
//
// What must hold for any input, however broken: it is either refused with an Error, or taken, and
// then text and binary forms lead back to the same bits.  Each function returns whether the input
// was taken, and throws std::logic_error where something does not hold.  Used by the random tests
// and by the fuzz targets.

#ifndef VEC_TEST_SUPPORT_INPUT_PROPERTIES_H_
#define VEC_TEST_SUPPORT_INPUT_PROPERTIES_H_

#include <bit>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/text/dense_text.h"
#include "core/text/sparse_text.h"
#include "core/vec/wire.h"

namespace vec::test {

/// Shortest decimal, as PostgreSQL's formatter gives it up to the choice of notation.
inline int format_number(float value, char* out) {
  return static_cast<int>(std::to_chars(out, out + text::kMaxNumberChars, value).ptr - out);
}

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Messages are for people: there is one, on one line of its own making.
inline bool refused(const Error& error) {
  require(!error.message().empty(), "an error without a message");
  require(error.code() != ErrorCode::kInternal, "an internal error");
  return false;
}

template <class T>
bool same_bits(const T* a, const T* b, int n) {
  return n == 0 || std::memcmp(a, b, static_cast<std::size_t>(n) * sizeof(T)) == 0;
}

template <class T>
void check_dense_round_trips(const T* values, int dims) {
  // One byte off, so that nothing relies on alignment.
  std::vector<unsigned char> moved(static_cast<std::size_t>(dims) * sizeof(T) + 1);
  std::memcpy(moved.data() + 1, values, moved.size() - 1);
  const DenseView<T> view(moved.data() + 1, dims);

  std::vector<char> text(text::dense_text_bytes(dims));
  const char* end = text::print_dense(view, format_number, text.data());
  require(end < text.data() + text.size() && *end == '\0', "the text is longer than announced");
  static float floats[kMaxDims];
  require(text::parse_dense<T>(text.data(), floats) == dims, "dimensions differ after text");
  std::vector<T> again(static_cast<std::size_t>(dims));
  narrow(floats, dims, again.data());
  require(same_bits(again.data(), values, dims), "elements differ after text");

  std::vector<std::uint8_t> message(wire::dense_bytes<T>(dims));
  wire::encode_dense(view, message.data());
  static T decoded[kMaxDims];
  require(wire::decode_dense(message, dims, decoded) == dims, "dimensions differ after binary");
  require(same_bits(decoded, values, dims), "elements differ after binary");
  require(compare(view, DenseView<T>(decoded, dims)) == 0, "a value differs from itself");
}

template <class T>
bool check_dense_text(const char* literal) {
  static float floats[kMaxDims];
  int dims;
  try {
    dims = text::parse_dense<T>(literal, floats);
  } catch (const Error& error) {
    return refused(error);
  }
  require(dims >= 1 && dims <= kMaxDims, "dimensions out of range");
  std::vector<T> values(static_cast<std::size_t>(dims));
  narrow(floats, dims, values.data());
  check_dense_round_trips(values.data(), dims);
  return true;
}

template <class T>
bool check_dense_message(wire::Bytes message) {
  static T values[kMaxDims];
  int dims;
  try {
    dims = wire::decode_dense(message, -1, values);
  } catch (const Error& error) {
    return refused(error);
  }
  require(wire::dense_bytes<T>(dims) <= message.size(), "more was read than there is");
  std::vector<std::uint8_t> again(wire::dense_bytes<T>(dims));
  wire::encode_dense(DenseView<T>(values, dims), again.data());
  require(std::memcmp(again.data(), message.data(), again.size()) == 0, "bytes differ");
  check_dense_round_trips<T>(values, dims);
  return true;
}

inline void check_sparse_round_trips(const std::int32_t* indices, const float* values, int count,
                                     int dims) {
  require(dims >= 1 && dims <= kMaxSparseDims, "dimensions out of range");
  require(count >= 0 && count <= kMaxNonZeros && count <= dims, "count out of range");
  for (int i = 0; i < count; ++i) {
    require(indices[i] >= 0 && indices[i] < dims, "index out of range");
    require(i == 0 || indices[i] > indices[i - 1], "indices out of order");
    require(values[i] != 0 && std::isfinite(values[i]), "zero or not finite");
  }
  const auto n = static_cast<std::size_t>(count);
  std::vector<unsigned char> stored(n * 8 + 1);
  if (n > 0) {
    std::memcpy(stored.data() + 1, indices, n * 4);
    std::memcpy(stored.data() + 1 + n * 4, values, n * 4);
  }
  const SparseVectorView view(stored.data() + 1, count, dims);

  std::vector<char> text(text::sparse_text_bytes(count));
  const char* end = text::print_sparse(view, format_number, text.data());
  require(end < text.data() + text.size() && *end == '\0', "the text is longer than announced");
  static SparseEntry entries[kMaxNonZeros];
  const auto parsed = text::parse_sparse(text.data(), dims, entries);
  require(parsed.dims == dims && parsed.count == count, "shape differs after text");
  for (std::size_t i = 0; i < n; ++i) {
    require(entries[i].index == indices[i] && same_bits(&entries[i].value, &values[i], 1),
            "an element differs after text");
  }

  std::vector<std::uint8_t> message(wire::sparse_bytes(count));
  wire::encode_sparse(view, message.data());
  static std::int32_t decoded_indices[kMaxNonZeros];
  static float decoded_values[kMaxNonZeros];
  const auto decoded = wire::decode_sparse(message, dims, decoded_indices, decoded_values);
  require(decoded.dims == dims && decoded.count == count, "shape differs after binary");
  require(same_bits(decoded_indices, indices, count) && same_bits(decoded_values, values, count),
          "elements differ after binary");
  require(compare(view, view) == 0, "a value differs from itself");
}

inline bool check_sparse_text(const char* literal) {
  static SparseEntry entries[kMaxNonZeros];
  text::SparseParsed parsed;
  try {
    parsed = text::parse_sparse(literal, -1, entries);
  } catch (const Error& error) {
    return refused(error);
  }
  const auto n = static_cast<std::size_t>(parsed.count);
  std::vector<std::int32_t> indices(n);
  std::vector<float> values(n);
  store_entries({entries, n}, indices.data(), values.data());
  check_sparse_round_trips(indices.data(), values.data(), parsed.count, parsed.dims);
  return true;
}

inline bool check_sparse_message(wire::Bytes message) {
  static std::int32_t indices[kMaxNonZeros];
  static float values[kMaxNonZeros];
  wire::SparseDecoded decoded;
  try {
    decoded = wire::decode_sparse(message, -1, indices, values);
  } catch (const Error& error) {
    return refused(error);
  }
  require(wire::sparse_bytes(decoded.count) <= message.size(), "more was read than there is");
  check_sparse_round_trips(indices, values, decoded.count, decoded.dims);
  return true;
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_INPUT_PROPERTIES_H_

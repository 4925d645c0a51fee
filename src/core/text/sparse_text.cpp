#include "core/text/sparse_text.h"

#include <charconv>
#include <string>

namespace vec::text {

namespace {

Error syntax_error(const char* literal) {
  return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"",
               kSparseName, literal);
}

/// At least as many as there are elements, found before any is read.
void check_element_count(const char* literal) {
  std::int64_t count = 1;
  for (const char* at = literal; *at != '\0'; ++at) count += *at == ',';
  check_non_zeros(count);
}

/// index ws ':' ws number; `at` moves behind it.
SparseEntry read_entry(const char* literal, const char*& at) {
  const Integer index = read_integer(at);
  if (index.end == at) throw syntax_error(literal);
  at = skip_space(index.end);
  if (*at != ':') throw syntax_error(literal);
  at = skip_space(at + 1);

  const Number number = read_number(at);
  if (number.end == at) throw syntax_error(literal);
  // Unlike the dense types: a number too small to be told from zero is an error, too, because the
  // element would vanish.
  if (number.out_of_range && (number.value == 0 || std::isinf(number.value))) {
    throw Error(ErrorCode::kNumericValueOutOfRange, "\"%s\" is out of range for type %s",
                std::string(at, number.end).c_str(), kSparseName);
  }
  check_element(kSparseName, number.value);
  at = number.end;
  return SparseEntry{index.value - 1, number.value};
}

/// Everything up to and with '}'; returns how many entries are not zero.
int read_entries(const char* literal, const char*& at,
                 std::span<SparseEntry, kMaxNonZeros> entries) {
  at = skip_space(at);
  if (*at == '}') {
    ++at;
    return 0;
  }
  std::size_t count = 0;
  for (;;) {
    const SparseEntry entry = read_entry(literal, at);
    if (entry.value != 0) {
      VEC_ASSERT(count < entries.size());  // check_element_count
      entries[count++] = entry;
    }
    at = skip_space(at);
    const char separator = *at++;
    if (separator == '}') return static_cast<int>(count);
    if (separator != ',') throw syntax_error(literal);
    at = skip_space(at);
  }
}

char* print_integer(int value, char* out) { return std::to_chars(out, out + 11, value).ptr; }

}  // namespace

SparseParsed parse_sparse(const char* literal, int typmod,
                          std::span<SparseEntry, kMaxNonZeros> entries) {
  check_element_count(literal);
  const char* at = skip_space(literal);
  if (*at != '{') {
    throw syntax_error(literal).with_detail("Vector contents must start with \"{\".");
  }
  ++at;
  const int count = read_entries(literal, at, entries);

  at = skip_space(at);
  if (*at != '/') throw syntax_error(literal).with_detail("Unexpected end of input.");
  at = skip_space(at + 1);
  const Integer dims = read_integer(at);
  if (dims.end == at) throw syntax_error(literal);
  if (*skip_space(dims.end) != '\0') {
    throw syntax_error(literal).with_detail("Junk after closing.");
  }
  check_sparse_dims(dims.value);
  check_expected_dims(typmod, dims.value);
  sort_and_check(entries.first(static_cast<std::size_t>(count)), dims.value);
  return SparseParsed{dims.value, count};
}

char* print_sparse(SparseVectorView view, NumberFormatter format, char* out) {
  *out++ = '{';
  for (int i = 0; i < view.count(); ++i) {
    if (i > 0) *out++ = ',';
    // From 1.  Unsigned, so that a corrupt index is printed and not computed with.
    out = std::to_chars(out, out + 11, static_cast<std::uint32_t>(view.index(i)) + 1).ptr;
    *out++ = ':';
    out += format(view.value(i), out);
  }
  *out++ = '}';
  *out++ = '/';
  out = print_integer(view.dims(), out);
  *out = '\0';
  return out;
}

}  // namespace vec::text

#include "core/text/dense_text.h"

#include <algorithm>
#include <string>

namespace vec::text {

namespace {

Error syntax_error(const char* type_name, const char* literal) {
  return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"",
               type_name, literal);
}

}  // namespace

template <class T>
int parse_dense(const char* literal, std::span<float, kMaxDims> values) {
  constexpr const char* kName = Element<T>::kTypeName;
  const char* at = skip_space(literal);
  if (*at != '[') {
    throw syntax_error(kName, literal).with_detail("Vector contents must start with \"[\".");
  }
  at = skip_space(at + 1);
  if (*at == ']') check_dims<T>(0);

  int dims = 0;
  for (;;) {
    if (dims == kMaxDims) check_dims<T>(kMaxDims + 1);
    const Number number = read_number(at);
    if (number.end == at) throw syntax_error(kName, literal);
    // Numbers too small to be told from zero are taken as zero, those too large are not.
    const bool given_as_infinite = std::isinf(number.value) && !number.out_of_range;
    if (overflows<T>(number.value) && !given_as_infinite) {
      throw Error(ErrorCode::kNumericValueOutOfRange, "\"%s\" is out of range for type %s",
                  std::string(at, number.end).c_str(), kName);
    }
    check_element(kName, number.value);
    values[static_cast<std::size_t>(dims++)] = number.value;

    at = skip_space(number.end);
    if (*at == ',') {
      at = skip_space(at + 1);
    } else if (*at == ']') {
      break;
    } else {
      throw syntax_error(kName, literal);
    }
  }

  at = skip_space(at + 1);
  if (*at != '\0') throw syntax_error(kName, literal).with_detail("Junk after closing right brace.");
  return dims;
}

template <class T>
char* print_dense(DenseView<T> view, NumberFormatter format, char* out) {
  constexpr int kBlock = 256;
  float values[kBlock];
  *out++ = '[';
  for (int first = 0; first < view.dims(); first += kBlock) {
    const int n = std::min(kBlock, view.dims() - first);
    widen(view.part(first, n), values);
    for (int i = 0; i < n; ++i) {
      out += format(values[i], out);
      *out++ = ',';
    }
  }
  out[-1] = ']';  // in place of the last comma; there is one, as there is an element
  *out = '\0';
  return out;
}

template int parse_dense<float>(const char*, std::span<float, kMaxDims>);
template int parse_dense<HalfBits>(const char*, std::span<float, kMaxDims>);
template char* print_dense<float>(DenseView<float>, NumberFormatter, char*);
template char* print_dense<HalfBits>(DenseView<HalfBits>, NumberFormatter, char*);

}  // namespace vec::text

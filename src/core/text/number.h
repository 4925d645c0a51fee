// core/text/number.h
//
// Reading and writing one number of a literal.

#ifndef VEC_CORE_TEXT_NUMBER_H_
#define VEC_CORE_TEXT_NUMBER_H_

namespace vec::text {

/// White space of every literal.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline const char* skip_space(const char* at) {
  while (is_space(*at)) ++at;
  return at;
}

/// What strtof(3) in the C locale makes of a token.
struct Number {
  float value;
  const char* end;  // first character after the token; where it began if there is no number
  bool out_of_range;  // ERANGE: `value` is infinite, or zero or subnormal
};

/// Reads the number at `at`, which is NUL-terminated and does not begin with white space.  The same
/// value, end and range as strtof, but without its cost for common decimal numbers.
Number read_number(const char* at);

/// The same for strtol(3) in base 10, clamped to what an int can hold, one less at the lower end:
/// the caller may subtract 1.
struct Integer {
  int value;
  const char* end;
};
Integer read_integer(const char* at);

/// Writes the shortest decimal that reads back as `value`, without a NUL, and returns its length,
/// at most kMaxNumberChars.  PostgreSQL has one (float_to_shortest_decimal_bufn); it comes in as an
/// argument because core does not know PostgreSQL.
using NumberFormatter = int (*)(float value, char* out);
inline constexpr int kMaxNumberChars = 16;

}  // namespace vec::text

#endif  // VEC_CORE_TEXT_NUMBER_H_

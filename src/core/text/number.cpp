#include "core/text/number.h"

#include <bit>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>

namespace vec::text {

namespace {

// All that a double holds exactly.
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxPower = 22;
constexpr int kMaxDigits = 19;  // fewer than 2^64

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// [-]digits[.digits][e[+-]digits], correctly rounded, or false where that is not certain.
///
/// The digits as an integer, times or divided by a power of ten, are within two units of the last
/// place of a double.  Rounding that to float gives the float nearest to the literal unless the
/// double lies as close as that to the middle of two floats: 29 of its bits are dropped, so that
/// happens once in 2^26 for arbitrary digits.
bool read_plain(const char* at, Number& number) {
  const bool negative = *at == '-';
  at += negative;

  std::uint64_t digits = 0;
  const char* const integer = at;
  while (is_digit(*at)) digits = digits * 10 + static_cast<unsigned>(*at++ - '0');
  std::ptrdiff_t count = at - integer;
  int power = 0;
  if (*at == '.') {
    const char* const fraction = ++at;
    while (is_digit(*at)) digits = digits * 10 + static_cast<unsigned>(*at++ - '0');
    if (at - fraction > kMaxDigits) return false;
    power = -static_cast<int>(at - fraction);
    count += at - fraction;
  }
  if (count == 0 || count > kMaxDigits) return false;

  if (*at == 'e' || *at == 'E') {
    ++at;
    const bool minus = *at == '-';
    if (*at == '-' || *at == '+') ++at;
    if (!is_digit(*at)) return false;
    int exponent = *at++ - '0';
    if (is_digit(*at)) exponent = exponent * 10 + (*at++ - '0');
    if (is_digit(*at)) return false;
    power += minus ? -exponent : exponent;
  } else if (*at == 'x' || *at == 'X') {
    return false;  // a hexadecimal number
  }
  if (power < -kMaxPower || power > kMaxPower) return false;

  double value = static_cast<double>(digits);
  if (power < 0) {
    value /= kPowersOfTen[-power];
  } else {
    value *= kPowersOfTen[power];
  }
  if (value > 1e38) return false;  // may be out of range; the least value, 1e-22, never is
  constexpr std::int64_t kDropped = (std::int64_t{1} << 29) - 1;
  constexpr std::int64_t kMiddle = std::int64_t{1} << 28;
  const std::int64_t from_middle =
      (std::bit_cast<std::int64_t>(value) & kDropped) - kMiddle;
  if (from_middle >= -4 && from_middle <= 4) return false;

  const float magnitude = static_cast<float>(value);
  number = Number{negative ? -magnitude : magnitude, at, false};
  return true;
}

}  // namespace

Number read_number(const char* at) {
  Number number;
  if (read_plain(at, number)) return number;
  // LC_NUMERIC is "C" in a PostgreSQL process, as it is in a program that never set a locale.
  char* end;
  errno = 0;
  const float value = std::strtof(at, &end);
  return Number{value, end, errno == ERANGE};
}

Integer read_integer(const char* at) {
  char* end;
  errno = 0;
  const long value = std::strtol(at, &end, 10);
  if (value > INT_MAX) return Integer{INT_MAX, end};
  if (value < -INT_MAX) return Integer{-INT_MAX, end};
  return Integer{static_cast<int>(value), end};
}

}  // namespace vec::text

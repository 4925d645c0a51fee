#include "core/text/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <climits>
#include <cstdlib>
#include <string>

#include "support/random_literals.h"

namespace vec::text {
namespace {

/// Value, end and range must be those of strtof.
void expect_as_strtof(const std::string& text) {
  char* end;
  errno = 0;
  const float value = std::strtof(text.c_str(), &end);
  const bool out_of_range = errno == ERANGE;
  const Number number = read_number(text.c_str());
  ASSERT_EQ(number.end - text.c_str(), end - text.c_str()) << text;
  if (std::isnan(value)) {
    ASSERT_TRUE(std::isnan(number.value)) << text;
  } else {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(number.value), std::bit_cast<std::uint32_t>(value))
        << text;
  }
  // Only a zero or an infinity makes a difference to callers.
  if (value == 0 || std::isinf(value)) {
    ASSERT_EQ(number.out_of_range, out_of_range) << text;
  }
}

TEST(Number, IsWhatStrtofReads) {
  for (const char* text :
       {"", "-", "+", ".", "-.", "0", "-0", "+0", "1", "1.", ".5", "-.5", "1.5.5", "1e", "1e+", "1e-",
        "1e5", "1E5", "1e05", "1e005", "1e+38", "1e38", "9e37", "1e39", "1e-22", "1e-23", "1e-45",
        "1e-46", "0e999", "0x", "0x1", "0x1p4", "0X.8P-3", "0x1p200", "1x", "inf", "INFINITY", "infi",
        "nan", "nan(1)", "NaN(", "1,2", "1]", "1 2", "12345678901234567890", "1234567890123456789",
        "0.1234567890123456789", "0.12345678901234567890", "16777217", "16777217.000000001",
        "16777216.999999999", "33554433", "0.1", "3.4028235e38", "3.4028235677973366e38",
        "3.4028235677973365e38", "1.17549435e-38", "00000000000000000000001", "1_000", "1e1000",
        "1e-1000", "99999999999999999999999", "--1", "+-1", " 1"}) {
    expect_as_strtof(text);
  }
}

TEST(Number, IsWhatStrtofReadsForRandomText) {
  test::RandomInput random(7);
  for (int i = 0; i < 1'000'000; ++i) expect_as_strtof(random.number());
}

TEST(Number, IsWhatStrtofReadsNearTheMiddleOfTwoFloats) {
  test::RandomInput random(8);
  for (int i = 0; i < 300'000; ++i) {
    // Exponents whose decimals are short enough for the fast way.
    const std::uint32_t bits = (127 - 20 + random.below(60)) << 23 | random.below(1 << 23);
    const double lower = std::bit_cast<float>(bits), upper = std::bit_cast<float>(bits + 1);
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", static_cast<int>(7 + random.below(13)),
                  (lower + upper) / 2);
    expect_as_strtof(text);
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(random.below(19)),
                  (lower + upper) / 2);
    expect_as_strtof(text);
  }
}

TEST(Integer, IsClampedToInt) {
  EXPECT_EQ(read_integer("12:").value, 12);
  EXPECT_EQ(read_integer(" -12").value, -12);
  EXPECT_EQ(read_integer("2147483648").value, INT_MAX);
  EXPECT_EQ(read_integer("99999999999999999999").value, INT_MAX);
  EXPECT_EQ(read_integer("-2147483648").value, -INT_MAX);
  EXPECT_EQ(read_integer("-99999999999999999999").value, -INT_MAX);
  const char* none = "x";
  EXPECT_EQ(read_integer(none).end, none);
}

}  // namespace
}  // namespace vec::text

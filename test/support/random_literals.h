// test/support/random_literals.h
//
// Literals and messages for the input functions, valid and broken, from a seed.

#ifndef VEC_TEST_SUPPORT_RANDOM_LITERALS_H_
#define VEC_TEST_SUPPORT_RANDOM_LITERALS_H_

#include <bit>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace vec::test {

class RandomInput {
 public:
  explicit RandomInput(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((random_() >> 32) * n >> 32);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  /// A token that strtof may or may not take.
  std::string number() {
    char text[64];
    switch (below(24)) {
      case 0:
        return pick({"nan", "NaN(1)", "inf", "-Infinity", "", "-", "+", ".", "e5", "1e", "0x", "1e+", "0x1p", "infi"});
      case 1:
        return pick({"1e-46", "-1e-46", "7e-46", "1e-400", "3.4028235e38", "3.4028236e38", "1e39",
                     "-1e400", "65504", "65519.996", "65520", "-65520", "1e-8", "5.9604645e-8",
                     "2.9802322e-08", "16777217", "0.000000000000000000000000000000000000001"});
      case 2:  // any float, in full
        std::snprintf(text, sizeof text, "%.9g", std::bit_cast<float>(static_cast<std::uint32_t>(random_())));
        return text;
      case 3:
        std::snprintf(text, sizeof text, "%a", static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(random_()))));
        return text;
      case 4:
      case 5:  // any digits
        return digits(below(25)) + "." + digits(below(25));
      case 6:
        return digits(1 + below(20)) + (one_in(2) ? "e-" : "e") + digits(1 + below(3));
      case 7:
        return std::to_string(below(100000));
      case 8:  // zero, often
        return pick({"0", "-0", "0.0", "0e5", "-0.000"});
      default:  // what embeddings look like
        std::snprintf(text, sizeof text, "%.*g", static_cast<int>(3 + below(16)),
                      static_cast<double>(static_cast<std::int64_t>(random_())) * 0x1p-63);
        return text;
    }
  }

  std::string space() {
    std::string text;
    while (one_in(6)) text += " \t\n\r\v\f"[below(6)];
    return text;
  }

  std::string dense_literal() {
    std::string text = space() + "[";
    const std::uint32_t n = size();
    for (std::uint32_t i = 0; i < n; ++i) {
      text += space() + number() + space() + (i + 1 < n ? "," : "");
    }
    return damage(text + "]" + space());
  }

  std::string sparse_literal() {
    const std::uint32_t n = size();
    const std::uint32_t dims = one_in(10) ? below(2'000'000'000) : n + 1 + below(40);
    std::string text = space() + "{";
    std::uint32_t index = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      index = one_in(20) ? below(dims + 2) : index + 1 + below(3);
      text += space() + std::to_string(index) + space() + ":" + space() + number() + space() +
              (i + 1 < n ? "," : "");
    }
    return damage(text + "}" + space() + "/" + space() + std::to_string(dims) + space());
  }

  /// `width` is the bytes of an element.
  std::vector<std::uint8_t> dense_message(std::uint32_t width) {
    const std::uint32_t n = size();
    std::vector<std::uint8_t> bytes;
    append(bytes, one_in(30) ? below(65536) : n, 2);
    append(bytes, one_in(50) ? below(65536) : 0, 2);
    for (std::uint32_t i = 0; i < n; ++i) {
      // Mostly finite: an exponent that is not all ones.
      const std::uint32_t usual = width == 2 ? 0xbbff : 0xbfffffff;
      append(bytes, static_cast<std::uint32_t>(random_()) & (one_in(200) ? 0xffffffff : usual), width);
    }
    return damage_bytes(bytes);
  }

  std::vector<std::uint8_t> sparse_message() {
    const std::uint32_t n = size();
    std::vector<std::uint8_t> bytes;
    append(bytes, one_in(30) ? static_cast<std::uint32_t>(random_()) : 3 * n + 1 + below(9), 4);
    append(bytes, one_in(30) ? below(20000) : n, 4);
    append(bytes, one_in(50) ? static_cast<std::uint32_t>(random_()) : 0, 4);
    std::uint32_t index = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      append(bytes, index, 4);
      index += one_in(100) ? below(5) - 2 : 1 + below(3);
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      append(bytes, static_cast<std::uint32_t>(random_()) & (one_in(200) ? 0xffffffff : 0xbfffffff), 4);
    }
    return damage_bytes(bytes);
  }

 private:
  std::string pick(std::initializer_list<const char*> choices) {
    return choices.begin()[below(static_cast<std::uint32_t>(choices.size()))];
  }
  std::string digits(std::uint32_t n) {
    std::string text;
    while (n-- > 0) text += static_cast<char>('0' + below(10));
    return text;
  }
  /// Few elements as a rule, and now and then around the limit.
  std::uint32_t size() { return one_in(20000) ? 15990 + below(20) : below(9); }

  /// Leaves half of the literals as they are.
  std::string damage(std::string text) {
    if (one_in(2)) return text;
    for (std::uint32_t times = 1 + below(2); times > 0 && !text.empty(); --times) {
      const std::uint32_t at = below(static_cast<std::uint32_t>(text.size()));
      const char c = "[]{}(),:;/.+-eExX0159nNiI \t\"'\x80\xff"[below(32)];
      switch (below(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text[at] = c;
          break;
        default:
          text.resize(at);
      }
    }
    return text;
  }
  std::vector<std::uint8_t> damage_bytes(std::vector<std::uint8_t> bytes) {
    if (one_in(4)) bytes.resize(below(static_cast<std::uint32_t>(bytes.size()) + 8));
    if (one_in(8) && !bytes.empty()) {
      bytes[below(static_cast<std::uint32_t>(bytes.size()))] ^= static_cast<std::uint8_t>(random_());
    }
    return bytes;
  }
  static void append(std::vector<std::uint8_t>& bytes, std::uint32_t word, std::uint32_t width) {
    while (width-- > 0) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * width)));
  }

  std::mt19937_64 random_;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_RANDOM_LITERALS_H_

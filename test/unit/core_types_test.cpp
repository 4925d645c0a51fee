// Arithmetic, order and conversions of the types, against plain loops; and the errors of parsers
// and decoders, with their codes.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/vec/moments.h"
#include "support/input_properties.h"

namespace vec {
namespace {

constexpr float kInf = INFINITY;

/// Elements one byte off alignment, as behind a 1-byte header.
template <class T>
class Unaligned {
 public:
  explicit Unaligned(const std::vector<T>& values)
      : bytes_(values.size() * sizeof(T) + 1), dims_(static_cast<int>(values.size())) {
    if (dims_ > 0) std::memcpy(bytes_.data() + 1, values.data(), bytes_.size() - 1);
  }
  DenseView<T> view() const { return {bytes_.data() + 1, dims_}; }

 private:
  std::vector<unsigned char> bytes_;
  int dims_;
};

std::vector<HalfBits> halves(const std::vector<float>& values) {
  std::vector<HalfBits> result(values.size());
  narrow(values.data(), static_cast<int>(values.size()), result.data());
  return result;
}

template <class Body>
void expect_error(ErrorCode code, const std::string& message, Body body) {
  try {
    body();
    ADD_FAILURE() << "no error; expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_EQ(error.message(), message);
  }
}

int parse(const char* literal) {
  static std::vector<float> values(kMaxDims);
  return text::parse_dense<float>(literal, std::span<float, kMaxDims>(values.data(), kMaxDims));
}

text::SparseParsed parse_sparse(const char* literal) {
  static std::vector<SparseEntry> entries(kMaxNonZeros);
  return text::parse_sparse(literal, -1,
                            std::span<SparseEntry, kMaxNonZeros>(entries.data(), kMaxNonZeros));
}

TEST(Dense, ArithmeticAgreesWithPlainLoopsForEveryLength) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-100, 100);
  for (int n = 1; n < 600; n += 1 + n / 50) {
    std::vector<float> a(static_cast<std::size_t>(n)), b(a), sum(a), difference(a), product(a);
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      a[at] = uniform(random);
      b[at] = uniform(random);
      sum[at] = a[at] + b[at];
      difference[at] = a[at] - b[at];
      product[at] = a[at] * b[at];
    }
    const Unaligned<float> x(a), y(b);
    std::vector<float> out(a.size());
    add(x.view(), y.view(), out.data());
    EXPECT_EQ(out, sum);
    sub(x.view(), y.view(), out.data());
    EXPECT_EQ(out, difference);
    mul(x.view(), y.view(), out.data());
    EXPECT_EQ(out, product);
    add(DenseView<float>(a.data(), n), y.view(), a.data());  // in place
    EXPECT_EQ(a, sum);
  }
}

TEST(Dense, HalfArithmeticRoundsOnceToNearestEven) {
  std::vector<HalfBits> out(1);
  const auto sum_of = [&](float x, float y) {
    add(Unaligned<HalfBits>(halves({x})).view(), Unaligned<HalfBits>(halves({y})).view(),
        out.data());
    float value;
    widen(DenseView<HalfBits>(out.data(), 1), &value);
    return value;
  };
  EXPECT_EQ(sum_of(2048, 1), 2048);
  EXPECT_EQ(sum_of(2048, 3), 2052);
  EXPECT_EQ(sum_of(65504, 15), 65504);
  expect_error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow",
               [&] { sum_of(65504, 16); });
}

TEST(Dense, TheFirstElementOutOfRangeDecides) {
  const auto multiply = [](std::vector<float> a, std::vector<float> b) {
    std::vector<float> out(a.size());
    mul(Unaligned<float>(a).view(), Unaligned<float>(b).view(), out.data());
  };
  expect_error(ErrorCode::kNumericValueOutOfRange, "value out of range: underflow",
               [&] { multiply({1, 1e-30f, 1e30f}, {1, 1e-30f, 1e30f}); });
  expect_error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow",
               [&] { multiply({1, 1e30f, 1e-30f}, {1, 1e30f, 1e-30f}); });
  multiply({0, 1e-30f}, {1e-30f, 0});  // zero times anything is zero, not an underflow
}

TEST(Dense, EveryHalfComparesAsItsFloat) {
  std::vector<HalfBits> all;
  for (int bits = 0; bits < 65536; ++bits) {
    if ((bits & 0x7c00) != 0x7c00) all.push_back(static_cast<HalfBits>(bits));
  }
  std::vector<float> floats(all.size());
  widen(DenseView<HalfBits>(all.data(), static_cast<int>(all.size())), floats.data());
  std::mt19937 random(2);
  for (int i = 0; i < 500'000; ++i) {
    const std::size_t x = random() % all.size(), y = random() % all.size();
    ASSERT_EQ(compare(DenseView<HalfBits>(&all[x], 1), DenseView<HalfBits>(&all[y], 1)),
              compare(DenseView<float>(&floats[x], 1), DenseView<float>(&floats[y], 1)))
        << floats[x] << " " << floats[y];
  }
}

TEST(Dense, SubvectorTakesWhatExistsAndDoesNotOverflow) {
  const std::vector<float> values = {1, 2, 3, 4, 5};
  const DenseView<float> view(values.data(), 5);
  EXPECT_EQ(subvector(view, 2, 3).dims(), 3);
  EXPECT_EQ(subvector(view, 2, 3)[0], 2);
  EXPECT_EQ(subvector(view, -2147483644, 2147483647).dims(), 2);
  EXPECT_EQ(subvector(view, 3, 2147483647).dims(), 3);
  for (const auto& [start, count] : {std::pair{1, 0}, {6, 1}, {-5, 3}, {INT32_MAX, INT32_MAX},
                                     {INT32_MIN, INT32_MAX}, {INT32_MIN, INT32_MIN}, {1, -1}}) {
    expect_error(ErrorCode::kDataException, "vector must have at least 1 dimension",
                 [&, start = start, count = count] { subvector(view, start, count); });
  }
}

TEST(Dense, BitsAreMostSignificantFirstAndPaddedWithZeros) {
  unsigned char bits[2] = {0xff, 0xff};
  quantize_to_bits(Unaligned<float>({1, -1, 0, 2, -0.0f, 1e-45f, -1, 3, 4}).view(), bits);
  EXPECT_EQ(bits[0], 0b10010101);
  EXPECT_EQ(bits[1], 0b10000000);
}

TEST(Dense, NarrowingRefusesWhatDoesNotFit) {
  HalfBits out[2];
  const auto convert = [&](float value) {
    const float values[2] = {1, value};
    narrow_checked(values, 2, out, test::format_number);
  };
  convert(65519.996f);
  EXPECT_EQ(out[1], 0x7bff);
  expect_error(ErrorCode::kNumericValueOutOfRange, "\"65520\" is out of range for type halfvec",
               [&] { convert(65520); });
  expect_error(ErrorCode::kDataException, "infinite value not allowed in halfvec",
               [&] { convert(-kInf); });
  expect_error(ErrorCode::kDataException, "NaN not allowed in halfvec", [&] { convert(NAN); });
}

TEST(Sparse, ComparesAsItsDenseForm) {
  std::mt19937 random(3);
  std::vector<std::vector<float>> dense(200);
  std::vector<std::vector<unsigned char>> stored(dense.size());
  std::vector<int> counts(dense.size());
  for (std::size_t k = 0; k < dense.size(); ++k) {
    dense[k].resize(1 + random() % 5);
    for (float& value : dense[k]) value = static_cast<float>(random() % 3) - 1;
    const int n = static_cast<int>(dense[k].size());
    counts[k] = count_non_zeros(dense[k].data(), n);
    std::vector<std::int32_t> indices(8);
    std::vector<float> values(8);
    take_non_zeros(dense[k].data(), n, indices.data(), values.data());
    const auto bytes = static_cast<std::size_t>(counts[k]) * 4;
    stored[k].resize(2 * bytes + 1);
    std::memcpy(stored[k].data() + 1, indices.data(), bytes);
    std::memcpy(stored[k].data() + 1 + bytes, values.data(), bytes);
  }
  const auto sparse = [&](std::size_t k) {
    return SparseVectorView(stored[k].data() + 1, counts[k], static_cast<int>(dense[k].size()));
  };
  for (std::size_t i = 0; i < dense.size(); ++i) {
    std::vector<float> back(dense[i].size());
    to_dense(sparse(i), back.data());
    EXPECT_EQ(back, dense[i]);
    for (std::size_t j = 0; j < dense.size(); ++j) {
      const DenseView<float> a(dense[i].data(), static_cast<int>(dense[i].size()));
      const DenseView<float> b(dense[j].data(), static_cast<int>(dense[j].size()));
      ASSERT_EQ(compare(sparse(i), sparse(j)), compare(a, b)) << i << " " << j;
    }
  }
}

TEST(Sparse, AStoredIndexOutOfBoundsIsAnError) {
  const std::int32_t words[2] = {5, 0x3f800000};
  float out[5];
  expect_error(ErrorCode::kDataCorrupted, "sparsevec contains an index out of bounds",
               [&] { to_dense(SparseVectorView(words, 1, 5), out); });
}

TEST(Moments, SumsAreTakenInDouble) {
  const std::vector<float> row(300, 0.1f);
  std::vector<double> sums(300);
  copy_to_sums(Unaligned<float>(row).view(), sums.data());
  for (int i = 1; i < 1000; ++i) add_to_sums(sums.data(), Unaligned<float>(row).view(), sums.data());
  std::vector<float> average(300);
  mean(sums.data(), 1000, 300, average.data(), test::format_number);
  EXPECT_EQ(average, row);
  sums[299] = INFINITY;
  expect_error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow",
               [&] { add_to_sums(sums.data(), Unaligned<float>(row).view(), sums.data()); });
}

TEST(DenseText, ErrorsSayWhatIsWrong) {
  const auto syntax = [](const char* literal) {
    return std::string("invalid input syntax for type vector: \"") + literal + "\"";
  };
  for (const char* literal : {"", "x", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", "[a]", "\xa0[1]"}) {
    expect_error(ErrorCode::kInvalidTextRepresentation, syntax(literal), [&] { parse(literal); });
  }
  expect_error(ErrorCode::kDataException, "vector must have at least 1 dimension",
               [] { parse("[ ]"); });
  expect_error(ErrorCode::kNumericValueOutOfRange, "\"1e400\" is out of range for type vector",
               [] { parse("[1, 1e400 ]"); });
  expect_error(ErrorCode::kDataException, "NaN not allowed in vector", [] { parse("[nan]"); });
  expect_error(ErrorCode::kDataException, "infinite value not allowed in vector",
               [] { parse("[-inf]"); });
  std::string many = "[";
  for (int i = 0; i < kMaxDims; ++i) many += "1,";
  expect_error(ErrorCode::kProgramLimitExceeded, "vector cannot have more than 16000 dimensions",
               [&] { parse((many + "1]").c_str()); });
  many.back() = ']';
  EXPECT_EQ(parse(many.c_str()), kMaxDims);
}

TEST(SparseText, CommasAreCountedBeforeAnythingElse) {
  expect_error(ErrorCode::kProgramLimitExceeded,
               "sparsevec cannot have more than 16000 non-zero elements",
               [] { parse_sparse(std::string(kMaxNonZeros, ',').c_str()); });
  std::string most = "{";
  for (int i = 1; i <= kMaxNonZeros; ++i) most += std::to_string(i) + ":1,";
  most.back() = '}';
  EXPECT_EQ(parse_sparse((most + "/16000").c_str()).count, kMaxNonZeros);
}

TEST(SparseText, IndicesAreClampedBeforeTheyAreChecked) {
  for (const char* index : {"0", "-1", "6", "2147483648", "-2147483648", "99999999999999999999",
                            "-99999999999999999999"}) {
    expect_error(ErrorCode::kDataException, "sparsevec index out of bounds",
                 [&] { parse_sparse(("{" + std::string(index) + ":1}/5").c_str()); });
    EXPECT_EQ(parse_sparse(("{" + std::string(index) + ":0}/5").c_str()).count, 0);
  }
}

}  // namespace
}  // namespace vec

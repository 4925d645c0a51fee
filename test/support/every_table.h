// test/support/every_table.h
//
// Test suites that run once for each kernel table of this machine.

#ifndef VEC_TEST_SUPPORT_EVERY_TABLE_H_
#define VEC_TEST_SUPPORT_EVERY_TABLE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace vec::test {

class EveryTable : public testing::TestWithParam<const kernels::KernelTable*> {
 protected:
  const kernels::KernelTable& table() const { return *GetParam(); }
};

inline std::string table_name(const testing::TestParamInfo<const kernels::KernelTable*>& info) {
  std::string name = info.param->name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

#define VEC_FOR_EVERY_TABLE(suite)                                                           \
  INSTANTIATE_TEST_SUITE_P(                                                                  \
      Kernels, suite,                                                                        \
      testing::ValuesIn(vec::kernels::available().begin(), vec::kernels::available().end()), \
      vec::test::table_name)

/// A copy of `values` that starts `offset` bytes after a 64-byte boundary and ends where the
/// allocation ends, so that AddressSanitizer sees a read past it.
template <class T>
class Misplaced {
 public:
  Misplaced(const std::vector<T>& values, std::size_t offset)
      : bytes_(new (std::align_val_t{64}) std::byte[offset + values.size() * sizeof(T)]),
        offset_(offset) {
    if (!values.empty()) std::memcpy(bytes_ + offset, values.data(), values.size() * sizeof(T));
  }
  ~Misplaced() { operator delete[](bytes_, std::align_val_t{64}); }
  Misplaced(const Misplaced&) = delete;
  Misplaced& operator=(const Misplaced&) = delete;

  T* data() const {
    void* const at = bytes_ + offset_;
    return static_cast<T*>(at);
  }

 private:
  std::byte* bytes_;
  std::size_t offset_;
};

/// The lengths to try: each up to 600, some real dimensions beyond.
inline std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 600; ++n) all.push_back(n);
  for (std::size_t n : {768, 1536, 2000}) all.push_back(n);
  return all;
}

inline std::vector<float> random_floats(std::mt19937& random, std::size_t n, float low = -1,
                                        float high = 1) {
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(n);
  for (float& value : values) value = uniform(random);
  return values;
}

inline std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::size_t n) {
  std::vector<std::uint8_t> values(n);
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random());
  return values;
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_EVERY_TABLE_H_

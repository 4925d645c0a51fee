#include "support/input_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vec::test::check_dense_message<vec::HalfBits>({data, size});
  return 0;
}

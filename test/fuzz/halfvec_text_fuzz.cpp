#include <string>

#include "support/input_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  vec::test::check_dense_text<vec::HalfBits>(text.c_str());
  return 0;
}

// A page of entries as it may lie on a damaged disk: whatever is taken for an entry lies within the
// page, and its code can be scored, decoded and compared.

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "core/codes/query.h"
#include "core/ivf/layout.h"
#include "support/hnsw_data.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vec;
  static const std::vector<codes::Format> formats = test::all_formats();
  if (size < 1 || size > 8192) return 0;
  const codes::Format& format = formats[data[0] % formats.size()];
  // Not longer than what is there, so that the sanitizer sees each byte too far.
  const std::vector<std::uint8_t> page(data + 1, data + size);
  const test::Values values(format, 1, 7);
  const codes::Query query(format, values[0]);
  const auto* bytes = reinterpret_cast<const std::byte*>(page.data());
  std::vector<float> scratch;
  std::vector<const std::byte*> found;
  ivf::for_each_entry(
      format, bytes, 0, page.size(), [&](std::size_t at, const ivf::EntryHeader& header) {
        require(header.row.valid());
        require(at + ivf::Layout::entry_bytes(header.bytes) <= page.size());
        if (header.bytes == 0) return;
        const std::byte* code = bytes + at + sizeof header;
        require(codes::code_size(format, code) == header.bytes);
        std::uint32_t place = 0;
        double bound = 0;
        query.near(&code, 1, std::numeric_limits<double>::infinity(), &place, &bound);
        codes::decode(format, code, scratch);
        found.push_back(code);
      });
  for (std::size_t i = 1; i < found.size() && i < 64; ++i) {
    codes::pair_distance(format, found[i - 1], found[i]);
  }
  return 0;
}

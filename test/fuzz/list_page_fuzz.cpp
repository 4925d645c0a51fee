// A page of entries as it may lie on a damaged disk: whatever is taken for an entry lies within the
// page, and its code can be scored, decoded and compared.

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "core/codes/query.h"
#include "core/ivf/entries.h"
#include "support/hnsw_data.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vec;
  static const std::vector<codes::Format> formats = test::list_page_formats();
  if (size < 3 || size > 8192) return 0;
  const codes::Format& format = formats[data[0] % formats.size()];
  // Not longer than what is there, so that the sanitizer sees each byte too far.
  const std::vector<std::uint8_t> page(data + 3, data + size);
  const test::Values values(format, 1, 7);
  const codes::Query query(format, values[0]);
  const auto* bytes = reinterpret_cast<const std::byte*>(page.data());
  // The first entries' tails are at the end of the page: [lower, upper) is free.
  const std::size_t lower = std::size_t{data[1]} * page.size() / 255;
  const std::size_t upper = lower + std::size_t{data[2]} * (page.size() - lower) / 255;
  const bool split = format.kind == codes::CodeKind::kSplit;
  std::vector<float> scratch;
  std::vector<const std::byte*> found;
  ivf::for_each_entry(format, bytes, {0, lower, upper, page.size()}, [&](const ivf::Entry& entry) {
    require(entry.header.row.valid());
    if (entry.header.bytes == 0) return;
    const std::size_t tail = codes::tail_bytes(format);
    require(entry.head + entry.header.bytes - tail <= bytes + lower);
    require(entry.tail >= bytes + upper && entry.tail + tail <= bytes + page.size());
    require(codes::code_size(format, entry.head) == entry.header.bytes);
    std::uint32_t place = 0;
    double bound = 0;
    const double limit = std::numeric_limits<double>::infinity();
    if (split) {
      query.may_be_near(&entry.head, 1, 0, &place);
      query.near(&entry.head, &entry.tail, 1, limit, &place, &bound);
      return;
    }
    query.near(&entry.head, 1, limit, &place, &bound);
    codes::decode(format, entry.head, scratch);
    found.push_back(entry.head);
  });
  for (std::size_t i = 1; i < found.size() && i < 64; ++i) {
    codes::pair_distance(format, found[i - 1], found[i]);
  }
  return 0;
}

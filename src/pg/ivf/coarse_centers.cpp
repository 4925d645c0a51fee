#include "pg/ivf/coarse_centers.h"

#include "pg/ivf/kept.h"

namespace vec::pg::ivf {

namespace {

/// Making them takes as long as some scans' reading of all centers.
constexpr uint32 kUsesBefore = 4;
constexpr std::size_t kMostBytes = std::size_t{8} << 20;

std::vector<std::byte> code_all(Pages& pages, const codes::Format& coarse) {
  const Layout& layout = pages.shape.layout;
  const codes::Format centers = pages.shape.center_format();
  std::vector<std::byte> codes(std::size_t{layout.lists()} * coarse.code_bytes);
  std::vector<std::byte> page(BLCKSZ);
  std::vector<float> scratch;
  std::vector<float> more_scratch;
  for (ListNo list = 0; list < layout.lists(); ++list) {
    const Layout::Place place = layout.list_slot(list);
    if (list % layout.slots_per_page() == 0) {
      pg_call([&] {
        const Held held = hold(pages, place.block, PageKind::kLists, BUFFER_LOCK_SHARE);
        std::memcpy(page.data(), held.page, BLCKSZ);
        release(held);
      });
    }
    const std::byte* center = page.data() + place.offset + sizeof(ListSlot);
    codes::encode(coarse, codes::decode(centers, center, scratch), more_scratch,
                  codes.data() + std::size_t{list} * coarse.code_bytes);
  }
  return codes;
}

}  // namespace

const std::byte* coarse_centers(Pages& pages, const codes::Format& coarse) {
  const std::size_t bytes = std::size_t{pages.shape.layout.lists()} * coarse.code_bytes;
  if (bytes > kMostBytes) return nullptr;
  Kept* kept = pg_call([&] { return kept_of(pages.index, Method::kIvfflat); });
  if (kept->center_bytes == 0) {
    if (++kept->uses <= kUsesBefore) return nullptr;
    const std::vector<std::byte> codes = code_all(pages, coarse);
    kept = pg_call([&] { return keep_centers(pages.index, Method::kIvfflat, bytes); });
    std::memcpy(kept->centers(), codes.data(), bytes);
  }
  return kept->centers();
}

}  // namespace vec::pg::ivf

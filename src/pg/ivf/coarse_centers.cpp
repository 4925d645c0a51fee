#include "pg/ivf/coarse_centers.h"

namespace vec::pg::ivf {

namespace {

/// Making them takes as long as some scans' reading of all centers.
constexpr uint32 kUsesBefore = 4;
constexpr std::size_t kMostBytes = std::size_t{8} << 20;

/// What rd_amcache points to; `bytes` of codes follow.
struct Kept {
  uint32 uses;
  uint32 bytes;
};

/// C-like.
Kept* allocate(Relation index, std::size_t bytes) {
  auto* kept = static_cast<Kept*>(MemoryContextAllocZero(index->rd_indexcxt, sizeof(Kept) + bytes));
  if (index->rd_amcache != nullptr) pfree(index->rd_amcache);
  index->rd_amcache = kept;
  kept->bytes = static_cast<uint32>(bytes);
  return kept;
}

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
  auto* kept = static_cast<Kept*>(pages.index->rd_amcache);
  if (kept == nullptr) kept = pg_call([&] { return allocate(pages.index, 0); });
  if (kept->bytes == 0) {
    if (++kept->uses <= kUsesBefore) return nullptr;
    const std::vector<std::byte> codes = code_all(pages, coarse);
    kept = pg_call([&] { return allocate(pages.index, bytes); });
    std::memcpy(kept + 1, codes.data(), bytes);
  }
  return reinterpret_cast<const std::byte*>(kept + 1);
}

}  // namespace vec::pg::ivf

#include "core/hnsw/layout.h"

#include <algorithm>
#include <limits>

#include "core/codes/slots.h"

namespace vec::hnsw {

Layout::Layout(const codes::Format& format, int m, std::uint32_t item_weight,
               std::size_t page_bytes, std::size_t header_bytes)
    : m_(m), header_bytes_(header_bytes), has_items_(format.kind == codes::CodeKind::kSparse) {
  const std::size_t room = page_bytes - header_bytes - sizeof(PageTrailer);
  const std::size_t payload = has_items_ ? sizeof(ItemPlace) : codes::slot_bytes(format);
  code_slot_bytes_ = (sizeof(CodeSlot) + payload + 3) / 4 * 4;
  links_ = Divider(static_cast<std::uint32_t>(room / link_slot_bytes()));
  codes_ = Divider(static_cast<std::uint32_t>(room / code_slot_bytes_));
  uppers_ = Divider(static_cast<std::uint32_t>(room / upper_slot_bytes()));
  // One node in m has a slot on layer 1, one in m^2 on layer 2, ...: one slot for m - 1 nodes.
  weights_ = {links_, codes_,
              Divider(uppers_.divisor() * static_cast<std::uint32_t>(std::max(1, m - 1))),
              Divider(std::max<std::uint32_t>(1, item_weight))};
  if (has_items_) {
    cells_per_page_ = static_cast<std::uint32_t>(room / (kCellBytes + 1));
    cells_start_ = (header_bytes + cells_per_page_ + 7) / 8 * 8;
    while (cells_start_ + cells_per_page_ * kCellBytes > header_bytes + room) --cells_per_page_;
  }
}

Layout::PageName Layout::name(BlockNo wanted) const {
  if (wanted == 0) return {PageKind::kMeta, 0};
  const int sequences = has_items_ ? 4 : 3;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    std::uint32_t low = 0;
    std::uint32_t high =
        std::min(wanted, std::numeric_limits<std::uint32_t>::max() /
                             weights_[static_cast<std::size_t>(sequence)].divisor());
    while (low < high) {  // the last page that is not behind `wanted`
      const std::uint32_t middle = low + (high - low + 1) / 2;
      if (block(sequence, middle) <= wanted) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (block(sequence, low) == wanted) {
      return {static_cast<PageKind>(sequence + static_cast<int>(PageKind::kLinks)), low};
    }
  }
  return {PageKind::kMeta, 0};  // not reached: every block is of one sequence
}

std::size_t Layout::used_bytes(PageKind kind) const {
  switch (kind) {
    case PageKind::kMeta:
      return header_bytes_ + sizeof(MetaPage);
    case PageKind::kLinks:
      return header_bytes_ + links_per_page() * link_slot_bytes();
    case PageKind::kCodes:
      return header_bytes_ + codes_per_page() * code_slot_bytes_;
    case PageKind::kUpper:
      return header_bytes_ + uppers_per_page() * upper_slot_bytes();
    case PageKind::kItems:
      return cells_start_ + cells_per_page_ * kCellBytes;
  }
  return header_bytes_;
}

}  // namespace vec::hnsw

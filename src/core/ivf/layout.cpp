#include "core/ivf/layout.h"

#include <algorithm>

namespace vec::ivf {

codes::Format center_format(const codes::Format& format) noexcept {
  codes::Format center = format;
  if (center.metric == codes::Metric::kCosine) center.metric = codes::Metric::kInnerProduct;
  switch (format.element) {
    case codes::Element::kFloat:
      center.kind = codes::CodeKind::kFloat;
      center.code_bytes = format.dims * static_cast<std::uint32_t>(sizeof(float));
      break;
    case codes::Element::kHalf:
      center.kind = codes::CodeKind::kHalf;
      center.code_bytes = format.dims * static_cast<std::uint32_t>(sizeof(std::uint16_t));
      break;
    case codes::Element::kBit:
    case codes::Element::kSparse:  // has no centers
      break;
  }
  return center;
}

bool coarse_center_format(const codes::Format& format, codes::Format* out) noexcept {
  const codes::Format center = center_format(format);
  *out = codes::choose_format(center.element, center.metric, center.dims);
  return out->kind == codes::CodeKind::kU8;
}

Layout::Layout(std::uint32_t lists, std::size_t center_bytes, std::size_t page_bytes,
               std::size_t header_bytes)
    : lists_(lists),
      slot_bytes_(sizeof(ListSlot) + (center_bytes + 3) / 4 * 4),
      begin_(header_bytes),
      end_(page_bytes - sizeof(PageTrailer)) {
  slots_per_page_ =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, (end_ - begin_) / slot_bytes_));
}

}  // namespace vec::ivf

#include "core/codes/format.h"

#include "core/codes/split.h"

namespace vec::codes {

Format choose_format(Element element, Metric metric, std::uint32_t dims) noexcept {
  Format format{element, metric, CodeKind::kU8, dims, 0};
  switch (element) {
    case Element::kFloat:
      if (dims * sizeof(float) <= kMaxRawBytes) format.kind = CodeKind::kFloat;
      break;
    case Element::kHalf:
      if (dims * sizeof(std::uint16_t) <= kMaxRawBytes) format.kind = CodeKind::kHalf;
      break;
    case Element::kBit:
      format.kind = CodeKind::kBits;
      break;
    case Element::kSparse:
      format.kind = CodeKind::kSparse;
      break;
  }
  switch (format.kind) {
    case CodeKind::kU8:
      format.code_bytes = sizeof(U8Header) + dims;
      break;
    case CodeKind::kFloat:
      format.code_bytes = dims * sizeof(float);
      break;
    case CodeKind::kHalf:
      format.code_bytes = dims * sizeof(std::uint16_t);
      break;
    case CodeKind::kBits:
      format.code_bytes = (dims + 7) / 8;
      break;
    case CodeKind::kSparse:
      format.code_bytes =
          sizeof(SparseHeader) + kMaxSparseCount * (sizeof(std::int32_t) + sizeof(float));
      break;
    case CodeKind::kSplit:  // not chosen here
    case CodeKind::kRotated:
      break;
  }
  return format;
}

Format choose_graph_format(Element element, Metric metric, std::uint32_t dims) noexcept {
  // Shorter ones are few lines of memory, and half of them says less: its errors add up to more.
  constexpr std::uint32_t kLeastDims = 256;
  Format format = choose_format(element, metric, dims);
  if (format.kind == CodeKind::kU8 && metric != Metric::kL1 && dims >= kLeastDims &&
      dims <= kMaxSplitDims) {
    format.kind = CodeKind::kRotated;
  }
  return format;
}

Format choose_scan_format(Element element, Metric metric, std::uint32_t dims) noexcept {
  Format format = choose_format(element, metric, dims);
  if (format.kind == CodeKind::kU8 && metric != Metric::kL1 && dims <= kMaxSplitDims) {
    format.kind = CodeKind::kSplit;
    format.code_bytes = static_cast<std::uint32_t>(sizeof(SplitHeader) + 2 * half_bytes(dims));
  }
  return format;
}

}  // namespace vec::codes

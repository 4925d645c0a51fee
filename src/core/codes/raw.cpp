#include "core/codes/raw.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/kernels.h"

namespace vec::codes {

namespace {

/// Kernels read values of any alignment.
const float* as_floats(const std::byte* code) { return reinterpret_cast<const float*>(code); }
const kernels::HalfBits* as_halves(const std::byte* code) {
  return reinterpret_cast<const kernels::HalfBits*>(code);
}
const std::uint8_t* as_bits(const std::byte* code) {
  return reinterpret_cast<const std::uint8_t*>(code);
}
kernels::SparseView as_sparse(const std::byte* code) {
  SparseHeader header;
  std::memcpy(&header, code, sizeof header);
  const auto count = static_cast<std::size_t>(header.count);
  code += sizeof header;
  return {reinterpret_cast<const std::int32_t*>(code),
          as_floats(code + count * sizeof(std::int32_t)), count};
}

double cosine_distance(kernels::CosineParts parts) {
  const double similarity = double{parts.dot} / std::sqrt(double{parts.aa} * double{parts.bb});
  return std::isnan(similarity) ? similarity : 1.0 - std::clamp(similarity, -1.0, 1.0);
}

}  // namespace

double raw_distance(const Format& format, const std::byte* a, const std::byte* b) {
  const auto& table = kernels::active();
  const std::size_t n = format.dims;
  switch (format.kind) {
    case CodeKind::kFloat:
      switch (format.metric) {
        case Metric::kL2:
          return table.l2_squared_f32(as_floats(a), as_floats(b), n);
        case Metric::kInnerProduct:
          return -table.dot_f32(as_floats(a), as_floats(b), n);
        case Metric::kCosine:
          return cosine_distance(table.cosine_f32(as_floats(a), as_floats(b), n));
        default:
          return table.l1_f32(as_floats(a), as_floats(b), n);
      }
    case CodeKind::kHalf:
      switch (format.metric) {
        case Metric::kL2:
          return table.l2_squared_f16(as_halves(a), as_halves(b), n);
        case Metric::kInnerProduct:
          return -table.dot_f16(as_halves(a), as_halves(b), n);
        case Metric::kCosine:
          return cosine_distance(table.cosine_f16(as_halves(a), as_halves(b), n));
        default:
          return table.l1_f16(as_halves(a), as_halves(b), n);
      }
    case CodeKind::kBits: {
      if (format.metric == Metric::kHamming) {
        return static_cast<double>(table.hamming(as_bits(a), as_bits(b), format.code_bytes));
      }
      const auto counts = table.bit_counts(as_bits(a), as_bits(b), format.code_bytes);
      if (counts.both == 0) return 1;
      return 1 - static_cast<double>(counts.both) / static_cast<double>(counts.either);
    }
    case CodeKind::kSparse: {
      const auto sa = as_sparse(a);
      const auto sb = as_sparse(b);
      switch (format.metric) {
        case Metric::kL2:
          return table.l2_squared_sparse(sa, sb);
        case Metric::kInnerProduct:
          return -table.dot_sparse(sa, sb);
        case Metric::kCosine:
          return cosine_distance({table.dot_sparse(sa, sb),
                                  table.dot_f32(sa.values, sa.values, sa.count),
                                  table.dot_f32(sb.values, sb.values, sb.count)});
        default:
          return table.l1_sparse(sa, sb);
      }
    }
    case CodeKind::kU8:
    case CodeKind::kSplit:
    case CodeKind::kRotated:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace vec::codes

#include "core/ivf/assign.h"

#include <cmath>
#include <cstring>

#include "core/codes/query.h"
#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

constexpr double kFloatUnit = 1.0 / (1 << 23);
/// Below this, one pair at a time is as fast.
constexpr std::size_t kLeastDims = 24;
/// Squares and their sums stay far from the ends of float's range.
constexpr double kLargestNorm = 1e15;
constexpr double kLeastNorm = 1e-15;

void to_floats(const codes::Format& format, const std::byte* codes, std::size_t count, float* out) {
  if (format.kind == codes::CodeKind::kHalf) {
    kernels::active().f16_to_f32(reinterpret_cast<const kernels::HalfBits*>(codes), out,
                                 count * format.dims);
  } else {
    std::memcpy(out, codes, count * format.dims * sizeof(float));
  }
}

}  // namespace

Assigner::Assigner(const codes::Format& format, std::span<const std::byte> centers,
                   std::pmr::memory_resource* memory)
    : format_(center_format(format)),
      centers_(centers),
      lists_(centers.size() / format_.code_bytes),
      by_products_(format_.element != codes::Element::kBit && format_.dims >= kLeastDims &&
                   lists_ > 1),
      rows_(kRowBlock * format_.code_bytes, memory),
      floats_(memory),
      center_floats_(memory),
      half_norms_(memory),
      finder_(memory) {
  if (!by_products_) return;
  floats_.resize(kRowBlock * format_.dims);
  center_floats_.resize(lists_ * format_.dims);
  to_floats(format_, centers.data(), lists_, center_floats_.data());
  half_norms_.resize(lists_);
  for (std::size_t list = 0; list < lists_; ++list) {
    const double squared = kernels::active().norm_squared_f32(
        center_floats_.data() + list * format_.dims, format_.dims);
    largest_norm_ = std::max(largest_norm_, std::sqrt(squared));
    half_norms_[list] =
        format_.metric == codes::Metric::kL2 ? static_cast<float>(squared / 2) : 0.0F;
  }
  finder_.set_centers({center_floats_.data(), half_norms_.data(), lists_, format_.dims});
}

void Assigner::add(const codes::Value& value) {
  std::byte* to = rows_.data() + size_ * format_.code_bytes;
  std::vector<float> none;
  codes::encode(format_, value, none, to);
  if (by_products_) to_floats(format_, to, 1, floats_.data() + size_ * format_.dims);
  ++size_;
}

float Assigner::distance(std::size_t i, std::size_t list) const {
  return codes::pair_distance(format_, row(i), center(list));
}

ListNo Assigner::nearest_of_all(std::size_t i) const {
  ListNo best = 0;
  float least = distance(i, 0);
  for (std::size_t list = 1; list < lists_; ++list) {
    const float at = distance(i, list);
    if (!(at < least)) continue;
    least = at;
    best = static_cast<ListNo>(list);
  }
  return best;
}

void Assigner::assign(ListNo* out) {
  Nearest nearest[kRowBlock];
  if (by_products_ && size_ > 0) {
    finder_.find(floats_.data(), size_, nearest);
  }
  const double error = (format_.dims + 4.0) * kFloatUnit;
  for (std::size_t i = 0; i < size_; ++i) {
    const double norm = by_products_ ? std::sqrt(kernels::active().norm_squared_f32(
                                           floats_.data() + i * format_.dims, format_.dims))
                                     : 0;
    if (!by_products_ || !(norm + largest_norm_ < kLargestNorm) || !(norm > kLeastNorm)) {
      out[i] = nearest_of_all(i);
      continue;
    }
    // Each score is off by at most error * (norms' product and the half norm), the kernel's result
    // (half of it, in the unit of scores) by error / 2 of the squared sum of norms.
    const double reach = norm + largest_norm_;
    const double margin = 2 * error * reach * reach;
    ListNo best = nearest[i].center;
    float least = 0;
    std::size_t seen = 0;
    finder_.for_each_within(i, static_cast<float>(nearest[i].score + margin),
                            [&](std::uint32_t list) {
                              if (seen++ == 0) {
                                best = list;  // its distance is not asked for if it is the only one
                                return;
                              }
                              if (seen == 2) least = distance(i, best);
                              const float at = distance(i, list);
                              if (!(at < least)) return;
                              least = at;
                              best = list;
                            });
    out[i] = best;
  }
  size_ = 0;
}

}  // namespace vec::ivf

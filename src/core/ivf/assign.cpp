#include "core/ivf/assign.h"

#include <cmath>
#include <cstring>

#include "core/codes/query.h"
#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

/// Below this, one pair at a time is as fast.
constexpr std::size_t kLeastDims = 24;
/// Squares of shorter rows' elements may vanish in the kernel's sums.
constexpr double kLeastNorm = 1e-15;

By by_of(const codes::Format& format) {
  return format.metric == codes::Metric::kL2 ? By::kDistance : By::kProduct;
}

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
      kept_as_floats_(by_products_ && format_.kind == codes::CodeKind::kFloat),
      rows_(kept_as_floats_ ? 0 : kRowBlock * format_.code_bytes, memory),
      floats_(memory),
      center_floats_(memory),
      finder_(by_products_ ? format_.dims : 0, by_of(format_), memory) {
  if (!by_products_) return;
  const std::size_t dims = format_.dims;
  floats_.resize(kRowBlock * dims);
  center_floats_.resize(lists_ * dims);
  to_floats(format_, centers.data(), lists_, center_floats_.data());
  std::vector<float> mean(dims);
  for (std::size_t d = 0; d < dims; ++d) {
    double sum = 0;
    for (std::size_t list = 0; list < lists_; ++list) sum += center_floats_[list * dims + d];
    mean[d] = static_cast<float>(sum / static_cast<double>(lists_));
  }
  finder_.set_origin(mean.data());
  finder_.set_centers(center_floats_.data(), lists_);
}

void Assigner::add(const codes::Value& value) {
  if (kept_as_floats_) {
    std::memcpy(floats_.data() + size_ * format_.dims, value.floats, format_.code_bytes);
  } else {
    std::byte* to = rows_.data() + size_ * format_.code_bytes;
    std::vector<float> none;
    codes::encode(format_, value, none, to);
    if (by_products_) to_floats(format_, to, 1, floats_.data() + size_ * format_.dims);
  }
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
  const auto choose = [&](std::size_t i, std::span<const std::uint32_t> lists) {
    if (lists.empty() || !(finder_.norm(i) > kLeastNorm)) {
      out[i] = nearest_of_all(i);
      return;
    }
    out[i] = lists[0];
    if (lists.size() == 1) return;
    float least = distance(i, lists[0]);
    for (const std::uint32_t list : lists.subspan(1)) {
      const float at = distance(i, list);
      if (!(at < least)) continue;
      least = at;
      out[i] = list;
    }
  };
  if (by_products_) {
    finder_.set_rows(floats_.data(), size_);
    finder_.find(0, size_, true, choose);
  } else {
    for (std::size_t i = 0; i < size_; ++i) out[i] = nearest_of_all(i);
  }
  size_ = 0;
}

}  // namespace vec::ivf

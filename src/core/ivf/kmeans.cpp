#include "core/ivf/kmeans.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "core/ivf/train_bits.h"
#include "core/ivf/train_floats.h"
#include "kernels/kernels.h"

namespace vec::ivf {

Samples::Samples(const codes::Format& format, std::pmr::memory_resource* memory)
    : format_(center_format(format)),
      spherical_(format_.metric == codes::Metric::kInnerProduct),
      floats_(memory),
      bits_(memory) {}

void Samples::reserve(std::size_t count) {
  if (format_.element == codes::Element::kBit) {
    bits_.reserve(count * format_.code_bytes);
  } else {
    floats_.reserve(count * format_.dims);
  }
}

bool Samples::put(const codes::Value& value, std::size_t i) {
  if (format_.element == codes::Element::kBit) {
    const std::size_t bytes = format_.code_bytes;
    bits_.resize(std::max(bits_.size(), (i + 1) * bytes));
    std::memcpy(bits_.data() + i * bytes, value.bits, bytes);
    return true;
  }
  const std::size_t dims = format_.dims;
  const auto& kernel = kernels::active();
  double norm = 1;
  if (spherical_) {
    norm = std::sqrt(value.floats != nullptr ? kernel.norm_squared_f32(value.floats, dims)
                                             : kernel.norm_squared_f16(value.halves, dims));
    if (!(norm > 0)) return false;
  }
  floats_.resize(std::max(floats_.size(), (i + 1) * dims));
  float* row = floats_.data() + i * dims;
  const float* floats = value.floats;
  if (floats == nullptr) {
    kernel.f16_to_f32(value.halves, row, dims);
    floats = row;
  }
  if (spherical_) {
    kernel.scale_f32(floats, dims, 1 / norm, row);
  } else if (floats != row) {
    std::memcpy(row, floats, dims * sizeof(float));
  }
  return true;
}

void Samples::drop(std::size_t i) {
  if (i == --size_) return;
  if (format_.element == codes::Element::kBit) {
    const std::size_t bytes = format_.code_bytes;
    std::memcpy(bits_.data() + i * bytes, bits_.data() + size_ * bytes, bytes);
  } else {
    std::memcpy(floats_.data() + i * format_.dims, floats_.data() + size_ * format_.dims,
                format_.dims * sizeof(float));
  }
}

std::size_t training_bytes(const codes::Format& center_format, std::size_t samples,
                           std::size_t lists) {
  const std::size_t value = 8 + center_format.code_bytes;  // as a column holds it
  return samples * value + lists * (2 * value + center_format.dims * sizeof(float)) +
         lists * lists * sizeof(float);
}

std::vector<std::size_t> find_distinct(const std::byte* rows, std::size_t row_bytes,
                                       std::size_t count, std::size_t limit) {
  std::vector<std::size_t> found;
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < count && found.size() <= limit; ++i) {
    const std::string_view row(reinterpret_cast<const char*>(rows + i * row_bytes), row_bytes);
    if (seen.emplace(row, i).second) found.push_back(i);
  }
  return found;
}

CenterCodes train(Samples& samples, std::size_t lists, Rng& rng, void (*check)(),
                  std::pmr::memory_resource* memory) {
  const codes::Format& format = samples.format();
  CenterCodes codes(lists * format.code_bytes, memory);
  if (format.element == codes::Element::kBit) {
    train_bits(samples.bits(), samples.size(), format, lists, rng, check,
               reinterpret_cast<std::uint8_t*>(codes.data()));
    return codes;
  }
  const auto centers = train_floats(samples.floats(), samples.size(), format.dims, lists,
                                    samples.spherical(), rng, check, memory);
  if (format.kind == codes::CodeKind::kHalf) {
    kernels::active().f32_to_f16(centers.data(), reinterpret_cast<kernels::HalfBits*>(codes.data()),
                                 centers.size());
  } else {
    std::memcpy(codes.data(), centers.data(), codes.size());
  }
  return codes;
}

}  // namespace vec::ivf

#include "core/codes/value.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/codes/bounds.h"
#include "core/codes/rotation.h"
#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

/// The least float that is not below `value`.
float round_up(double value) {
  const auto nearest = static_cast<float>(value);
  if (!(nearest < value)) return nearest;
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}

using kernels::DecodedSums;

/// The sum of absolute differences.
double l1_error(const float* x, const std::uint8_t* code, std::size_t n, double lo, double step) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::fabs(x[i] - (lo + step * code[i]));
  return sum;
}

/// The least element and the step of 256 levels up to the greatest.
struct Range {
  float lo;
  float step;
};

/// Writes the levels of `x`.
Range write_levels(const float* x, std::size_t n, std::uint8_t* levels) {
  const auto& table = kernels::active();
  Range range{};
  float hi = 0;
  table.min_max_f32(x, n, &range.lo, &hi);
  range.step = static_cast<float>((double{hi} - double{range.lo}) / 255.0);
  float inverse_step = 1.0F / range.step;
  if (!std::isfinite(inverse_step)) {  // all elements equal, or closer than floats can divide
    range.step = 0;
    inverse_step = 0;
  }
  table.encode_u8(x, n, range.lo, inverse_step, levels);
  return range;
}

/// error   of the decoded value
Coded coded(double norm_squared, double error) {
  Coded result{static_cast<float>(norm_squared), round_up(error * (1 + 1e-12))};
  if (!std::isfinite(result.norm_squared)) {
    result = {std::numeric_limits<float>::max(), std::numeric_limits<float>::infinity()};
  }
  return result;
}

/// Of unit length only up to rounding: half a unit in the last place of each element.
double unit_error(const Format& format) {
  return format.metric == Metric::kCosine ? 1.0 / (1 << 23) : 0;
}

/// Codes `x` as kU8.
/// other_error   how far it may be from what is coded
void encode_u8(const Format& format, const float* x, double other_error, std::byte* out) {
  const std::size_t n = format.dims;
  auto* code = reinterpret_cast<std::uint8_t*>(out + sizeof(U8Header));
  const Range range = write_levels(x, n, code);
  const DecodedSums sums = kernels::active().decoded_sums(x, code, n, range.lo, range.step, 0);
  const double error = format.metric == Metric::kL1 ? l1_error(x, code, n, range.lo, range.step)
                                                    : std::sqrt(sums.error_squared);
  const Coded fine = coded(sums.norm_squared, error + other_error);
  const U8Header header{range.lo, range.step, fine.norm_squared, fine.radius,
                        static_cast<std::uint32_t>(kernels::active().sum_u8(code, n))};
  std::memcpy(out, &header, sizeof header);
}

/// Codes `x` as kSplit.
void encode_split(const Format& format, const float* x, double other_error, std::byte* out) {
  const std::size_t n = format.dims;
  std::uint8_t levels[kMaxSplitDims];
  const Range range = write_levels(x, n, levels);
  const auto& table = kernels::active();
  const DecodedSums sums = table.decoded_sums(x, levels, n, range.lo, range.step, 0);
  const DecodedSums coarse_sums =
      table.decoded_sums(x, levels, n, coarse_lo(range.lo, range.step), coarse_step(range.step), 4);
  auto* high = reinterpret_cast<std::uint8_t*>(out + sizeof(SplitHeader));
  split_levels(levels, n, high, high + half_bytes(n));
  const Coded fine = coded(sums.norm_squared, std::sqrt(sums.error_squared) + other_error);
  const Coded coarse =
      coded(coarse_sums.norm_squared, std::sqrt(coarse_sums.error_squared) + other_error);
  const SplitHeader header{range.lo,    range.step,          fine.norm_squared,
                           fine.radius, coarse.norm_squared, coarse.radius};
  std::memcpy(out, &header, sizeof header);
}

void promise_nothing(const Format& format, std::byte* code) {
  constexpr float kAnything = std::numeric_limits<float>::infinity();
  const auto write = [&](std::size_t offset) {
    std::memcpy(code + offset, &kAnything, sizeof kAnything);
  };
  if (has_levels(format.kind)) return write(offsetof(U8Header, radius));
  write(offsetof(SplitHeader, radius));
  write(offsetof(SplitHeader, coarse_radius));
}

}  // namespace

void dense_floats(const Format& format, const Value& value, std::vector<float>& out) {
  const auto& table = kernels::active();
  out.resize(format.dims);
  const float* floats = out.data();
  if (value.halves != nullptr) {
    table.f16_to_f32(value.halves, out.data(), format.dims);
  } else {
    floats = value.floats;
  }
  double norm = 1;
  if (format.metric == Metric::kCosine && is_lossy(format.kind)) {
    norm = std::sqrt(table.norm_squared_f32(floats, format.dims));
  }
  if (norm > 0 && norm != 1) {
    table.scale_f32(floats, format.dims, 1 / norm, out.data());
  } else if (floats != out.data()) {
    std::memcpy(out.data(), floats, format.dims * sizeof(float));
  }
}

double length_of(const Format& format, const std::vector<float>& floats) {
  if (format.metric == Metric::kCosine) return 1 + 1e-3;
  return std::sqrt(kernels::active().norm_squared_f32(floats.data(), floats.size()));
}

bool has_zero_norm(const Format& format, const Value& value) {
  const auto& table = kernels::active();
  switch (format.element) {
    case Element::kFloat:
      return !(table.norm_squared_f32(value.floats, format.dims) > 0);
    case Element::kHalf:
      return !(table.norm_squared_f16(value.halves, format.dims) > 0);
    case Element::kSparse:
      return !(table.norm_squared_f32(value.sparse.values, value.sparse.count) > 0);
    case Element::kBit:
      break;
  }
  return false;
}

bool sums_are_sound(const Format& format, const Value& value) {
  const auto& table = kernels::active();
  const double squared = value.halves != nullptr
                             ? table.norm_squared_f16(value.halves, format.dims)
                             : table.norm_squared_f32(value.floats, format.dims);
  return squared > 1e-33 && squared < 1e37;
}

std::size_t code_size(const Format& format, const Value& value) {
  if (format.kind != CodeKind::kSparse) return format.code_bytes;
  return sizeof(SparseHeader) + value.sparse.count * (sizeof(std::int32_t) + sizeof(float));
}

std::size_t code_size(const Format& format, const std::byte* code) noexcept {
  if (format.kind != CodeKind::kSparse) return format.code_bytes;
  const auto header = header_of<SparseHeader>(code);
  return sizeof header +
         static_cast<std::size_t>(header.count) * (sizeof(std::int32_t) + sizeof(float));
}

void encode(const Format& format, const Value& value, std::vector<float>& scratch, std::byte* out) {
  switch (format.kind) {
    case CodeKind::kU8:
    case CodeKind::kSplit:
    case CodeKind::kRotated: {
      dense_floats(format, value, scratch);
      double other_error = unit_error(format);
      if (is_rotated(format.kind)) {
        other_error += rotate(scratch.data(), scratch.size(), length_of(format, scratch));
      }
      if (has_levels(format.kind)) {
        encode_u8(format, scratch.data(), other_error, out);
      } else {
        encode_split(format, scratch.data(), other_error, out);
      }
      if (format.metric == Metric::kCosine && !sums_are_sound(format, value)) {
        promise_nothing(format, out);
      }
      break;
    }
    case CodeKind::kFloat:
      std::memcpy(out, value.floats, format.code_bytes);
      break;
    case CodeKind::kHalf:
      std::memcpy(out, value.halves, format.code_bytes);
      break;
    case CodeKind::kBits:
      std::memcpy(out, value.bits, format.code_bytes);
      break;
    case CodeKind::kSparse: {
      const auto& sparse = value.sparse;
      const SparseHeader header{static_cast<std::int32_t>(sparse.count)};
      std::memcpy(out, &header, sizeof header);
      out += sizeof header;
      if (sparse.count == 0) break;
      std::memcpy(out, sparse.indices, sparse.count * sizeof(std::int32_t));
      out += sparse.count * sizeof(std::int32_t);
      std::memcpy(out, sparse.values, sparse.count * sizeof(float));
      break;
    }
  }
}

Value decode(const Format& format, const std::byte* code, std::vector<float>& scratch) {
  Value value{};
  switch (format.kind) {
    case CodeKind::kU8:
    case CodeKind::kRotated: {
      const auto header = header_of<U8Header>(code);
      const auto* levels = reinterpret_cast<const std::uint8_t*>(code + sizeof header);
      scratch.resize(format.dims);
      for (std::size_t i = 0; i < format.dims; ++i) {
        scratch[i] = header.lo + header.step * static_cast<float>(levels[i]);
      }
      value.floats = scratch.data();
      break;
    }
    case CodeKind::kSplit:  // stands for a rotated value, which is nobody's
      break;
    case CodeKind::kFloat:
      value.floats = reinterpret_cast<const float*>(code);
      break;
    case CodeKind::kHalf:
      value.halves = reinterpret_cast<const kernels::HalfBits*>(code);
      break;
    case CodeKind::kBits:
      value.bits = reinterpret_cast<const std::uint8_t*>(code);
      break;
    case CodeKind::kSparse: {
      const auto header = header_of<SparseHeader>(code);
      const auto count = static_cast<std::size_t>(header.count);
      const std::byte* indices = code + sizeof header;
      value.sparse = {reinterpret_cast<const std::int32_t*>(indices),
                      reinterpret_cast<const float*>(indices + count * sizeof(std::int32_t)),
                      count};
      break;
    }
  }
  return value;
}

bool valid_sparse_code(const std::byte* code, std::size_t size) noexcept {
  if (size < sizeof(SparseHeader)) return false;
  const auto header = header_of<SparseHeader>(code);
  return header.count >= 0 && header.count <= kMaxSparseCount &&
         size == sizeof header + static_cast<std::size_t>(header.count) *
                                     (sizeof(std::int32_t) + sizeof(float));
}

}  // namespace vec::codes

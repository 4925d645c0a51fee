#include "core/codes/value.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/kernels.h"

namespace vec::codes {

namespace {

/// The least float that is not below `value`.
float round_up(double value) {
  const auto nearest = static_cast<float>(value);
  if (!(nearest < value)) return nearest;
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}

constexpr std::size_t kLanes = 4;
using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));
using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));

/// What a code keeps and loses of x.
struct Decoded {
  double norm_squared;
  double error;  // sum of the differences' squares, or for L1 of their absolute values
};

/// lo + step * code is exact in double but for its last bit, so these sums are good to 1e-13.
template <bool kL1>
Decoded decode_sums(const float* x, const std::uint8_t* code, std::size_t n, double lo,
                    double step) {
  Doubles norms = {};
  Doubles errors = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Floats elements;
    Bytes levels;
    std::memcpy(&elements, x + i, sizeof elements);
    std::memcpy(&levels, code + i, sizeof levels);
    const Doubles decoded =
        lo + step * __builtin_convertvector(__builtin_convertvector(levels, Ints), Doubles);
    const Doubles difference = __builtin_convertvector(elements, Doubles) - decoded;
    norms += decoded * decoded;
    errors += kL1 ? (difference < 0 ? -difference : difference) : difference * difference;
  }
  Decoded sums{norms[0] + norms[1] + norms[2] + norms[3],
               errors[0] + errors[1] + errors[2] + errors[3]};
  for (; i < n; ++i) {
    const double decoded = lo + step * code[i];
    const double difference = x[i] - decoded;
    sums.norm_squared += decoded * decoded;
    sums.error += kL1 ? std::fabs(difference) : difference * difference;
  }
  return sums;
}

/// Codes `x` as kU8.
void encode_u8(const Format& format, const float* x, std::byte* out) {
  const auto& table = kernels::active();
  const std::size_t n = format.dims;
  U8Header header{};
  float hi = 0;
  table.min_max_f32(x, n, &header.lo, &hi);
  header.step = static_cast<float>((double{hi} - double{header.lo}) / 255.0);
  float inverse_step = 1.0F / header.step;
  if (!std::isfinite(inverse_step)) {  // all elements equal, or closer than floats can divide
    header.step = 0;
    inverse_step = 0;
  }
  auto* code = reinterpret_cast<std::uint8_t*>(out + sizeof header);
  table.encode_u8(x, n, header.lo, inverse_step, code);
  header.level_sum = static_cast<std::uint32_t>(table.sum_u8(code, n));

  const bool l1 = format.metric == Metric::kL1;
  const Decoded sums = l1 ? decode_sums<true>(x, code, n, header.lo, header.step)
                          : decode_sums<false>(x, code, n, header.lo, header.step);
  double error = l1 ? sums.error : std::sqrt(sums.error);
  // Of unit length only up to rounding: half a unit in the last place of each element.
  if (format.metric == Metric::kCosine) error += 1.0 / (1 << 23);
  header.radius = round_up(error * (1 + 1e-12));
  header.norm_squared = static_cast<float>(sums.norm_squared);
  if (!std::isfinite(header.norm_squared)) {
    header.norm_squared = std::numeric_limits<float>::max();
    header.radius = std::numeric_limits<float>::infinity();
  }
  std::memcpy(out, &header, sizeof header);
}

}  // namespace

void dense_floats(const Format& format, const Value& value, std::vector<float>& out) {
  out.resize(format.dims);
  if (value.halves != nullptr) {
    kernels::active().f16_to_f32(value.halves, out.data(), format.dims);
  } else {
    std::memcpy(out.data(), value.floats, format.dims * sizeof(float));
  }
  if (format.metric != Metric::kCosine || format.kind != CodeKind::kU8) return;
  const double norm = std::sqrt(kernels::active().norm_squared_f32(out.data(), format.dims));
  if (norm > 0) scale(out.data(), out.size(), 1 / norm);
}

void scale(float* x, std::size_t n, double factor) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Floats elements;
    std::memcpy(&elements, x + i, sizeof elements);
    elements = __builtin_convertvector(__builtin_convertvector(elements, Doubles) * factor, Floats);
    std::memcpy(x + i, &elements, sizeof elements);
  }
  for (; i < n; ++i) x[i] = static_cast<float>(x[i] * factor);
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
  SparseHeader header;
  std::memcpy(&header, code, sizeof header);
  return sizeof header +
         static_cast<std::size_t>(header.count) * (sizeof(std::int32_t) + sizeof(float));
}

void encode(const Format& format, const Value& value, std::vector<float>& scratch, std::byte* out) {
  switch (format.kind) {
    case CodeKind::kU8:
      dense_floats(format, value, scratch);
      encode_u8(format, scratch.data(), out);
      if (format.metric == Metric::kCosine && !sums_are_sound(format, value)) {
        constexpr float kAnything = std::numeric_limits<float>::infinity();
        std::memcpy(out + offsetof(U8Header, radius), &kAnything, sizeof kAnything);
      }
      break;
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
    case CodeKind::kU8: {
      U8Header header;
      std::memcpy(&header, code, sizeof header);
      const auto* levels = reinterpret_cast<const std::uint8_t*>(code + sizeof header);
      scratch.resize(format.dims);
      for (std::size_t i = 0; i < format.dims; ++i) {
        scratch[i] = header.lo + header.step * static_cast<float>(levels[i]);
      }
      value.floats = scratch.data();
      break;
    }
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
      SparseHeader header;
      std::memcpy(&header, code, sizeof header);
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

bool valid_code(const Format& format, const std::byte* code, std::size_t size) noexcept {
  if (format.kind != CodeKind::kSparse) return size == format.code_bytes;
  SparseHeader header{};
  if (size < sizeof header) return false;
  std::memcpy(&header, code, sizeof header);
  return header.count >= 0 && header.count <= kMaxSparseCount &&
         size == sizeof header + static_cast<std::size_t>(header.count) *
                                     (sizeof(std::int32_t) + sizeof(float));
}

}  // namespace vec::codes

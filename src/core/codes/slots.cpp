#include "core/codes/slots.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/codes/query.h"
#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kLine = 64;

const std::uint8_t* high_halves(const std::byte* slot) {
  return reinterpret_cast<const std::uint8_t*>(slot + sizeof(U8Header));
}

}  // namespace

std::size_t slot_bytes(const Format& format) noexcept {
  if (format.kind != CodeKind::kRotated) return format.code_bytes;
  return sizeof(U8Header) + 2 * half_bytes(format.dims);
}

std::size_t slot_head_bytes(const Format& format) noexcept {
  if (format.kind != CodeKind::kRotated) return format.code_bytes;
  return sizeof(U8Header) + half_bytes(format.dims);
}

void put_in_slot(const Format& format, std::span<const std::byte> code, std::byte* slot) noexcept {
  if (format.kind != CodeKind::kRotated) {
    std::memcpy(slot, code.data(), code.size());
    return;
  }
  std::memcpy(slot, code.data(), sizeof(U8Header));
  auto* const high = reinterpret_cast<std::uint8_t*>(slot + sizeof(U8Header));
  split_levels(high_halves(code.data()), format.dims, high, high + half_bytes(format.dims));
}

void take_from_slot(const Format& format, const std::byte* slot, std::size_t bytes,
                    std::byte* code) noexcept {
  if (format.kind != CodeKind::kRotated) {
    std::memcpy(code, slot, bytes);
    return;
  }
  std::uint8_t levels[kMaxSplitDims + kSplitBlock];
  const std::uint8_t* const high = high_halves(slot);
  join_levels(high, high + half_bytes(format.dims), format.dims, levels);
  std::memcpy(code, slot, sizeof(U8Header));
  std::memcpy(code + sizeof(U8Header), levels, format.dims);
}

/// Of kRotated codes.
struct Query::Slots {
  /// What high halves say: writes the places of the slots that may be within the limit, and to
  /// `out` what is known of the others.
  ///
  /// A level is off by 4.6 from the middle of its 16 in the mean of squares, independently of the
  /// query after the rotation.  So a product of n of them is off by that, the step, and |q|, not
  /// by sqrt(n) of it; four times as much is once in fifteen thousand.
  template <class Distance>
  static std::size_t sort_out(const Query& query, const std::byte* const* slots, std::size_t count,
                              double limit, std::uint32_t* near, Scored* out) {
    constexpr double kMeanError = 4.61;
    constexpr double kTimes = 4;
    const Rounded& rounded = query.coarse_.rounded;
    const Distance distance(query.fine_);
    const double margin = kTimes * kMeanError * rounded.norm * Distance::kDots;
    std::array<const std::uint8_t*, kBatch> halves{};
    std::int32_t sums[kBatch];
    for (std::size_t i = 0; i < count; ++i) halves[i] = high_halves(slots[i]);
    kernels::active().dot_u4_i8_batch(halves.data(), count, query.halves_.data(),
                                      half_bytes(query.format_.dims), sums);
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const U8Header header = header_of<U8Header>(slots[i]);
      const double dot = coarse_lo(header.lo, header.step) * rounded.sum +
                         coarse_step(header.step) * (rounded.scale * sums[i]);
      const float about = distance(dot, {header.norm_squared, header.radius}).distance;
      near[found] = static_cast<std::uint32_t>(i);
      if (about - margin * header.step > limit) {
        out[i] = {about, std::numeric_limits<float>::infinity()};
      } else {
        ++found;
      }
    }
    return found;
  }

  template <class Distance>
  static void score(const Query& query, const std::byte* const* slots, std::size_t count,
                    float limit, Scored* out) {
    const std::size_t half = half_bytes(query.format_.dims);
    std::uint32_t near[kBatch];
    std::size_t found = count;
    if (limit < std::numeric_limits<float>::infinity()) {
      found = sort_out<Distance>(query, slots, count, double{limit}, near, out);
      for (std::size_t k = 0; k < found; ++k) {
        const std::uint8_t* const low = high_halves(slots[near[k]]) + half;
        for (std::size_t at = 0; at < half; at += kLine) __builtin_prefetch(low + at);
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) near[i] = static_cast<std::uint32_t>(i);
    }
    const auto kernel = kernels::active().dot_u4_u4_i16;
    const Rounded& rounded = query.fine_.rounded;
    const Distance distance(query.fine_);
    for (std::size_t k = 0; k < found; ++k) {
      const std::byte* const slot = slots[near[k]];
      const U8Header header = header_of<U8Header>(slot);
      const std::uint8_t* const high = high_halves(slot);
      const std::int32_t sum = kernel(high, high + half, query.words_.data(), query.format_.dims);
      out[near[k]] = distance(header.lo * rounded.sum + header.step * (rounded.scale * sum),
                              {header.norm_squared, header.radius});
    }
  }
};

void Query::score_slots(const std::byte* const* slots, std::size_t count, float limit,
                        Scored* out) const {
  if (format_.kind != CodeKind::kRotated) {
    score(slots, count, out);
    return;
  }
  for (std::size_t start = 0; start < count; start += kBatch) {
    const std::size_t n = std::min(kBatch, count - start);
    switch (format_.metric) {
      case Metric::kL2:
        Slots::score<L2>(*this, slots + start, n, limit, out + start);
        break;
      case Metric::kCosine:
        Slots::score<Dot<true>>(*this, slots + start, n, limit, out + start);
        break;
      default:
        Slots::score<Dot<false>>(*this, slots + start, n, limit, out + start);
    }
  }
}

}  // namespace vec::codes

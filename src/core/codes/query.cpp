#include "core/codes/query.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/kernels.h"

namespace vec::codes {

namespace {

constexpr double kFloatUnit = 1.0 / (1 << 23);
/// What a float product or the rounding of a sum may lose where numbers vanish: 2^-149.
constexpr double kLeastFloat = std::numeric_limits<float>::denorm_min();
/// Float sums of terms up to here in all cannot overflow.
constexpr double kLargestSum = 1e38;
constexpr std::size_t kBatch = 64;

float finite(double distance) {
  return std::isnan(distance) ? std::numeric_limits<float>::max() : static_cast<float>(distance);
}

U8Header header_of(const std::byte* code) {
  U8Header header;
  std::memcpy(&header, code, sizeof header);
  return header;
}

const std::uint8_t* levels_of(const std::byte* code) {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(U8Header));
}

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

/// The distance of two codes that are values.
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
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

/// One function for each kind of code and metric, so that the choice is made once a query.
struct Query::Scorers {
  template <Metric kMetric>
  static double bound(const Query& query, Scored scored) {
    const double distance = scored.distance;
    const double slack = 4 * kFloatUnit * std::fabs(distance);  // `distance` itself is rounded
    switch (kMetric) {
      case Metric::kL2: {
        if (query.format_.kind != CodeKind::kU8) {
          return std::sqrt(std::max(0.0, distance - slack)) - scored.radius;
        }
        // norm_squared of the code was rounded to float; it is at most 2 (|q|^2 + distance).
        const double vanishing = 4 * kLeastFloat * query.format_.dims;
        const double squared =
            distance - slack - 2 * kFloatUnit * (query.norm_squared_ + distance) - vanishing;
        const double root = std::sqrt(std::max(0.0, squared));
        // sqrt(a^2 - b) >= a - sqrt(b)
        return root * (1 - query.float_error_) - scored.radius * (1 + query.float_error_) -
               std::sqrt(vanishing);
      }
      case Metric::kCosine:
        if (query.format_.kind != CodeKind::kU8) return distance - slack;
        return 1 + distance - slack - scored.radius - kFloatUnit;
      case Metric::kL1:
        return distance - slack - query.float_error_ * distance -
               scored.radius * (1 + query.float_error_);
      default:
        return distance - slack - scored.radius;
    }
  }

  static void raw(const Query& query, const std::byte* const* codes, std::size_t count,
                  Scored* out) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = {finite(raw_distance(query.format_, query.raw_.data(), codes[i])), 0};
    }
  }

  /// Calls each(i, rounded dot decoded, header) for every code.
  template <class Each>
  static void dots(const Query& query, const std::byte* const* codes, std::size_t count,
                   Each each) {
    const auto& table = kernels::active();
    const std::uint8_t* levels[kBatch];
    std::int32_t sums[kBatch];
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      for (std::size_t i = 0; i < n; ++i) levels[i] = levels_of(codes[start + i]);
      table.dot_u8_i16_batch(levels, n, query.rounded_.data(), query.format_.dims, sums);
      for (std::size_t i = 0; i < n; ++i) {
        const U8Header header = header_of(codes[start + i]);
        each(start + i, header.lo * query.sum_ + header.step * (query.scale_ * sums[i]), header);
      }
    }
  }

  /// From the dot product to the distance.  is_far() says whether the lower bound is certainly
  /// above the limit, which takes less than the bound.
  struct L2 {
    explicit L2(const Query& query, double limit = 0)
        : query_(query), rounding_(static_cast<float>(query.rounding_ * (1 + kFloatUnit))) {
      // root (1 - e) > limit + (radius + rounding) (1 + e), for the root of what bound() leaves.
      const double more = 1 + 2 * query.float_error_;
      per_radius_ = more * more * (1 + kFloatUnit);
      reach_ = limit >= 0 ? limit * more + rounding_ * per_radius_
                          : std::numeric_limits<double>::infinity();
      lost_ = kSlack * query.norm_squared_ + kVanishing;
      largest_ = kLargestSum - query.norm_squared_;
    }

    Scored operator()(double dot, const U8Header& header) const {
      const double squared = query_.norm_squared_ + header.norm_squared - 2 * dot;
      return {finite(std::max(squared, 0.0)), header.radius + rounding_};
    }
    bool is_far(double dot, const U8Header& header) const {
      const double squared = query_.norm_squared_ + header.norm_squared - 2 * dot;
      const double reach = reach_ + header.radius * per_radius_;
      return squared * (1 - kSlack) - lost_ > reach * reach && squared < largest_;
    }

   private:
    /// More than what bound() takes off for roundings.
    static constexpr double kSlack = 16 * kFloatUnit;
    static constexpr double kVanishing = 1e-30;

    const Query& query_;
    float rounding_;
    double per_radius_, reach_, lost_, largest_;
  };

  template <bool kCosine>
  struct Dot {
    explicit Dot(const Query& query, double = 0)
        : query_(query), vanishing_(2 * kLeastFloat * query.format_.dims) {}

    Scored operator()(double dot, const U8Header& header) const {
      // Of unit length: no root to take.
      const double norm =
          (kCosine ? 1.0 : std::sqrt(header.norm_squared + kLeastFloat)) + header.radius;
      const double terms = (query_.norm_ + query_.rounding_) * norm;
      double radius = query_.norm_ * header.radius + query_.rounding_ * norm +
                      query_.float_error_ * terms + vanishing_;
      if (!(terms < kLargestSum)) radius = std::numeric_limits<double>::infinity();
      return {finite(-dot), static_cast<float>(radius * (1 + kFloatUnit))};
    }
    bool is_far(double, const U8Header&) const { return false; }

   private:
    const Query& query_;
    double vanishing_;
  };

  template <class Distance>
  static void score(const Query& query, const std::byte* const* codes, std::size_t count,
                    Scored* out) {
    const Distance distance(query);
    dots(query, codes, count, [&](std::size_t i, double dot, const U8Header& header) {
      out[i] = distance(dot, header);
    });
  }

  /// Appends to the places and bounds what is near enough.
  template <Metric kMetric>
  static std::size_t take(const Query& query, Scored scored, double limit, std::size_t place,
                          std::uint32_t* places, double* bounds) {
    const double certain = bound<kMetric>(query, scored);
    if (certain > limit) return 0;
    *places = static_cast<std::uint32_t>(place);
    *bounds = std::isnan(certain) ? -std::numeric_limits<double>::infinity() : certain;
    return 1;
  }

  template <Metric kMetric, class Distance>
  static std::size_t near_u8(const Query& query, const std::byte* const* codes, std::size_t count,
                             double limit, std::uint32_t* places, double* bounds) {
    const Distance distance(query, limit);
    std::size_t found = 0;
    dots(query, codes, count, [&](std::size_t i, double dot, const U8Header& header) {
      if (distance.is_far(dot, header)) return;
      found +=
          take<kMetric>(query, distance(dot, header), limit, i, places + found, bounds + found);
    });
    return found;
  }

  template <Metric kMetric>
  static std::size_t near_any(const Query& query, const std::byte* const* codes, std::size_t count,
                              double limit, std::uint32_t* places, double* bounds) {
    Scored scored[kBatch];
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      query.score(codes + start, n, scored);
      for (std::size_t i = 0; i < n; ++i) {
        found += take<kMetric>(query, scored[i], limit, start + i, places + found, bounds + found);
      }
    }
    return found;
  }

  static NearFunction near_function(const Format& format) {
    const bool coded = format.kind == CodeKind::kU8;
    switch (format.metric) {
      case Metric::kL2:
        return coded ? near_u8<Metric::kL2, L2> : near_any<Metric::kL2>;
      case Metric::kCosine:
        return coded ? near_u8<Metric::kCosine, Dot<true>> : near_any<Metric::kCosine>;
      case Metric::kInnerProduct:
        return coded ? near_u8<Metric::kInnerProduct, Dot<false>> : near_any<Metric::kInnerProduct>;
      case Metric::kL1:
        return near_any<Metric::kL1>;
      default:
        return near_any<Metric::kHamming>;
    }
  }

  static void l1(const Query& query, const std::byte* const* codes, std::size_t count,
                 Scored* out) {
    const auto& table = kernels::active();
    const double n = query.format_.dims;
    for (std::size_t i = 0; i < count; ++i) {
      const U8Header header = header_of(codes[i]);
      // The kernel's own error is one of the terms, which may be larger than their differences.
      const double terms =
          query.absolute_sum_ + n * (std::fabs(double{header.lo}) + 255.0 * header.step);
      const double radius = header.radius + query.float_error_ * terms;
      out[i] = {finite(table.l1_f32_u8(query.floats_.data(), levels_of(codes[i]), header.lo,
                                       header.step, query.format_.dims)),
                static_cast<float>(radius * (1 + kFloatUnit))};
    }
  }
};

Query::Query(const Format& format, const Value& value)
    : format_(format), score_(Scorers::raw), near_(Scorers::near_function(format)) {
  float_error_ = (format.dims + 4.0) * kFloatUnit;
  if (format.kind == CodeKind::kU8) {
    prepare_u8(value);
    score_ = format.metric == Metric::kL2       ? Scorers::score<Scorers::L2>
             : format.metric == Metric::kL1     ? Scorers::l1
             : format.metric == Metric::kCosine ? Scorers::score<Scorers::Dot<true>>
                                                : Scorers::score<Scorers::Dot<false>>;
    if (format.metric == Metric::kCosine) float_error_ *= 3;  // the dot product and two norms
    return;
  }
  std::vector<float> scratch;
  raw_.resize(code_size(format, value));
  encode(format, value, scratch, raw_.data());
}

void Query::prepare_u8(const Value& value) {
  dense_floats(format_, value, floats_);
  const double n = format_.dims;
  double largest = 0;
  double total = 0;
  for (const float element : floats_) {
    largest = std::max(largest, std::fabs(double{element}));
    total += std::fabs(double{element});
  }
  // As fine as 16 bits allow and as dot_u8_i16 can sum in 32: 255 * sum |rounded| < 2^31.
  scale_ = std::max(largest / 32767, 255 * total / (2147483647.0 - 128 * n));
  absolute_sum_ = total;
  const double inverse = scale_ > 0 ? 1 / scale_ : 0;
  rounded_.resize(floats_.size());
  double error = 0;
  double sum = 0;
  double norm_squared = 0;
  for (std::size_t i = 0; i < floats_.size(); ++i) {
    const double level = std::isfinite(inverse) ? std::nearbyint(floats_[i] * inverse) : 0;
    rounded_[i] = static_cast<std::int16_t>(std::clamp(level, -32767.0, 32767.0));
    const double difference = floats_[i] - scale_ * rounded_[i];
    error += difference * difference;
    sum += rounded_[i];
    norm_squared += double{static_cast<float>(rounded_[i])} * rounded_[i];
  }
  sum_ = scale_ * sum;
  norm_squared_ = scale_ * scale_ * norm_squared;
  norm_ = std::sqrt(norm_squared_);
  rounding_ = std::sqrt(error) * (1 + 1e-12);
  if (format_.metric == Metric::kCosine) {
    rounding_ += kFloatUnit;  // of unit length, nearly
    if (!sums_are_sound(format_, value)) rounding_ = std::numeric_limits<double>::infinity();
  }
}

double Query::lower_bound(Scored scored) const {
  switch (format_.metric) {
    case Metric::kL2:
      return Scorers::bound<Metric::kL2>(*this, scored);
    case Metric::kCosine:
      return Scorers::bound<Metric::kCosine>(*this, scored);
    case Metric::kL1:
      return Scorers::bound<Metric::kL1>(*this, scored);
    default:
      return Scorers::bound<Metric::kInnerProduct>(*this, scored);
  }
}

float pair_distance(const Format& format, const std::byte* a, const std::byte* b) {
  if (format.kind != CodeKind::kU8) return finite(raw_distance(format, a, b));
  const auto& table = kernels::active();
  const std::size_t n = format.dims;
  const U8Header ha = header_of(a);
  const U8Header hb = header_of(b);
  if (format.metric == Metric::kL1) {
    return finite(table.l1_u8_u8(levels_of(a), ha.lo, ha.step, levels_of(b), hb.lo, hb.step, n));
  }
  // sum (la + sa a)(lb + sb b), multiplied out; the sums of a and b are in the headers.
  const double products = table.dot_u8_u8(levels_of(a), levels_of(b), n);
  const double dot = double{ha.lo} * hb.lo * static_cast<double>(n) +
                     double{ha.lo} * hb.step * hb.level_sum +
                     double{hb.lo} * ha.step * ha.level_sum + double{ha.step} * hb.step * products;
  if (format.metric != Metric::kL2) return finite(-dot);
  return finite(std::max(0.0, double{ha.norm_squared} + hb.norm_squared - 2 * dot));
}

}  // namespace vec::codes

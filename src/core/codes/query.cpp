#include "core/codes/query.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/codes/raw.h"
#include "core/codes/rotation.h"
#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

constexpr std::size_t kBatch = 64;

/// The bound of a distance to a code that is a value.
template <Metric kMetric>
double raw_bound(Scored scored) {
  const double distance = scored.distance;
  const double certain = distance - slack_of(distance);
  return kMetric == Metric::kL2 ? std::sqrt(std::max(0.0, certain)) : certain;
}

/// Of a distance by L1 to a kU8 code.
double l1_bound(double float_error, Scored scored) {
  const double distance = scored.distance;
  return distance - slack_of(distance) - float_error * distance - scored.radius * (1 + float_error);
}

}  // namespace

/// One function for each kind of code and metric, so that the choice is made once a query.
struct Query::Scorers {
  static void raw(const Query& query, const std::byte* const* codes, std::size_t count,
                  Scored* out) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = {finite(raw_distance(query.format_, query.raw_.data(), codes[i])), 0};
    }
  }

  static void l1(const Query& query, const std::byte* const* codes, std::size_t count,
                 Scored* out) {
    const auto& table = kernels::active();
    const double n = query.format_.dims;
    for (std::size_t i = 0; i < count; ++i) {
      const auto header = header_of<U8Header>(codes[i]);
      // The kernel's own error is one of the terms, which may be larger than their differences.
      const double terms =
          query.absolute_sum_ + n * (std::fabs(double{header.lo}) + 255.0 * header.step);
      const double radius = header.radius + query.fine_.float_error * terms;
      out[i] = {finite(table.l1_f32_u8(query.floats_.data(), levels_of<U8Header>(codes[i]),
                                       header.lo, header.step, query.format_.dims)),
                static_cast<float>(radius * (1 + kFloatUnit))};
    }
  }

  /// Calls each(i, rounded dot decoded, what the header says) for every kU8 code.
  template <class Each>
  static void dots(const Query& query, const std::byte* const* codes, std::size_t count,
                   Each each) {
    const auto kernel = kernels::active().dot_u8_i16_batch;
    const Rounded& rounded = query.fine_.rounded;
    const std::uint8_t* levels[kBatch];
    std::int32_t sums[kBatch];
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      for (std::size_t i = 0; i < n; ++i) levels[i] = levels_of<U8Header>(codes[start + i]);
      kernel(levels, n, query.words_.data(), query.format_.dims, sums);
      for (std::size_t i = 0; i < n; ++i) {
        const auto header = header_of<U8Header>(codes[start + i]);
        each(start + i, header.lo * rounded.sum + header.step * (rounded.scale * sums[i]),
             Coded{header.norm_squared, header.radius});
      }
    }
  }

  template <class Distance>
  static void score_u8(const Query& query, const std::byte* const* codes, std::size_t count,
                       Scored* out) {
    const Distance distance(query.fine_);
    dots(query, codes, count,
         [&](std::size_t i, double dot, const Coded& coded) { out[i] = distance(dot, coded); });
  }

  template <class Distance>
  static std::size_t near_u8(const Query& query, const std::byte* const* codes, std::size_t count,
                             double limit, std::uint32_t* places, double* bounds) {
    const Distance distance(query.fine_, limit);
    std::size_t found = 0;
    dots(query, codes, count, [&](std::size_t i, double dot, const Coded& coded) {
      if (distance.surplus(dot, coded) > 0) return;
      const double bound = certain(Distance::bound(query.fine_, distance(dot, coded)));
      if (bound > limit) return;
      places[found] = static_cast<std::uint32_t>(i);
      bounds[found++] = bound;
    });
    return found;
  }

  static std::size_t near_any(const Query& query, const std::byte* const* codes, std::size_t count,
                              double limit, std::uint32_t* places, double* bounds) {
    Scored scored[kBatch];
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      query.score(codes + start, n, scored);
      for (std::size_t i = 0; i < n; ++i) {
        const double bound = certain(query.lower_bound(scored[i]));
        if (bound > limit) continue;
        places[found] = static_cast<std::uint32_t>(start + i);
        bounds[found++] = bound;
      }
    }
    return found;
  }

  template <class Distance>
  static void choose(Query& query) {
    query.score_ = score_u8<Distance>;
    query.near_ = near_u8<Distance>;
  }
};

Query::Query(const Format& format, const Value& value) : Query(format, value, false) {}

Query Query::of_code(const Format& format, const std::byte* code) {
  std::vector<float> floats;
  return {format, decode(format, code, floats), is_rotated(format.kind)};
}

Query::Query(const Format& format, const Value& value, bool rotated)
    : format_(format), score_(Scorers::raw), near_(Scorers::near_any) {
  if (is_lossy(format.kind)) {
    prepare(value, rotated);
    switch (format.metric) {
      case Metric::kL2:
        Scorers::choose<L2>(*this);
        break;
      case Metric::kInnerProduct:
        Scorers::choose<Dot<false>>(*this);
        break;
      case Metric::kCosine:
        Scorers::choose<Dot<true>>(*this);
        break;
      default:
        score_ = Scorers::l1;
    }
    if (format.kind == CodeKind::kSplit) score_halves();
    return;
  }
  std::vector<float> scratch;
  raw_.resize(code_size(format, value));
  encode(format, value, scratch, raw_.data());
}

void Query::prepare(const Value& value, bool rotated) {
  dense_floats(format_, value, floats_);
  if (format_.metric == Metric::kL1) {
    absolute_sum_ = kernels::active().absolute_sum_f32(floats_.data(), floats_.size());
  }
  const double n = format_.dims;
  double error = 0;
  if (format_.metric == Metric::kCosine) {
    error = kFloatUnit;  // of unit length, nearly
    if (!sums_are_sound(format_, value)) error = std::numeric_limits<double>::infinity();
  }
  const bool in_halves = is_rotated(format_.kind);
  if (in_halves && !rotated) {
    error += rotate(floats_.data(), floats_.size(), length_of(format_, floats_));
  }
  // Three sums are in the cosine: the dot product and two norms.
  const double float_error = (n + 4) * kFloatUnit * (format_.metric == Metric::kCosine ? 3 : 1);
  words_.resize(floats_.size());
  fine_ = {round_to_words(floats_, words_.data()), float_error, n};
  fine_.rounded.error += error;
  if (!in_halves) return;
  halves_.resize((floats_.size() + kSplitBlock - 1) / kSplitBlock * kSplitBlock);
  coarse_ = {round_to_halves(floats_, halves_.data()), float_error, n};
  coarse_.rounded.error += error;
}

double Query::lower_bound(Scored scored) const {
  const bool lossy = is_lossy(format_.kind);
  switch (format_.metric) {
    case Metric::kL2:
      return lossy ? L2::bound(fine_, scored) : raw_bound<Metric::kL2>(scored);
    case Metric::kCosine:
      return lossy ? Dot<true>::bound(fine_, scored) : raw_bound<Metric::kCosine>(scored);
    case Metric::kL1:
      return l1_bound(lossy ? fine_.float_error : (format_.dims + 4.0) * kFloatUnit, scored);
    default:
      return lossy ? Dot<false>::bound(fine_, scored) : raw_bound<Metric::kInnerProduct>(scored);
  }
}

float pair_distance(const Format& format, const std::byte* a, const std::byte* b) {
  if (!has_levels(format.kind)) return finite(raw_distance(format, a, b));
  const auto& table = kernels::active();
  const std::size_t n = format.dims;
  const U8Header ha = header_of<U8Header>(a);
  const U8Header hb = header_of<U8Header>(b);
  if (format.metric == Metric::kL1) {
    return finite(table.l1_u8_u8(levels_of<U8Header>(a), ha.lo, ha.step, levels_of<U8Header>(b),
                                 hb.lo, hb.step, n));
  }
  // sum (la + sa a)(lb + sb b), multiplied out; the sums of a and b are in the headers.
  const double products = table.dot_u8_u8(levels_of<U8Header>(a), levels_of<U8Header>(b), n);
  const double dot = double{ha.lo} * hb.lo * static_cast<double>(n) +
                     double{ha.lo} * hb.step * hb.level_sum +
                     double{hb.lo} * ha.step * ha.level_sum + double{ha.step} * hb.step * products;
  if (format.metric != Metric::kL2) return finite(-dot);
  return finite(std::max(0.0, double{ha.norm_squared} + hb.norm_squared - 2 * dot));
}

}  // namespace vec::codes

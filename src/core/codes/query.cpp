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

template <class Header>
const std::uint8_t* levels_of(const std::byte* code) {
  return reinterpret_cast<const std::uint8_t*>(code + sizeof(Header));
}

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

/// Without NaN.
double certain(double bound) {
  return std::isnan(bound) ? -std::numeric_limits<double>::infinity() : bound;
}

constexpr std::size_t kLanes = 4;  // compilers make vectors of loops over so many
static_assert(kBatch % kLanes == 0);

/// What is read of a batch of heads of kSplit codes, side by side.  Up to a multiple of kLanes
/// there are zeros behind the last one.
struct HeadFields {
  const std::uint8_t* levels[kBatch];
  std::int32_t sums[kBatch];
  float lo[kBatch];
  float step[kBatch];
  float norm_squared[kBatch];
  float radius[kBatch];

  void load(const std::byte* const* heads, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      levels[i] = levels_of<SplitHeader>(heads[i]);
      put(i, header_of<SplitHeader>(heads[i]));
    }
    for (std::size_t i = n; i % kLanes != 0; ++i) put(i, {});
  }

 private:
  void put(std::size_t i, const SplitHeader& header) {
    sums[i] = 0;
    lo[i] = header.lo;
    step[i] = header.step;
    norm_squared[i] = header.coarse_norm_squared;
    radius[i] = header.coarse_radius;
  }
};

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

  /// Calls each(i, sum, header) for every code.
  /// multiply(levels, n, sums)   the kernel that sums are from; levels are what follows headers
  template <class Header, class Multiply, class Each>
  static void in_batches(const std::byte* const* codes, std::size_t count, Multiply multiply,
                         Each each) {
    const std::uint8_t* levels[kBatch];
    std::int32_t sums[kBatch];
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      for (std::size_t i = 0; i < n; ++i) levels[i] = levels_of<Header>(codes[start + i]);
      multiply(levels, n, sums);
      for (std::size_t i = 0; i < n; ++i) {
        each(start + i, sums[i], header_of<Header>(codes[start + i]));
      }
    }
  }

  /// Calls each(i, rounded dot decoded, what the header says) for every kU8 code.
  template <class Each>
  static void dots(const Query& query, const std::byte* const* codes, std::size_t count,
                   Each each) {
    const auto kernel = kernels::active().dot_u8_i16_batch;
    const Rounded& rounded = query.fine_.rounded;
    in_batches<U8Header>(
        codes, count,
        [&](const std::uint8_t* const* levels, std::size_t n, std::int32_t* sums) {
          kernel(levels, n, query.words_.data(), query.format_.dims, sums);
        },
        [&](std::size_t i, std::int32_t sum, const U8Header& header) {
          each(i, header.lo * rounded.sum + header.step * (rounded.scale * sum),
               Coded{header.norm_squared, header.radius});
        });
  }

  /// The same for the heads of kSplit codes.
  template <class Each>
  static void head_dots(const Query& query, const std::byte* const* heads, std::size_t count,
                        Each each) {
    const auto kernel = kernels::active().dot_u4_i8_batch;
    const Rounded& rounded = query.coarse_.rounded;
    in_batches<SplitHeader>(
        heads, count,
        [&](const std::uint8_t* const* halves, std::size_t n, std::int32_t* sums) {
          kernel(halves, n, query.halves_.data(), half_bytes(query.format_.dims), sums);
        },
        [&](std::size_t i, std::int32_t sum, const SplitHeader& header) {
          const double lo = coarse_lo(header.lo, header.step);
          const double step = coarse_step(header.step);
          each(i, lo * rounded.sum + step * (rounded.scale * sum),
               Coded{header.coarse_norm_squared, header.coarse_radius});
        });
  }

  /// The rounded query's dot product with a whole kSplit code, in two parts.
  static double split_dot(const Query& query, const SplitHeader& header, const std::byte* head,
                          const std::byte* tail) {
    const Rounded& rounded = query.fine_.rounded;
    const std::int32_t sum = kernels::active().dot_u4_u4_i16(
        levels_of<SplitHeader>(head), reinterpret_cast<const std::uint8_t*>(tail),
        query.words_.data(), query.format_.dims);
    return header.lo * rounded.sum + header.step * (rounded.scale * sum);
  }

  static const std::byte* tail_of(const Query& query, const std::byte* code) {
    return code + query.format_.code_bytes - tail_bytes(query.format_);
  }

  template <class Distance>
  static void score_u8(const Query& query, const std::byte* const* codes, std::size_t count,
                       Scored* out) {
    const Distance distance(query.fine_);
    dots(query, codes, count,
         [&](std::size_t i, double dot, const Coded& coded) { out[i] = distance(dot, coded); });
  }

  template <class Distance>
  static void score_split(const Query& query, const std::byte* const* codes, std::size_t count,
                          Scored* out) {
    const Distance distance(query.fine_);
    for (std::size_t i = 0; i < count; ++i) {
      const auto header = header_of<SplitHeader>(codes[i]);
      out[i] = distance(split_dot(query, header, codes[i], tail_of(query, codes[i])),
                        {header.norm_squared, header.radius});
    }
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

  template <class Distance>
  static std::size_t heads_near(const Query& query, const std::byte* const* heads,
                                std::size_t count, double limit, std::uint32_t* places) {
    const Distance distance(query.coarse_, limit);
    const auto kernel = kernels::active().dot_u4_i8_batch;
    const std::size_t bytes = half_bytes(query.format_.dims);
    // A dot product is lo * of_lo + step * (of_step + scale * sum), see coarse_lo().
    const double of_lo = query.coarse_.rounded.sum;
    const double of_step = coarse_lo(0, 1) * of_lo;
    const double scale = coarse_step(1) * query.coarse_.rounded.scale;
    HeadFields fields;
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      fields.load(heads + start, n);
      kernel(fields.levels, n, query.halves_.data(), bytes, fields.sums);
      double surplus[kBatch];
      for (std::size_t i = 0; i < n; i += kLanes) {
        double dots[kLanes];
        for (std::size_t k = 0; k < kLanes; ++k) {
          dots[k] = fields.lo[i + k] * of_lo +
                    fields.step[i + k] * (of_step + scale * fields.sums[i + k]);
        }
        for (std::size_t k = 0; k < kLanes; ++k) {
          surplus[i + k] =
              distance.surplus(dots[k], {fields.norm_squared[i + k], fields.radius[i + k]});
        }
      }
      for (std::size_t i = 0; i < n; ++i) {
        places[found] = static_cast<std::uint32_t>(start + i);
        found += !(surplus[i] > 0);
      }
    }
    return found;
  }

  template <class Distance>
  static std::size_t parts_near(const Query& query, const std::byte* const* heads,
                                const std::byte* const* tails, std::size_t count, double limit,
                                std::uint32_t* places, double* bounds) {
    const Distance fine(query.fine_);
    const std::byte* left[kBatch];
    std::uint32_t places_left[kBatch];
    double fine_bounds[kBatch];
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t end = std::min(start + kBatch, count);
      std::size_t n = 0;
      for (std::size_t i = start; i < end; ++i) {
        const auto header = header_of<SplitHeader>(heads[i]);
        const double dot = split_dot(query, header, heads[i], tails[i]);
        fine_bounds[n] =
            certain(Distance::bound(query.fine_, fine(dot, {header.norm_squared, header.radius})));
        if (fine_bounds[n] > limit) continue;
        left[n] = heads[i];
        places_left[n++] = static_cast<std::uint32_t>(i);
      }
      // What the head says counts, too, though it is hardly ever more: may_be_near() left out
      // whatever it put beyond the limit.
      const Distance coarse(query.coarse_);
      head_dots(query, left, n, [&](std::size_t i, double dot, const Coded& coded) {
        const double bound =
            std::max(certain(Distance::bound(query.coarse_, coarse(dot, coded))), fine_bounds[i]);
        if (bound > limit) return;
        places[found] = places_left[i];
        bounds[found++] = bound;
      });
    }
    return found;
  }

  static std::size_t near_split(const Query& query, const std::byte* const* codes,
                                std::size_t count, double limit, std::uint32_t* places,
                                double* bounds) {
    const std::byte* tails[kBatch];
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      for (std::size_t i = 0; i < n; ++i) tails[i] = tail_of(query, codes[start + i]);
      const std::size_t more =
          query.near(codes + start, tails, n, limit, places + found, bounds + found);
      for (std::size_t i = 0; i < more; ++i) {
        places[found + i] += static_cast<std::uint32_t>(start);
      }
      found += more;
    }
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
    const bool split = query.format_.kind == CodeKind::kSplit;
    query.score_ = split ? score_split<Distance> : score_u8<Distance>;
    query.near_ = split ? near_split : near_u8<Distance>;
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

std::size_t Query::may_be_near(const std::byte* const* heads, std::size_t count, double limit,
                               std::uint32_t* places) const {
  switch (format_.metric) {
    case Metric::kL2:
      return Scorers::heads_near<L2>(*this, heads, count, limit, places);
    case Metric::kCosine:
      return Scorers::heads_near<Dot<true>>(*this, heads, count, limit, places);
    default:
      return Scorers::heads_near<Dot<false>>(*this, heads, count, limit, places);
  }
}

std::size_t Query::near(const std::byte* const* heads, const std::byte* const* tails,
                        std::size_t count, double limit, std::uint32_t* places,
                        double* bounds) const {
  switch (format_.metric) {
    case Metric::kL2:
      return Scorers::parts_near<L2>(*this, heads, tails, count, limit, places, bounds);
    case Metric::kCosine:
      return Scorers::parts_near<Dot<true>>(*this, heads, tails, count, limit, places, bounds);
    default:
      return Scorers::parts_near<Dot<false>>(*this, heads, tails, count, limit, places, bounds);
  }
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

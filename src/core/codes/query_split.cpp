// core/codes/query_split.cpp
//
// Distances from a query to kSplit codes (split.h), by their heads alone, or by heads and tails.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/codes/query.h"
#include "core/codes/split.h"
#include "kernels/kernels.h"

namespace vec::codes {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kLanes = 4;  // compilers make vectors of loops over so many
static_assert(kBatch % kLanes == 0);

}  // namespace

struct Query::Halves {
  /// What heads of a batch say, side by side.
  class Heads {
   public:
    explicit Heads(const Query& query)
        : query_(query),
          kernel_(kernels::active().dot_u4_i8_batch),
          of_lo_(query.coarse_.rounded.sum),
          of_step_(coarse_lo(0, 1) * of_lo_),
          scale_(coarse_step(1) * query.coarse_.rounded.scale) {}

    /// Up to a multiple of kLanes there are zeros behind the last one.
    void load(const std::byte* const* heads, std::size_t n) {
      const std::uint8_t* levels[kBatch];
      for (std::size_t i = 0; i < n; ++i) {
        levels[i] = levels_of<SplitHeader>(heads[i]);
        put(i, header_of<SplitHeader>(heads[i]));
      }
      for (std::size_t i = n; i % kLanes != 0; ++i) put(i, {});
      kernel_(levels, n, query_.halves_.data(), half_bytes(query_.format_.dims), sums_);
    }

    /// Rounded query dot decoded head.
    double dot(std::size_t i) const {
      return lo_[i] * of_lo_ + step_[i] * (of_step_ + scale_ * sums_[i]);
    }
    Coded coded(std::size_t i) const { return {norm_squared_[i], radius_[i]}; }

   private:
    void put(std::size_t i, const SplitHeader& header) {
      sums_[i] = 0;
      lo_[i] = header.lo;
      step_[i] = header.step;
      norm_squared_[i] = header.coarse_norm_squared;
      radius_[i] = header.coarse_radius;
    }

    const Query& query_;
    void (*kernel_)(const std::uint8_t* const*, std::size_t, const std::int8_t*, std::size_t,
                    std::int32_t*) noexcept;
    double of_lo_, of_step_, scale_;  // see dot() and coarse_lo()
    std::int32_t sums_[kBatch];
    float lo_[kBatch];
    float step_[kBatch];
    float norm_squared_[kBatch];
    float radius_[kBatch];
  };

  /// What a whole code says of the distance.
  template <class Distance>
  static Scored whole(const Query& query, const Distance& distance, const std::byte* head,
                      const std::byte* tail) {
    const auto header = header_of<SplitHeader>(head);
    const Rounded& rounded = query.fine_.rounded;
    const std::int32_t sum = kernels::active().dot_u4_u4_i16(
        levels_of<SplitHeader>(head), reinterpret_cast<const std::uint8_t*>(tail),
        query.words_.data(), query.format_.dims);
    return distance(header.lo * rounded.sum + header.step * (rounded.scale * sum),
                    {header.norm_squared, header.radius});
  }

  static const std::byte* tail_of(const Query& query, const std::byte* code) {
    return code + query.format_.code_bytes - tail_bytes(query.format_);
  }

  template <class Distance>
  static void score(const Query& query, const std::byte* const* codes, std::size_t count,
                    Scored* out) {
    const Distance distance(query.fine_);
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = whole(query, distance, codes[i], tail_of(query, codes[i]));
    }
  }

  template <class Distance>
  static std::size_t may_be_near(const Query& query, const std::byte* const* heads,
                                 std::size_t count, double limit, std::uint32_t* places) {
    const Distance distance(query.coarse_, limit);
    Heads batch(query);
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t n = std::min(kBatch, count - start);
      batch.load(heads + start, n);
      double surplus[kBatch];
      for (std::size_t i = 0; i < n; i += kLanes) {
        double dots[kLanes];
        for (std::size_t k = 0; k < kLanes; ++k) dots[k] = batch.dot(i + k);
        for (std::size_t k = 0; k < kLanes; ++k) {
          surplus[i + k] = distance.surplus(dots[k], batch.coded(i + k));
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
  static std::size_t near(const Query& query, const std::byte* const* heads,
                          const std::byte* const* tails, std::size_t count, double limit,
                          std::uint32_t* places, double* bounds) {
    const Distance fine(query.fine_), coarse(query.coarse_);
    Heads batch(query);
    const std::byte* left[kBatch];
    std::uint32_t places_left[kBatch];
    double fine_bounds[kBatch];
    std::size_t found = 0;
    for (std::size_t start = 0; start < count; start += kBatch) {
      const std::size_t end = std::min(start + kBatch, count);
      std::size_t n = 0;
      for (std::size_t i = start; i < end; ++i) {
        const Scored scored = whole(query, fine, heads[i], tails[i]);
        fine_bounds[n] = certain(Distance::bound(query.fine_, scored));
        if (fine_bounds[n] > limit) continue;
        left[n] = heads[i];
        places_left[n++] = static_cast<std::uint32_t>(i);
      }
      // What the head says counts, too, though it is hardly ever more: may_be_near() left out
      // whatever it put beyond the limit.
      batch.load(left, n);
      for (std::size_t i = 0; i < n; ++i) {
        const Scored scored = coarse(batch.dot(i), batch.coded(i));
        const double bound =
            std::max(certain(Distance::bound(query.coarse_, scored)), fine_bounds[i]);
        if (bound > limit) continue;
        places[found] = places_left[i];
        bounds[found++] = bound;
      }
    }
    return found;
  }

  static std::size_t whole_near(const Query& query, const std::byte* const* codes,
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

  /// use(d), where d is null, of the type for the query's metric.
  template <class Use>
  static auto of_metric(const Query& query, Use use) {
    switch (query.format_.metric) {
      case Metric::kL2:
        return use(static_cast<L2*>(nullptr));
      case Metric::kCosine:
        return use(static_cast<Dot<true>*>(nullptr));
      default:
        return use(static_cast<Dot<false>*>(nullptr));
    }
  }
};

void Query::score_halves() {
  score_ = Halves::of_metric(
      *this, []<class Distance>(Distance*) -> ScoreFunction { return Halves::score<Distance>; });
  near_ = Halves::whole_near;
}

std::size_t Query::may_be_near(const std::byte* const* heads, std::size_t count, double limit,
                               std::uint32_t* places) const {
  return Halves::of_metric(*this, [&]<class Distance>(Distance*) {
    return Halves::may_be_near<Distance>(*this, heads, count, limit, places);
  });
}

std::size_t Query::near(const std::byte* const* heads, const std::byte* const* tails,
                        std::size_t count, double limit, std::uint32_t* places,
                        double* bounds) const {
  return Halves::of_metric(*this, [&]<class Distance>(Distance*) {
    return Halves::near<Distance>(*this, heads, tails, count, limit, places, bounds);
  });
}

}  // namespace vec::codes

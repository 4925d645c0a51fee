#include "core/ivf/train_floats.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "core/ivf/kmeans.h"
#include "core/ivf/nearest.h"
#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

/// More gain nothing; six, three of them the last ones, lose .003 recall on text (README).
constexpr int kIterations = 8;
/// What comes before the last few of them may look at a part of the samples, if that is enough.
constexpr int kLastIterations = 5;
constexpr std::size_t kPart = 4;
constexpr std::size_t kEnoughForPart = 10;  // samples in the part for each list
constexpr std::size_t kEnoughForMiddle = 1024;
/// Rounds of k-means||, each with lists / 2 candidates on average.
constexpr int kRounds = 8;

using Floats = std::pmr::vector<float>;

class Trainer {
 public:
  Trainer(Floats& samples, std::size_t count, std::size_t dims, std::size_t lists, bool spherical,
          Rng& rng, void (*check)(), std::pmr::memory_resource* memory)
      : samples_(samples),
        count_(count),
        dims_(dims),
        lists_(lists),
        spherical_(spherical),
        rng_(rng),
        check_(check),
        memory_(memory),
        finder_(dims, spherical ? By::kProduct : By::kDistance, memory),
        distances_(count, memory),
        nearest_(count, memory),
        mean_(memory) {}

  Floats train() {
    const double scale = rescale();
    Floats centers(memory_);
    const auto* bytes = reinterpret_cast<const std::byte*>(samples_.data());
    const auto distinct = find_distinct(bytes, dims_ * sizeof(float), count_, lists_);
    if (distinct.size() <= lists_) {
      for (const std::size_t i : distinct) append(centers, row(i));
      fill_up(centers);
    } else {
      some_ = count_ / kPart >= kEnoughForPart * lists_ ? count_ / kPart : count_;
      shuffle(std::min(count_, std::max(some_, kEnoughForMiddle)));
      finder_.set_origin(middle().data());
      finder_.set_rows(samples_.data(), count_);
      centers = choose_start();
      iterate(centers);
    }
    if (scale != 1) {
      for (float& x : centers) x = static_cast<float>(x * scale);
    }
    return centers;
  }

 private:
  const float* row(std::size_t i) const { return samples_.data() + i * dims_; }

  static void append(Floats& to, const float* row, std::size_t dims) {
    to.insert(to.end(), row, row + dims);
  }
  void append(Floats& to, const float* row) const { append(to, row, dims_); }

  /// Squares of the samples must be numbers.  Returns what the centers are to be multiplied by.
  double rescale() {
    float lo = 0;
    float hi = 0;
    if (count_ > 0) kernels::active().min_max_f32(samples_.data(), count_ * dims_, &lo, &hi);
    const double largest = std::max(-double{lo}, double{hi});
    extent_ = largest > 0 ? largest : 1;
    if (largest == 0 || (largest > 1e-12 && largest < 1e12)) return 1;
    for (float& x : samples_) x = static_cast<float>(x / largest);
    extent_ = 1;
    return largest;
  }

  /// Random centers until there are as many as lists.
  void fill_up(Floats& centers) {
    while (centers.size() < lists_ * dims_) {
      const std::size_t first = centers.size();
      for (std::size_t d = 0; d < dims_; ++d) {
        centers.push_back(static_cast<float>(rng_.uniform() * extent_));
      }
      if (spherical_) normalize(centers.data() + first);
    }
  }

  bool normalize(float* center) const {
    const double norm = std::sqrt(kernels::active().norm_squared_f32(center, dims_));
    if (!(norm > 0)) return false;
    for (std::size_t d = 0; d < dims_; ++d) center[d] = static_cast<float>(center[d] / norm);
    return true;
  }

  /// The first few of the samples are to be any of them, whatever order the table is in.
  void shuffle(std::size_t few) {
    for (std::size_t i = 0; i < few; ++i) {
      float* own = samples_.data() + i * dims_;
      float* other = own + rng_.below(count_ - i) * dims_;
      if (own != other) std::swap_ranges(own, own + dims_, other);
    }
  }

  /// About the mean.
  Floats middle() const {
    const std::size_t some = std::min(count_, kEnoughForMiddle);
    Floats middle(dims_, 0, memory_);
    for (std::size_t i = 0; i < some; ++i) add(row(i), middle.data());
    for (float& x : middle) x /= static_cast<float>(some);
    return middle;
  }

  float squared_distance(std::size_t i, const float* center) const {
    return kernels::active().l2_squared_f32(row(i), center, dims_);
  }

  /// For each of the first some_ samples one of `count` centers, which is not 0, that is about as
  /// near as the nearest: each(sample, center).
  template <class Each>
  void find_near(const float* centers, std::size_t count, Each each) {
    finder_.set_centers(centers, count);
    const auto choose = [&](std::size_t i, std::span<const std::uint32_t> candidates) {
      std::uint32_t nearest = candidates.empty() ? 0 : candidates[0];
      if (candidates.size() > 1) {
        float least = std::numeric_limits<float>::max();
        for (const std::uint32_t c : candidates) {
          const float squared = squared_distance(i, centers + c * dims_);
          if (!(squared < least)) continue;
          least = squared;
          nearest = c;
        }
      }
      each(i, nearest);
    };
    for (std::size_t first = 0; first < some_; first += kRowBlock) {
      check_();
      finder_.find(first, std::min(first + kRowBlock, some_), false, choose);
    }
  }

  /// k-means||.
  Floats choose_start() {
    Floats candidates(memory_);
    std::vector<bool> taken(count_);
    const auto take = [&](std::size_t i) {
      taken[i] = true;
      append(candidates, row(i));
    };
    take(rng_.below(some_));
    // Those that are not looked at are no candidates.
    const auto end = distances_.begin() + static_cast<std::ptrdiff_t>(some_);
    std::fill(distances_.begin(), end, std::numeric_limits<float>::max());
    std::size_t known = 0;  // candidates that distances_ takes into account
    const auto update = [&] {
      const std::size_t all = candidates.size() / dims_;
      if (all == known) return;  // the round took nobody
      const float* const latest = candidates.data() + known * dims_;
      find_near(latest, all - known, [&](std::size_t i, std::uint32_t found) {
        const float squared = squared_distance(i, latest + found * dims_);
        if (squared >= distances_[i]) return;
        distances_[i] = squared;
        nearest_[i] = static_cast<std::uint32_t>(known) + found;
      });
      known = all;
    };
    for (int round = 0; round < kRounds; ++round) {
      update();
      const double total = std::accumulate(distances_.begin(), end, 0.0);
      if (!(total > 0)) break;
      const double factor = std::max(1.0, static_cast<double>(lists_) / 2) / total;
      for (std::size_t i = 0; i < some_; ++i) {
        if (distances_[i] > 0 && !taken[i] && rng_.uniform() <= factor * distances_[i]) take(i);
      }
    }
    // Too few if the sample is hardly larger than the number of lists.
    std::size_t at = rng_.below(count_);
    while (candidates.size() < lists_ * dims_) {
      while (taken[at]) at = (at + 1) % count_;
      take(at);
    }
    update();
    return reduce(candidates);
  }

  /// k-means++ among the candidates, weighted by the samples nearest to each.
  Floats reduce(const Floats& candidates) {
    const std::size_t count = candidates.size() / dims_;
    if (count == lists_) return candidates;
    std::pmr::vector<double> weights(count, 0.0, memory_);
    for (std::size_t i = 0; i < some_; ++i) weights[nearest_[i]] += 1;
    std::pmr::vector<double> squared(count, std::numeric_limits<float>::max(), memory_);
    Floats chosen(memory_);
    chosen.reserve(lists_ * dims_);
    std::size_t next = static_cast<std::size_t>(std::max_element(weights.begin(), weights.end()) -
                                                weights.begin());
    NearestFinder finder(dims_, By::kDistance, memory_);
    finder.set_origin(middle().data());
    finder.set_rows(candidates.data(), count);
    finder.set_centers(candidates.data(), count);
    Floats distances(count, memory_);
    for (;;) {
      append(chosen, candidates.data() + next * dims_);
      if (chosen.size() == lists_ * dims_) return chosen;
      check_();
      double total = 0;
      finder.squared_distances(next, distances.data());
      for (std::size_t c = 0; c < count; ++c) {
        squared[c] = std::min(squared[c], double{distances[c]});
        total += squared[c] * weights[c];
      }
      squared[next] = -1;  // taken
      double left = rng_.uniform() * total;
      std::size_t fallback = count;
      for (next = 0; next < count; ++next) {
        if (squared[next] < 0) continue;
        if (fallback == count) fallback = next;
        if (!(squared[next] * weights[next] > 0)) continue;
        fallback = next;
        left -= squared[next] * weights[next];
        if (left <= 0) break;
      }
      if (next == count) next = fallback;
    }
  }

  /// Lloyd.
  void iterate(Floats& centers) {
    std::pmr::vector<std::size_t> members(lists_, memory_);
    Floats sums(memory_);
    std::size_t counted = 0;  // samples that are members, and in the sums
    for (int round = 0; round < kIterations; ++round) {
      if (round + kLastIterations >= kIterations) some_ = count_;
      if (counted != some_) {
        counted = 0;
        sums.assign(lists_ * dims_, 0);
        std::fill(members.begin(), members.end(), 0);
      }
      std::size_t moved = 0;
      find_near(centers.data(), lists_, [&](std::size_t i, std::uint32_t found) {
        const std::uint32_t before = std::exchange(nearest_[i], found);
        if (counted > 0) {
          if (found == before) return;
          --members[before];
          float* const sum = sums.data() + before * dims_;
          if (members[before] > 0) {
            subtract(row(i), sum);
          } else {
            std::fill_n(sum, dims_, 0.0F);
          }
        }
        ++moved;
        ++members[found];
        add(row(i), sums.data() + found * dims_);
      });
      if (moved == 0 && some_ == count_) return;
      counted = some_;
      if (std::find(members.begin(), members.end(), 0U) != members.end()) measure(centers);
      for (std::size_t list = 0; list < lists_; ++list) {
        float* center = centers.data() + list * dims_;
        if (members[list] == 0) {
          reseed(center);
        } else {
          set_mean(sums.data() + list * dims_, members[list], center);
        }
      }
    }
  }

  void set_mean(const float* sum, std::size_t members, float* center) {
    mean_.resize(dims_);
    for (std::size_t d = 0; d < dims_; ++d) mean_[d] = sum[d] / static_cast<float>(members);
    // Where members cancel out, it stays as it was.
    if (!spherical_ || normalize(mean_.data())) std::copy(mean_.begin(), mean_.end(), center);
  }

  template <class Change>
  void change(const float* row, float* sum, Change with) const {
    constexpr std::size_t kLanes = 8;  // compilers make vectors of loops over so many
    std::size_t d = 0;
    for (; d + kLanes <= dims_; d += kLanes) {
      float part[kLanes];
      for (std::size_t k = 0; k < kLanes; ++k) part[k] = with(sum[d + k], row[d + k]);
      std::memcpy(sum + d, part, sizeof part);
    }
    for (; d < dims_; ++d) sum[d] = with(sum[d], row[d]);
  }
  void add(const float* row, float* sum) const { change(row, sum, std::plus<float>()); }
  void subtract(const float* row, float* sum) const { change(row, sum, std::minus<float>()); }

  /// How far those samples that are looked at are from their centers.
  void measure(const Floats& centers) {
    std::fill(distances_.begin(), distances_.end(), -1.0F);
    for (std::size_t i = 0; i < some_; ++i) {
      distances_[i] = squared_distance(i, centers.data() + nearest_[i] * dims_);
    }
  }

  /// An empty list takes the sample that is worst served, as measured.
  void reseed(float* center) {
    const auto worst = std::max_element(distances_.begin(), distances_.end());
    std::memcpy(center, row(static_cast<std::size_t>(worst - distances_.begin())),
                dims_ * sizeof(float));
    *worst = -1;
  }

  Floats& samples_;
  std::size_t count_;
  std::size_t dims_;
  std::size_t lists_;
  bool spherical_;
  Rng& rng_;
  void (*check_)();
  std::pmr::memory_resource* memory_;
  double extent_ = 1;     // largest element of a sample
  std::size_t some_ = 0;  // samples that are looked at now: the first ones
  NearestFinder finder_;
  Floats distances_;                         // squared, from the nearest center
  std::pmr::vector<std::uint32_t> nearest_;  // center of each sample
  Floats mean_;                              // of one list
};

}  // namespace

std::pmr::vector<float> train_floats(std::pmr::vector<float>& samples, std::size_t count,
                                     std::size_t dims, std::size_t lists, bool spherical, Rng& rng,
                                     void (*check)(), std::pmr::memory_resource* memory) {
  return Trainer(samples, count, dims, lists, spherical, rng, check, memory).train();
}

}  // namespace vec::ivf

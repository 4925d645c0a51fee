#include "core/ivf/train_bits.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/ivf/kmeans.h"
#include "kernels/kernels.h"

namespace vec::ivf {

namespace {

constexpr int kIterations = 10;

class Trainer {
 public:
  Trainer(const std::pmr::vector<std::uint8_t>& samples, std::size_t count,
          const codes::Format& format, std::size_t lists, Rng& rng, void (*check)(),
          std::uint8_t* centers)
      : samples_(samples),
        count_(count),
        dims_(format.dims),
        bytes_(format.code_bytes),
        lists_(lists),
        rng_(rng),
        check_(check),
        centers_(centers),
        distances_(count),
        nearest_(count) {}

  void train() {
    const auto* rows = reinterpret_cast<const std::byte*>(samples_.data());
    const auto distinct = find_distinct(rows, bytes_, count_, lists_);
    if (distinct.size() <= lists_) {
      std::size_t list = 0;
      for (; list < distinct.size(); ++list) put(list, row(distinct[list]));
      for (; list < lists_; ++list) randomize(center(list));
      return;
    }
    choose_start();
    iterate();
  }

 private:
  const std::uint8_t* row(std::size_t i) const { return samples_.data() + i * bytes_; }
  std::uint8_t* center(std::size_t list) const { return centers_ + list * bytes_; }
  void put(std::size_t list, const std::uint8_t* from) { std::memcpy(center(list), from, bytes_); }

  void randomize(std::uint8_t* bits) {
    for (std::size_t i = 0; i < bytes_; ++i) bits[i] = static_cast<std::uint8_t>(rng_.next());
    const std::size_t tail = dims_ % 8;
    if (tail != 0) bits[bytes_ - 1] &= static_cast<std::uint8_t>(0xFF << (8 - tail));
  }

  /// k-means++.
  void choose_start() {
    const auto& kernel = kernels::active();
    std::fill(distances_.begin(), distances_.end(), static_cast<double>(dims_) + 1);
    std::size_t next = rng_.below(count_);
    for (std::size_t list = 0;; ++list) {
      put(list, row(next));
      if (list + 1 == lists_) return;
      check_();
      double total = 0;
      for (std::size_t i = 0; i < count_; ++i) {
        const auto distance = static_cast<double>(kernel.hamming(row(i), center(list), bytes_));
        distances_[i] = std::min(distances_[i], distance * distance);
        total += distances_[i];
      }
      // There are more distinct rows than lists, so that the total is not zero.
      double left = rng_.uniform() * total;
      std::size_t last = 0;
      for (next = 0; next < count_; ++next) {
        if (!(distances_[next] > 0)) continue;
        last = next;
        left -= distances_[next];
        if (left <= 0) break;
      }
      if (next == count_) next = last;
    }
  }

  void iterate() {
    const auto& kernel = kernels::active();
    std::vector<std::uint32_t> ones(dims_);
    std::vector<std::size_t> starts(lists_ + 1);
    std::vector<std::size_t> order(count_);
    for (int round = 0; round < kIterations; ++round) {
      std::size_t moved = 0;
      for (std::size_t i = 0; i < count_; ++i) {
        if (i % 64 == 0) check_();
        std::uint64_t least = ~std::uint64_t{0};
        std::size_t best = 0;
        for (std::size_t list = 0; list < lists_; ++list) {
          const std::uint64_t distance = kernel.hamming(row(i), center(list), bytes_);
          if (distance >= least) continue;
          least = distance;
          best = list;
        }
        moved += round == 0 || nearest_[i] != best;
        nearest_[i] = best;
        distances_[i] = static_cast<double>(least);
      }
      if (moved == 0) return;

      std::fill(starts.begin(), starts.end(), 0);
      for (const std::size_t list : nearest_) ++starts[list + 1];
      std::partial_sum(starts.begin(), starts.end(), starts.begin());
      std::vector<std::size_t> next = starts;
      for (std::size_t i = 0; i < count_; ++i) order[next[nearest_[i]]++] = i;
      for (std::size_t list = 0; list < lists_; ++list) {
        const std::size_t members = starts[list + 1] - starts[list];
        if (members == 0) {
          const auto worst = std::max_element(distances_.begin(), distances_.end());
          put(list, row(static_cast<std::size_t>(worst - distances_.begin())));
          *worst = -1;
          continue;
        }
        std::fill(ones.begin(), ones.end(), 0);
        for (std::size_t at = starts[list]; at < starts[list + 1]; ++at) {
          const std::uint8_t* bits = row(order[at]);
          for (std::size_t d = 0; d < dims_; ++d) ones[d] += (bits[d / 8] >> (7 - d % 8)) & 1U;
        }
        std::uint8_t* bits = center(list);
        std::memset(bits, 0, bytes_);
        for (std::size_t d = 0; d < dims_; ++d) {
          if (ones[d] * std::size_t{2} > members) {
            bits[d / 8] |= static_cast<std::uint8_t>(0x80U >> (d % 8));
          }
        }
      }
    }
  }

  const std::pmr::vector<std::uint8_t>& samples_;
  std::size_t count_;
  std::uint32_t dims_;
  std::size_t bytes_;
  std::size_t lists_;
  Rng& rng_;
  void (*check_)();
  std::uint8_t* centers_;
  std::vector<double> distances_;
  std::vector<std::size_t> nearest_;
};

}  // namespace

void train_bits(const std::pmr::vector<std::uint8_t>& samples, std::size_t count,
                const codes::Format& format, std::size_t lists, Rng& rng, void (*check)(),
                std::uint8_t* centers) {
  Trainer(samples, count, format, lists, rng, check, centers).train();
}

}  // namespace vec::ivf

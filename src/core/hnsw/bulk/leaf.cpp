#include "core/hnsw/bulk/leaf.h"

#include <algorithm>
#include <array>

#include "core/codes/query.h"
#include "core/hnsw/select_neighbors.h"

namespace vec::hnsw::bulk {

void Leaf::begin(std::span<const NodeId> members, Codes codes) {
  members_ = members;
  codes_ = codes;
  columns_.assign(codes);
  distances_.resize(Columns::kRows * columns_.stride());
  minima_.resize(Columns::kRows * kernels::kMinima);
  near_.resize(members.size() * candidates_);
  found_.resize(members.size());
  kept_.assign(members.size() * candidates_, false);
}

void Leaf::find_nearest(std::size_t first) {
  const std::size_t rows = std::min(Columns::kRows, members_.size() - first);
  columns_.distances(codes_.subspan(first, rows), distances_.data(), minima_.data());
  for (std::size_t r = 0; r < rows; ++r) {
    const auto found = nearest_.find({distances_.data() + r * columns_.stride(), members_.size()},
                                     minima_.data() + r * kernels::kMinima, candidates_, first + r);
    std::copy(found.begin(), found.end(),
              near_.begin() + static_cast<std::ptrdiff_t>((first + r) * candidates_));
    found_[first + r] = static_cast<std::uint16_t>(found.size());
  }
}

void Leaf::select(std::size_t place) {
  const std::size_t start = place * candidates_;
  std::array<std::size_t, Nearest::kMost> kept;
  std::size_t count = 0;
  for (std::size_t i = 0; i < found_[place]; ++i) {
    const LinkCandidate candidate{near_[start + i].distance, i, false};
    const std::byte* const code = codes_[near_[start + i].place];
    const bool dominated = std::any_of(
        kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count), [&](std::size_t k) {
          const Near& other = near_[start + k];
          return dominated_by(candidate, {other.distance, k, true},
                              codes::pair_distance(format_, code, codes_[other.place]));
        });
    if (dominated) continue;
    kept_[start + i] = true;
    kept[count++] = i;
  }
}

void Leaf::turn_around() {
  const std::size_t size = members_.size();
  back_starts_.assign(size + 1, 0);
  const auto each_kept = [&](auto visit) {
    for (std::size_t place = 0; place < size; ++place) {
      for (std::size_t i = place * candidates_; i < place * candidates_ + found_[place]; ++i) {
        if (kept_[i]) visit(place, near_[i]);
      }
    }
  };
  each_kept([&](std::size_t, const Near& near) { ++back_starts_[near.place + 1]; });
  for (std::size_t place = 0; place < size; ++place) back_starts_[place + 1] += back_starts_[place];
  back_links_.resize(back_starts_[size]);
  std::vector<std::uint32_t> next(back_starts_.begin(), back_starts_.end() - 1);
  each_kept([&](std::size_t place, const Near& near) {
    back_links_[next[near.place]++] = {near.distance, node(place)};
  });
}

std::span<const LinkEntry> Leaf::links(std::size_t place) {
  links_.clear();
  for (std::size_t i = 0; i < found_[place]; ++i) {
    const Near& near = near_[place * candidates_ + i];
    links_.push_back(
        {near.distance, node(near.place) | (kept_[place * candidates_ + i] ? kKeptByRule : 0)});
  }
  const std::size_t own = links_.size();
  for (std::size_t i = back_starts_[place]; i < back_starts_[place + 1]; ++i) {
    const BackLink& back = back_links_[i];
    const auto there =
        std::find_if(links_.begin(), links_.begin() + static_cast<std::ptrdiff_t>(own),
                     [&](const LinkEntry& entry) { return node_of(entry.link) == back.source; });
    if (there != links_.begin() + static_cast<std::ptrdiff_t>(own)) {
      there->link |= kKeptByRule;
      there->distance = std::min(there->distance, back.distance);
    } else {
      links_.push_back({back.distance, back.source | kKeptByRule});
    }
  }
  std::sort(links_.begin(), links_.end(), nearer);
  return links_;
}

}  // namespace vec::hnsw::bulk

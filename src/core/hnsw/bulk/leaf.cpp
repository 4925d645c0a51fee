#include "core/hnsw/bulk/leaf.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/hnsw/select_neighbors.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

void Leaf::begin(std::span<const NodeId> members, Codes codes) {
  members_ = members;
  codes_ = codes;
  columns_.assign(codes);
  stride_ = columns_.stride();
  // Whole blocks of rows.  Never shrinks: what grows again would be cleared.
  const std::size_t rows = (members.size() + Columns::kRows - 1) / Columns::kRows * Columns::kRows;
  if (matrix_.size() < rows * stride_) matrix_.resize(rows * stride_);
  near_.resize(start_of(members.size()));
  found_.resize(members.size());
  kept_.assign(near_.size(), 0);
}

void Leaf::measure(std::size_t first) {
  const std::size_t size = members_.size();
  const std::size_t end = std::min(first + Columns::kRows, size);
  float* const rows = matrix_.data() + first * stride_;
  columns_.distances(codes_.subspan(first, end - first),
                     first / kernels::kPanelColumns * kernels::kPanelColumns, rows);
  if (end == size) return;
  static_assert(kernels::kPanelColumns % Columns::kRows == 0 && Columns::kRows % 8 == 0);
  const std::size_t others = (size - end + Columns::kRows - 1) / Columns::kRows * Columns::kRows;
  kernels::active().transpose(rows + end, stride_, Columns::kRows, others,
                              matrix_.data() + end * stride_ + first, stride_);
}

void Leaf::find_nearest(std::size_t first) {
  const std::size_t end = std::min(first + Columns::kRows, members_.size());
  for (std::size_t place = first; place < end; ++place) {
    const auto found = nearest_.find({row_of(place), members_.size()}, candidates_, place);
    std::ranges::copy(found, near_.begin() + static_cast<std::ptrdiff_t>(start_of(place)));
    found_[place] = static_cast<std::uint16_t>(found.size());
    add_scouts(place);
  }
}

void Leaf::add_scouts(std::size_t place) {
  if (members_.size() < 2 * kScouts || found_[place] < candidates_) return;
  // Spread over the leaf without a period, which the members may have, too: multiples of the golden
  // ratio.
  const auto scout_at = [this](std::size_t i) {
    return static_cast<std::uint32_t>(
        static_cast<std::uint32_t>(i * 2654435769U) * std::uint64_t{members_.size()} >> 32);
  };
  const float* const distances = row_of(place);
  const std::size_t start = start_of(place);
  const float farthest = near_[start + candidates_ - 1].distance;
  std::array<Near, kScoutsAsked> nearest;  // ascending
  std::size_t count = 0;
  for (std::size_t i = 0; i < kScouts; ++i) {
    const Near scout{distances[scout_at(i)], scout_at(i)};
    if (!(scout.distance > farthest) || std::isinf(scout.distance)) continue;
    if (count == kScoutsAsked) {
      if (!(scout.distance < nearest.back().distance)) continue;
      --count;
    }
    std::size_t at = count++;
    for (; at > 0 && scout.distance < nearest[at - 1].distance; --at) nearest[at] = nearest[at - 1];
    nearest[at] = scout;
  }
  std::copy_n(nearest.begin(), count,
              near_.begin() + static_cast<std::ptrdiff_t>(start + candidates_));
  found_[place] = static_cast<std::uint16_t>(candidates_ + count);
}

void Leaf::select(std::size_t place) {
  const std::size_t start = start_of(place);
  const std::size_t nearest = std::min<std::size_t>(found_[place], candidates_);
  std::array<std::size_t, Nearest::kMost + kScoutsAsked> kept;
  std::size_t count = 0;
  const auto ask = [&](std::size_t i) {
    const Near& near = near_[i];
    const float* const between = row_of(near.place);
    bool dominated = false;
    for (std::size_t k = 0; k < count && !dominated; ++k) {
      const Near& other = near_[kept[k]];
      dominated = dominated_by({near.distance, i, false}, {other.distance, kept[k], true},
                               between[other.place]);
    }
    if (dominated) return false;
    kept_[i] = 1;
    kept[count++] = i;
    return true;
  };
  for (std::size_t i = 0; i < std::min(nearest, by_rule_); ++i) ask(start + i);
  // A scout is a link only if the rule keeps it.
  std::size_t end = nearest;
  for (std::size_t i = nearest; i < found_[place]; ++i) {
    near_[start + end] = near_[start + i];
    if (ask(start + end)) ++end;
  }
  found_[place] = static_cast<std::uint16_t>(end);
}

void Leaf::turn_around() {
  const std::size_t size = members_.size();
  back_starts_.assign(size + 1, 0);
  const auto each_kept = [&](auto visit) {
    for (std::size_t place = 0; place < size; ++place) {
      for (std::size_t i = start_of(place); i < start_of(place) + found_[place]; ++i) {
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
  const std::size_t start = start_of(place);
  const std::size_t end = start + found_[place];
  NodeFilter filter;
  for (std::size_t i = start; i < end; ++i) filter.add(node(near_[i].place));
  back_.clear();
  for (std::size_t i = back_starts_[place]; i < back_starts_[place + 1]; ++i) {
    const BackLink& back = back_links_[i];
    std::size_t at = end;
    if (filter.may_have(back.source)) {
      for (at = start; at < end && node(near_[at].place) != back.source; ++at) {
      }
    }
    if (at < end) {
      kept_[at] = 1;
    } else {
      back_.push_back({back.distance, back.source | kKeptByRule});
    }
  }
  std::sort(back_.begin(), back_.end(), nearer);
  links_.clear();
  auto back = back_.begin();
  for (std::size_t i = start; i < end; ++i) {
    const NodeId other = node(near_[i].place);
    const LinkEntry own{near_[i].distance, kept_[i] != 0 ? other | kKeptByRule : other};
    while (back != back_.end() && nearer(*back, own)) links_.push_back(*back++);
    // Of equal ones Nearest gives those with the lower place first, which need not be the order.
    links_.push_back(own);
    for (std::size_t k = links_.size() - 1; k > 0 && nearer(links_[k], links_[k - 1]); --k) {
      std::swap(links_[k], links_[k - 1]);
    }
  }
  links_.insert(links_.end(), back, back_.end());
  return links_;
}

}  // namespace vec::hnsw::bulk

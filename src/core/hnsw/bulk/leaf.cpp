#include "core/hnsw/bulk/leaf.h"

#include <algorithm>
#include <array>

#include "core/hnsw/select_neighbors.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

/// Says quickly of most nodes that they are not in a list.
class NodeFilter {
 public:
  void add(NodeId node) { words_[word(node)] |= bit(node); }
  bool may_have(NodeId node) const { return (words_[word(node)] & bit(node)) != 0; }

 private:
  static std::size_t word(NodeId node) { return node / 64 % 8; }
  static std::uint64_t bit(NodeId node) { return std::uint64_t{1} << node % 64; }

  std::array<std::uint64_t, 8> words_{};
};

}  // namespace

void Leaf::begin(std::span<const NodeId> members, Codes codes) {
  members_ = members;
  codes_ = codes;
  columns_.assign(codes);
  stride_ = columns_.stride();
  // Whole blocks of rows.  Never shrinks: what grows again would be cleared.
  const std::size_t rows = (members.size() + Columns::kRows - 1) / Columns::kRows * Columns::kRows;
  if (matrix_.size() < rows * stride_) matrix_.resize(rows * stride_);
  scouts_.choose(members.size(),
                 bridges_ ? std::min(kMostScouts, members.size() / 2) : Scouts::kFew);
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
  if (found_[place] < candidates_) return;
  const float* const distances = row_of(place);
  const std::size_t start = start_of(place);
  const float farthest = near_[start + candidates_ - 1].distance;
  std::size_t end = start + candidates_;
  scouts_.each_beyond(place, {distances, members_.size()}, farthest,
                      [&](const Near& scout) { near_[end++] = scout; });
  found_[place] = static_cast<std::uint16_t>(end - start);
}

void Leaf::select(std::size_t place) {
  const std::size_t start = start_of(place);
  Near* const near = near_.data() + start;
  std::uint8_t* const verdict = kept_.data() + start;
  const std::size_t nearest = std::min<std::size_t>(found_[place], candidates_);
  std::array<std::size_t, Nearest::kMost + Scouts::kTold> kept;
  std::size_t count = 0;
  std::size_t rivals = 0;  // the first one
  const auto ask = [&](std::size_t i) {
    for (std::size_t k = rivals; k < count; ++k) {
      const Near& other = near[kept[k]];
      // The row of the one that is kept: most are dropped by the first few, whose rows are few.
      if (dominated_by({near[i].distance, i, false}, {other.distance, kept[k], true},
                       row_of(other.place)[near[i].place])) {
        return false;
      }
    }
    verdict[i] = 1;
    kept[count++] = i;
    return true;
  };
  for (std::size_t i = 0; i < std::min(nearest, by_rule_); ++i) ask(i);
  // A scout is a link only if the rule keeps it.
  if (bridges_) rivals = count;
  std::size_t end = nearest;
  for (std::size_t i = nearest; i < found_[place]; ++i) {
    near[end] = near[i];
    if (ask(end)) ++end;
  }
  found_[place] = static_cast<std::uint16_t>(end);
}

void Leaf::prefetch_rule(std::size_t place) const {
  if (place >= members_.size()) return;
  const Near* const near = near_.data() + start_of(place);
  const std::size_t asked = std::min<std::size_t>(found_[place], by_rule_);
  if (asked == 0) return;
  const float* const between = row_of(near[0].place);
  for (std::size_t i = 1; i < asked; ++i) __builtin_prefetch(between + near[i].place);
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

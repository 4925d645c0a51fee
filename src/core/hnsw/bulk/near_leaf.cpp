#include "core/hnsw/bulk/near_leaf.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// What is infinitely far is no neighbour.
constexpr float kFarthest = std::numeric_limits<float>::max();

}  // namespace

void NearLeaf::begin(std::span<const Member> members, Codes codes) {
  members_ = members;
  codes_ = codes;
  columns_.assign(codes);
  rows_.resize(Columns::kRows * columns_.stride());
  places_.resize(columns_.stride() + kernels::kPlacesSlack);
  lists_.resize(std::max(lists_.size(), size() * capacity()));
  counts_.assign(size(), 0);
  scouts_.choose(size(), Scouts::kFew);
  limits_.assign(columns_.stride(), -kInfinity);
  wide_.clear();
  for (std::uint32_t place = 0; place < size(); ++place) {
    const Member& member = members[place];
    limits_[place] = std::min(member.bound, kFarthest);
    const bool tells_scouts = member.wants_scouts && !scouts_.empty();
    if (tells_scouts || (member.bound == kInfinity && size() > wanted_ + 1)) wide_.push_back(place);
  }
}

void NearLeaf::look_around(std::size_t first) {
  std::array<const std::byte*, Columns::kRows> codes;
  const std::size_t count = std::min(Columns::kRows, wide_.size() - first);
  for (std::size_t r = 0; r < count; ++r) codes[r] = codes_[wide_[first + r]];
  columns_.distances({codes.data(), count}, 0, rows_.data());
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint32_t place = wide_[first + r];
    const std::span<const float> distances(rows_.data() + r * columns_.stride(), size());
    const float limit = limit_of(distances);
    limits_[place] = std::min(limits_[place], limit);
    if (members_[place].wants_scouts) tell_scouts(place, distances, limit);
  }
}

/// A limit that `wanted_` others are not above.
float NearLeaf::limit_of(std::span<const float> distances) {
  const std::size_t count = wanted_ + 1;  // one of them may be the member itself
  if (distances.size() <= count) return kFarthest;
  if (count <= kernels::kMinima) {
    return kernels::active().limit_for(distances.data(), distances.size(), count);
  }
  sorted_.assign(distances.begin(), distances.end());
  for (float& distance : sorted_) distance = distance <= kFarthest ? distance : kFarthest;
  const auto last = sorted_.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(sorted_.begin(), last, sorted_.end());
  return *last;
}

/// The nearest scouts beyond `limit`.
void NearLeaf::tell_scouts(std::size_t place, std::span<const float> distances, float limit) {
  LinkEntry* const list = lists_.data() + place * capacity();
  scouts_.each_beyond(place, distances, limit, [&](const Near& scout) {
    list[counts_[place]++] = {scout.distance, members_[scout.place].node | kStays};
  });
}

void NearLeaf::compare(std::size_t first) {
  const std::size_t end = std::min(first + Columns::kRows, size());
  const std::size_t base = first / kernels::kPanelColumns * kernels::kPanelColumns;
  columns_.distances(codes_.subspan(first, end - first), base, rows_.data());
  const auto& table = kernels::active();
  // Not members of this: they would be read again after each store.
  const float* const limits = limits_.data();
  LinkEntry* const lists = lists_.data();
  std::uint32_t* const counts = counts_.data();
  const std::size_t room = capacity();
  const auto offer = [&](std::size_t place, float distance, NodeId node) {
    // Without a branch, which would go either way half of the time.
    const std::uint32_t count = counts[place];
    lists[place * room + count] = {distance, node};
    const std::uint32_t grown = count + (distance <= limits[place] ? 1 : 0);
    counts[place] = grown;
    if (grown == room) tighten(place);
  };
  for (std::size_t place = first; place < end; ++place) {
    const float* const row = rows_.data() + (place - first) * columns_.stride();
    const std::size_t count = table.places_within(row + base, limits + base, size() - base,
                                                  limits[place], places_.data());
    const NodeId node = members_[place].node;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t other = base + places_[i];
      if (other <= place) continue;  // the pair's turn was before, or it is none
      offer(place, row[other], members_[other].node);
      offer(other, row[other], node);
    }
  }
}

/// Keeps the nearest and what stays.
void NearLeaf::tighten(std::size_t place) {
  const auto first = lists_.begin() + static_cast<std::ptrdiff_t>(place * capacity());
  const auto end = first + static_cast<std::ptrdiff_t>(counts_[place]);
  const auto others =
      std::partition(first, end, [](const LinkEntry& entry) { return (entry.link & kStays) != 0; });
  const auto kept = others + static_cast<std::ptrdiff_t>(wanted_);
  std::nth_element(others, kept - 1, end, nearer);
  limits_[place] = (kept - 1)->distance;
  counts_[place] = static_cast<std::uint32_t>(kept - first);
}

}  // namespace vec::hnsw::bulk

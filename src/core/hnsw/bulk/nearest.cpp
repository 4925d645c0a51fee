#include "core/hnsw/bulk/nearest.h"

#include <algorithm>

#include "core/error.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

/// More than these are cheaper to select than to rank by counting.
constexpr std::size_t kMostRanked = 160;

bool nearer(const Near& a, const Near& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.place < b.place);
}

}  // namespace

std::span<const Near> Nearest::find(std::span<const float> distances, std::size_t count,
                                    std::size_t without) {
  VEC_ASSERT(count <= kMost);
  const auto& table = kernels::active();
  // One more, as one of them may be the one to leave out.
  const float limit = table.limit_for(distances.data(), distances.size(), count + 1);
  places_.resize(distances.size() + kernels::kPlacesSlack);
  std::size_t size = table.places_up_to(distances.data(), distances.size(), limit, places_.data());
  found_.clear();
  if (size > kMostRanked) {
    for (std::size_t i = 0; i < size; ++i) {
      if (places_[i] != without) found_.push_back({distances[places_[i]], places_[i]});
    }
    const std::size_t kept = std::min(count, found_.size());
    std::partial_sort(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(kept),
                      found_.end(), nearer);
    found_.resize(kept);
    return found_;
  }
  float values[kMostRanked];
  std::uint32_t ranks[kMostRanked];
  std::uint32_t* const places = places_.data();
  std::size_t candidates = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint32_t place = places[i];
    values[candidates] = distances[place];
    places[candidates] = place;
    candidates += place != without;
  }
  table.ranks(values, candidates, ranks);
  ranked_.resize(kMostRanked);
  Near* const ranked = ranked_.data();
  for (std::size_t i = 0; i < candidates; ++i) ranked[ranks[i]] = {values[i], places[i]};
  return {ranked, std::min(count, candidates)};
}

}  // namespace vec::hnsw::bulk

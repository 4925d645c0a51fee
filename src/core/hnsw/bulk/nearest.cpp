#include "core/hnsw/bulk/nearest.h"

#include <algorithm>
#include <limits>

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

std::span<const Near> Nearest::find(std::span<const float> distances, const float* minima,
                                    std::size_t count, std::size_t without) {
  VEC_ASSERT(count <= kMost);
  const auto& table = kernels::active();
  // The lanes with the count + 1 least minima hold as many elements up to the greatest of those,
  // of which one may be the one to leave out.
  std::uint32_t lanes[kernels::kMinima];
  table.ranks(minima, kernels::kMinima, lanes);
  float limit = std::numeric_limits<float>::max();
  for (std::size_t k = 0; k < kernels::kMinima; ++k) {
    if (lanes[k] == count) limit = std::min(limit, minima[k]);
  }
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
  values_.resize(kMostRanked);
  ranks_.resize(kMostRanked);
  std::size_t candidates = 0;
  for (std::size_t i = 0; i < size; ++i) {
    values_[candidates] = distances[places_[i]];
    places_[candidates] = places_[i];
    candidates += places_[i] != without;
  }
  table.ranks(values_.data(), candidates, ranks_.data());
  found_.resize(candidates);
  for (std::size_t i = 0; i < candidates; ++i) found_[ranks_[i]] = {values_[i], places_[i]};
  if (found_.size() > count) found_.resize(count);
  return found_;
}

}  // namespace vec::hnsw::bulk

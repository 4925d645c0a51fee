// core/hnsw/bulk/scouts.h
//
// A few members from all over a leaf, of whom the others are told.  A list of the nearest holds
// none from beyond a gap; links to the nearest scouts lead there.

#ifndef VEC_CORE_HNSW_BULK_SCOUTS_H_
#define VEC_CORE_HNSW_BULK_SCOUTS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/hnsw/bulk/nearest.h"

namespace vec::hnsw::bulk {

class Scouts {
 public:
  static constexpr std::size_t kFew = 64;
  static constexpr std::size_t kTold = 4;  // of each member

  /// Chooses so many of a leaf's members; none if it has fewer than twice as many as kFew.
  void choose(std::size_t members, std::size_t wanted);

  bool empty() const { return places_.empty(); }

  /// Calls each(near) for the kTold scouts that are nearest to a member, of those farther than
  /// `limit`, nearest first.
  /// distances   of the member at `place` to all
  template <class Each>
  void each_beyond(std::size_t place, std::span<const float> distances, float limit, Each each) {
    distances_.resize(places_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) {
      // Under the inner product a member need not be the nearest to itself.
      const bool is_beyond = distances[places_[i]] > limit && places_[i] != place;
      distances_[i] = is_beyond ? distances[places_[i]] : std::numeric_limits<float>::infinity();
    }
    for (const Near& scout : nearest_.find(distances_, kTold, distances_.size())) {
      each(Near{scout.distance, places_[scout.place]});
    }
  }

 private:
  std::vector<std::uint32_t> places_;
  std::vector<float> distances_;  // of one member to the scouts, as far as they count
  Nearest nearest_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_SCOUTS_H_

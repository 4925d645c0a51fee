#include "core/hnsw/bulk/scouts.h"

namespace vec::hnsw::bulk {

void Scouts::choose(std::size_t members, std::size_t wanted) {
  places_.clear();
  if (members < 2 * kFew) return;
  // Spread over the leaf without a period, which the members may have, too: multiples of the golden
  // ratio.
  for (std::size_t i = 0; i < wanted; ++i) {
    places_.push_back(static_cast<std::uint32_t>(
        static_cast<std::uint32_t>(i * 2654435769U) * std::uint64_t{members} >> 32));
  }
}

}  // namespace vec::hnsw::bulk

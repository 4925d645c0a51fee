// core/hnsw/bulk/nearest.h
//
// The few nearest of a row of distances, without sorting the row: the least of each of 64 lanes
// say below which limit the wanted ones are; those that are, half as many again as wanted, are
// ranked by counting.

#ifndef VEC_CORE_HNSW_BULK_NEAREST_H_
#define VEC_CORE_HNSW_BULK_NEAREST_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernel_table.h"

namespace vec::hnsw::bulk {

struct Near {
  float distance;
  std::uint32_t place;
};

class Nearest {
 public:
  /// Most that can be asked for: one less than there are lanes.
  static constexpr std::size_t kMost = kernels::kMinima - 1;

  /// The `count` nearest of `distances`, ascending, ties by place; NaN is never among them, nor is
  /// what is infinitely far.
  /// without  a place to leave out; any other number leaves out nothing
  std::span<const Near> find(std::span<const float> distances, std::size_t count,
                             std::size_t without);

 private:
  std::vector<std::uint32_t> places_;
  std::vector<Near> found_;
  std::vector<Near> ranked_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_NEAREST_H_

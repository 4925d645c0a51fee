// core/hnsw/bulk/partition.h
//
// Cutting a set of points into overlapping leaves of near ones: random leaders, each point with the
// few of them that are nearest.
//
// With many leaders a point looks only at those that stand with the super-leaders nearest to it.
// A leaf that comes out too large is cut again.

#ifndef VEC_CORE_HNSW_BULK_PARTITION_H_
#define VEC_CORE_HNSW_BULK_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/hnsw/bulk/columns.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

struct PartitionSettings {
  std::size_t fanout;     // leaves that a point is in
  std::size_t leaf_size;  // wanted on average
  std::size_t most;       // members of a leaf
};

/// Leaves by the places of their points.
struct Partition {
  std::pmr::vector<std::uint32_t> members;
  std::pmr::vector<std::size_t> starts;  // of each leaf, and the end of the last
  /// All points, those with one nearest leader together and near leaders near each other.
  std::pmr::vector<std::uint32_t> order;

  std::size_t leaves() const { return starts.size() - 1; }
  std::span<const std::uint32_t> leaf(std::size_t i) const {
    return {members.data() + starts[i], starts[i + 1] - starts[i]};
  }
};

/// interrupt   called often; may throw
Partition make_partition(const codes::Format& format, Codes points,
                         const PartitionSettings& settings, Rng& rng,
                         std::pmr::memory_resource* memory, const std::function<void()>& interrupt);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_PARTITION_H_

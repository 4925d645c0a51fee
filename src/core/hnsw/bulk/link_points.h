// core/hnsw/bulk/link_points.h
//
// Linking points among themselves: leaves of near ones (partition.h), links within each leaf
// (leaf.h), their union (link_table.h), the best of that (choose_best.h).  Or, of many points, the
// nearest within each leaf (near_leaf.h), the nearest of all that, and the rule at last.  Nothing
// here knows of graphs: points are numbered from 0.

#ifndef VEC_CORE_HNSW_BULK_LINK_POINTS_H_
#define VEC_CORE_HNSW_BULK_LINK_POINTS_H_

#include <cstddef>
#include <functional>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/partition.h"
#include "core/hnsw/bulk/team.h"
#include "core/hnsw/graph.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

struct LinkSettings {
  PartitionSettings partition;
  std::size_t candidates;  // of each member of a leaf
  std::size_t by_rule;     // of those, the ones that the rule is asked about in the leaf
  std::size_t links;       // that a point gets
  std::size_t held;        // of a point until all of its leaves are done
  bool bridges;            // leaf.h
  bool rule_last;          // the rule is asked about what is held, not in each leaf
};

/// What ef_construction stands for here: the more, the more leaves a point is in.  The more points,
/// the more of what is near a point stands beyond the border of its leaves.
LinkSettings settings_for(const codes::Format& format, const Params& params, std::size_t points,
                          int layer = 0);

/// Bytes for each point, beside its code and a pointer to that.
std::size_t bytes_per_point(const LinkSettings& settings);

/// Bytes that each process takes for the leaf it is at, of so many points at most.
std::size_t bytes_of_leaf(const LinkSettings& settings, std::size_t points);

/// Partition::order: near points one after another.
using PointOrder = std::span<const std::uint32_t>;

/// What there is to link, and who helps.
struct Points {
  Codes codes;
  std::byte* block = nullptr;  // a PointsBlock of them, which comes out in another order
  Team* team = nullptr;        // sees the block as its first one already
};

/// know    merges links that are known beforehand into the empty lists; may be null
/// take    gets the lists, at most settings.links each, once
/// In the table points[order[i]] has row i, and is what a link to i leads to.
/// Returns the partition.
Partition link_points(const codes::Format& format, const Points& points,
                      const LinkSettings& settings, Rng& rng,
                      const std::function<void()>& interrupt, std::pmr::memory_resource* memory,
                      const std::function<void(LinkTable&, PointOrder order)>& know,
                      const std::function<void(const LinkTable&, PointOrder order)>& take);

/// Memory of a resource, zeroed.
class Block {
 public:
  Block(std::size_t bytes, std::pmr::memory_resource* memory);
  ~Block() { memory_->deallocate(data_, bytes_, kAlignment); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  static constexpr std::size_t kAlignment = alignof(std::uint64_t);

  std::pmr::memory_resource* memory_;
  std::size_t bytes_;
  void* data_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LINK_POINTS_H_

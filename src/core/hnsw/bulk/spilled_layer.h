// core/hnsw/bulk/spilled_layer.h
//
// Linking one layer whose points do not fit into memory: overlapping parts (parts.h), each linked
// as if it were all there is (link_points.h).  The lists that come out are united range by range
// (list_ranges.h).  No distance is computed outside a part.

#ifndef VEC_CORE_HNSW_BULK_SPILLED_LAYER_H_
#define VEC_CORE_HNSW_BULK_SPILLED_LAYER_H_

#include <cstddef>
#include <functional>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/hnsw/bulk/build.h"
#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/list_file.h"
#include "core/hnsw/bulk/parts.h"
#include "core/hnsw/graph.h"

namespace vec::hnsw::bulk {

/// The points of a layer, in the order of their nodes; records are named by place.
struct SpilledPoints {
  int layer;
  RecordFile records;
  const std::pmr::vector<NodeId>* nodes;  // null on layer 0: place and node are one

  NodeId node(std::size_t place) const {
    return nodes == nullptr ? static_cast<NodeId>(place) : (*nodes)[place];
  }
  std::uint32_t place(NodeId node) const;
};

/// What the build may take, and where from.
struct SpillContext {
  codes::Format format;
  Params params;
  std::size_t memory_bytes;
  Spill& spill;
  std::pmr::memory_resource* memory;

  std::size_t most_files() const;
  /// How many records a part may have, if each takes so many bytes.
  /// fixed   bytes that are needed beside them
  Parts::Limits limits(std::size_t bytes_per_record, std::size_t fixed = 0) const;
  /// Makes leaves so small that the matrix of one takes no more than `bytes`, and as many more.
  static void shrink_leaves(LinkSettings& settings, std::size_t bytes);
};

using TakeList = std::function<void(std::size_t place, std::span<const LinkEntry>)>;

/// above   what the rule kept on the layer above, or null: it is added.  Leaves know only what is
///         near; these lead from one dense region to the next, as the links of those do that are
///         inserted first.
/// take    gets the list of each point in turn; it names nodes
/// The file of records stays.
void link_spilled(const SpillContext& context, const SpilledPoints& points, ListFile* above,
                  Rng& rng, const Watch& watch, Team* team, const TakeList& take);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_SPILLED_LAYER_H_

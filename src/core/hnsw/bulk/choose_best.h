// core/hnsw/bulk/choose_best.h
//
// Cutting what the leaves found of a node to the links that it gets.

#ifndef VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_
#define VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/hnsw/bulk/link_table.h"

namespace vec::hnsw::bulk {

/// Puts the best of `list`, at most `limit`, into `chosen`: what the rule kept, then the nearest.
/// If the rule kept too many, each as seen from some leaf or from the other end, it is asked about
/// the whole list: the long links that lead elsewhere are not the ones to go.
/// between   the distance of two of the listed; empty: not known, the nearest stay
void choose_best(std::span<const LinkEntry> list, std::size_t limit,
                 const std::function<float(NodeId, NodeId)>& between,
                 std::vector<LinkEntry>& chosen);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_CHOOSE_BEST_H_

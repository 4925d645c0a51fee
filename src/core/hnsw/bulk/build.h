// core/hnsw/bulk/build.h
//
// Linking a whole graph at once, layer by layer (link_points.h).  Collector (collector.h) takes in
// the rows before, and sees to it afterwards that every node can be reached.

#ifndef VEC_CORE_HNSW_BULK_BUILD_H_
#define VEC_CORE_HNSW_BULK_BUILD_H_

#include <cstddef>
#include <functional>
#include <memory_resource>

#include "core/hnsw/bulk/team.h"
#include "core/hnsw/memory_graph.h"

namespace vec::hnsw::bulk {

/// Whether a graph over codes of the format is better linked in bulk than by insertion: where
/// distances are matrix products, or cost next to nothing.
bool pays(const codes::Format& format);

/// What the build spends its time on, for those who watch.
enum class Phase { kUpperLayers, kLeaves, kReachability };

struct Watch {
  std::function<void()> interrupt = [] {};  // called often; may throw
  std::function<void(Phase)> phase = [](Phase) {};
};

/// Bytes that link_all() needs for each of so many nodes, the links themselves included.
std::size_t bytes_per_node(const codes::Format& format, const Params& params, std::size_t nodes);

/// And those for what it is at, however many there are.
std::size_t fixed_bytes(const codes::Format& format, const Params& params, std::size_t nodes);

/// Links all nodes of `graph`, which were put there by add_unlinked(), and numbers them anew.
/// Some may not be reachable then.
/// team   who helps; may be null
void link_all(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory,
              Team* team = nullptr);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_BUILD_H_

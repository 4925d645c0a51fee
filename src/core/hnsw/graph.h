// core/hnsw/graph.h
//
// The words that the parts of HNSW share: nodes, links, parameters.

#ifndef VEC_CORE_HNSW_GRAPH_H_
#define VEC_CORE_HNSW_GRAPH_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "core/codes/format.h"
#include "core/row_id.h"

namespace vec::hnsw {

/// Nodes are numbered densely from 0; a freed number is used again.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0x3FFFFFFF;
inline constexpr NodeId kMaxNodes = kNoNode;

/// A link as stored: the node's id, and in the high bits whether the selection rule kept it
/// (select_neighbors.h) rather than filled a free place with it, and whether it is one of the tree
/// that spans the layer (HNSW invariant 8), which is not dropped to make room.
using Link = std::uint32_t;
inline constexpr Link kKeptByRule = 0x80000000;
inline constexpr Link kTreeLink = 0x40000000;
inline constexpr Link kNoLink = kNoNode;
constexpr NodeId node_of(Link link) { return link & ~(kKeptByRule | kTreeLink); }
constexpr bool kept_by_rule(Link link) { return (link & kKeptByRule) != 0; }
constexpr bool in_tree(Link link) { return (link & kTreeLink) != 0; }
constexpr Link make_link(NodeId node, bool kept, bool tree) {
  return node | (kept ? kKeptByRule : 0) | (tree ? kTreeLink : 0);
}

inline constexpr int kMinM = 2;
inline constexpr int kMaxM = 100;
inline constexpr int kMaxLinks = 2 * kMaxM;
inline constexpr int kMaxLevel = 30;
/// Rows whose vectors are equal share a node, up to this many.
inline constexpr int kMaxRows = 10;

struct Params {
  int m;                // M, links a node on layers above 0
  int ef_construction;  // candidates looked at when a node is linked

  /// Links a node may have on `layer`.
  int max_links(int layer) const { return layer == 0 ? 2 * m : m; }
  /// How many of them may be tree links.  Few, because they are not given up for better ones; two,
  /// or the tree were a chain.
  int max_children(int layer) const { return std::max(2, max_links(layer) / 8); }
};

using vec::RowId;

/// On disk: never renumber.
enum class NodeState : std::uint8_t {
  kFree = 0,
  kLive = 1,
  kDying = 2,  // has no rows any more; searches pass through; no neighbour of new nodes
};

/// The links of one node on one layer.
struct LinkList {
  std::array<Link, kMaxLinks> links;
  int count = 0;
  NodeState state = NodeState::kFree;

  std::span<const Link> view() const { return {links.data(), static_cast<std::size_t>(count)}; }
};

/// A node's distance, with what was known of it when its code was read.
struct NodeScore {
  codes::Scored scored;
  NodeState state;
  std::uint16_t generation;  // grows each time the node's number is used again
};

struct Candidate {
  float distance;
  float radius;
  NodeId id;
  std::uint16_t generation;
};

struct EntryPoint {
  NodeId node = kNoNode;
  int level = -1;

  bool exists() const { return node != kNoNode; }
};

/// The level of a new node: floor(-ln(u) / ln(m)), so that each layer has one m-th of the nodes
/// of the one below.  `uniform` is in (0, 1].
inline int draw_level(double uniform, int m) {
  const double level = -std::log(uniform) / std::log(static_cast<double>(m));
  return level < kMaxLevel ? static_cast<int>(level) : kMaxLevel;
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_GRAPH_H_

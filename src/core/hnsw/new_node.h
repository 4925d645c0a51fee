// core/hnsw/new_node.h
//
// Handing over the nodes of a graph that is complete.

#ifndef VEC_CORE_HNSW_NEW_NODE_H_
#define VEC_CORE_HNSW_NEW_NODE_H_

#include <cstddef>
#include <span>

#include "core/hnsw/graph.h"

namespace vec::hnsw {

/// A node with its links; valid during the call that hands it over.
struct NewNode {
  int level;
  std::span<const RowId> rows;
  std::span<const std::byte> code;
  std::span<const LinkList> lists;  // of layers 0..level
};

/// Where nodes go, in the order of their numbers.
class NodeSink {
 public:
  virtual ~NodeSink() = default;
  /// May throw.
  virtual void add(const NewNode& node) = 0;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_NEW_NODE_H_

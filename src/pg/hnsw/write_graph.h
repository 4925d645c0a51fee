// pg/hnsw/write_graph.h
//
// Writing a graph that was built in memory to an index that is still empty.

#ifndef VEC_PG_HNSW_WRITE_GRAPH_H_
#define VEC_PG_HNSW_WRITE_GRAPH_H_

#include "core/hnsw/memory_graph.h"
#include "pg/hnsw/index.h"

namespace vec::pg::hnsw {

/// Writes the whole graph (graph_writer.h).
void write_graph(Relation index, const vec::hnsw::MemoryGraph& graph);

/// Writes the meta page of an empty index.  C-like.
void write_empty(Relation index, const Shape& shape, ForkNumber fork);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_WRITE_GRAPH_H_

// pg/ivf/parallel_build.h
//
// Workers of a build.  Each reads a part of the table, assigns its rows to lists, and leaves them
// in shared temporary files, from which the leader writes the index.

#ifndef VEC_PG_IVF_PARALLEL_BUILD_H_
#define VEC_PG_IVF_PARALLEL_BUILD_H_

#include <span>

#include "pg/index/build_workers.h"
#include "pg/ivf/index.h"

namespace vec::pg::ivf {

struct SharedBuild;

/// What start_workers() began.  Trivially destructible; after an error PostgreSQL ends the workers.
struct Workers {
  BuildWorkers processes;
  SharedBuild* shared;

  bool running() const { return processes.running(); }
};

/// Starts up to `wanted` workers.  None may come of it.  C-like.
Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted,
                      std::span<const std::byte> centers);

/// Takes the leader's own part of the table, and waits for the workers.  Their entries are in the
/// files.
void load_with_workers(Workers& workers, Relation heap, Relation index, IndexInfo* info,
                       const Shape& shape, std::span<const std::byte> centers,
                       std::pmr::memory_resource* memory);

/// What all of them have found.
struct Loaded {
  double heap_rows;
  double entries;
  SharedFileSet* files;
  std::span<const int> files_of_participant;
};
Loaded loaded_by(const Workers& workers);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_PARALLEL_BUILD_H_

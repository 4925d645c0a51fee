// pg/ivf/parallel_build.h
//
// Workers of a build.  Each reads a part of the table, assigns its rows to lists, and leaves them
// in shared temporary files, from which the leader writes the index.  The leader takes a part, too,
// of which it keeps in memory what has room there.

#ifndef VEC_PG_IVF_PARALLEL_BUILD_H_
#define VEC_PG_IVF_PARALLEL_BUILD_H_

#include <span>

#include "pg/index/build_workers.h"
#include "pg/ivf/loader.h"

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

/// What the leader needs for its own part: how many bytes its entries may take, and where those go
/// that do not fit.
std::size_t leader_memory(const Workers& workers);
RunFiles leader_files(const Workers& workers);

/// Takes the leader's own part of the table, and waits for the workers, whose entries are in files.
void load_with_workers(Workers& workers, Loader& leader, Relation heap, Relation index,
                       IndexInfo* info);

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

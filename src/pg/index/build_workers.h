// pg/index/build_workers.h
//
// Parallel workers of an index build, as far as it is the same for all access methods: they are
// started, open the table and the index, read a part of the table each, and what they have used is
// counted.  What else an access method shares with its workers it puts into rooms of its own.
//
//   begin_workers(...), make_room(...) for each, launch_workers(...), ..., end_workers(...)
//
// All functions are C-like.

#ifndef VEC_PG_INDEX_BUILD_WORKERS_H_
#define VEC_PG_INDEX_BUILD_WORKERS_H_

#include <initializer_list>

#include "pg/pg.h"

namespace vec::pg {

/// Keys of an access method's rooms: from here on.
inline constexpr uint64 kFirstOwnRoom = UINT64CONST(0xA000000000000100);

/// The leader's view.  Trivially destructible; after an error PostgreSQL ends the workers.
struct BuildWorkers {
  ParallelContext* context;  // null if there are none
  Snapshot snapshot;

  bool running() const { return context != nullptr; }
  int launched() const { return context->nworkers_launched; }
  /// How many there may be.
  int slots() const { return context->nworkers; }
};

/// A room of an access method: the bytes it takes, and as many again for each worker there may be.
struct RoomSize {
  Size bytes;
  Size each;
};

/// Prepares up to `wanted` workers, which will run the library's function `main`.  Not running
/// afterwards if none can be had.
BuildWorkers begin_workers(Relation heap, Relation index, bool concurrent, int wanted,
                           const char* main, std::initializer_list<RoomSize> rooms);

/// A room of the leader's, of a size that begin_workers() was told of; zeros.
void* make_room(const BuildWorkers& workers, uint64 key, Size bytes);

/// Starts the workers; ends them if none comes.
void launch_workers(BuildWorkers& workers);

/// The leader's own part of the table.
TableScanDesc leader_part(const BuildWorkers& workers, Relation heap);

/// Waits for the workers, and takes over what they used.
void end_workers(BuildWorkers& workers);

/// The worker's view.
struct OpenedForBuild {
  Relation heap;
  Relation index;
  IndexInfo* info;
  LOCKMODE heap_lock;
  LOCKMODE index_lock;
};

void* find_room(shm_toc* contents, uint64 key);
OpenedForBuild open_as_worker(shm_toc* contents);
TableScanDesc worker_part(shm_toc* contents, Relation heap);
void close_as_worker(shm_toc* contents, const OpenedForBuild& opened);

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_BUILD_WORKERS_H_

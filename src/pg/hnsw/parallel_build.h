// pg/hnsw/parallel_build.h
//
// Workers of a build.  They read and code their part of the table and send it to the leader; then
// they help it link (core/hnsw/bulk/team.h).  Shared memory is taken when it is known how much is
// needed, and if there is too little of it the leader links alone.

#ifndef VEC_PG_HNSW_PARALLEL_BUILD_H_
#define VEC_PG_HNSW_PARALLEL_BUILD_H_

#include <optional>
#include <vector>

#include "core/hnsw/bulk/team.h"
#include "pg/hnsw/index.h"
#include "pg/hnsw/row_queue.h"
#include "pg/index/build_workers.h"

namespace vec::pg::hnsw {

struct SharedBuild;

/// What start_workers() began.  Trivially destructible; after an error PostgreSQL ends the workers.
struct Workers {
  BuildWorkers processes;
  SharedBuild* shared;

  bool running() const { return processes.running(); }
};

/// Starts up to `wanted` workers.  None may come of it.  C-like.
Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted);

/// The queues from the workers.
RowReceiver receiver_of(const Workers& workers);

/// Rows of the table that the workers have read, once their queues have ended.
double heap_rows_of(const Workers& workers);

/// C-like.
void end_workers(Workers& workers);

/// The workers as helpers, when they have sent all their rows.
class ProcessTeam final : public vec::hnsw::bulk::Team {
 public:
  explicit ProcessTeam(const Workers& workers) : workers_(workers) {}

  std::byte* share(std::size_t bytes) override;
  void free_task_block() override;
  void free_points() override;
  void reserve(std::size_t bytes) override;
  void release() override;
  void start(vec::hnsw::bulk::Task task) override;
  void wait() override;
  /// Gives back all memory; call it when the graph is linked.
  void close();

 private:
  /// Memory that share() has given out: a segment of its own, or some of what is reserved.
  struct Piece {
    dsm_segment* segment;
    std::size_t offset;
  };
  void command(vec::hnsw::bulk::Task task, Piece points, Piece block);
  /// Has the workers let go of what they have mapped.
  void unmap();

  const Workers& workers_;
  std::vector<Piece> pieces_;  // after an error PostgreSQL gives the segments back
  dsm_segment* reserved_ = nullptr;
  std::size_t reserved_used_ = 0;
};

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_PARALLEL_BUILD_H_

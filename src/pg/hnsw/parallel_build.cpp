#include "pg/hnsw/parallel_build.h"

#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"

extern "C" {
PGDLLEXPORT void HnswParallelBuildMain(dsm_segment* segment, shm_toc* contents);
}

namespace vec::pg::hnsw {

using vec::hnsw::bulk::Task;

namespace {

/// A block, as it is named to others.
struct SharedPiece {
  dsm_handle handle;  // DSM_HANDLE_INVALID: none
  std::size_t offset;
};

}  // namespace

/// In shared memory: plain data only.
struct SharedBuild {
  slock_t mutex;              // for what follows
  ConditionVariable changed;  // whenever any of it is
  double heap_rows;           // that workers have read
  std::uint32_t commands;     // given so far
  bool quit;
  Task task;
  SharedPiece points;
  SharedPiece block;
  int at_work;  // workers that are not through with the command
};

namespace {

constexpr uint64 kKeyShared = kFirstOwnRoom;
constexpr uint64 kKeyQueues = kFirstOwnRoom + 1;
constexpr Size kQueueBytes = Size{256} * 1024;

shm_mq* queue_of(shm_toc* contents, int worker) {
  void* const queue =
      static_cast<char*>(find_room(contents, kKeyQueues)) + static_cast<Size>(worker) * kQueueBytes;
  return static_cast<shm_mq*>(queue);
}

void check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) pg_call([] { CHECK_FOR_INTERRUPTS(); });
}

/// What a worker does with each row.
struct Reading {
  RowValue value;
  RowSender sender;
  MemoryContext row_memory;
  std::size_t count = 0;

  void add(ItemPointer tid, Datum datum) {
    const MemoryContext before = MemoryContextSwitchTo(row_memory);
    if (value.set(datum)) sender.put(to_row(tid), value.code());
    ++count;
    MemoryContextSwitchTo(before);
    MemoryContextReset(row_memory);
  }
};

void read_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state) {
  if (is_null[0]) return;
  guarded([=] { static_cast<Reading*>(state)->add(tid, values[0]); });
}

/// A command of the leader, as a worker sees it.
struct Command {
  bool quit;
  Task task;
  SharedPiece points;
  SharedPiece block;
};

/// Waits for the command after `seen` others.  C-like.
Command next_command(SharedBuild* shared, std::uint32_t seen) {
  Command command{};
  ConditionVariablePrepareToSleep(&shared->changed);
  for (;;) {
    SpinLockAcquire(&shared->mutex);
    const bool given = shared->commands > seen || shared->quit;
    command = {shared->quit, shared->task, shared->points, shared->block};
    SpinLockRelease(&shared->mutex);
    if (given) break;
    ConditionVariableSleep(&shared->changed, PG_WAIT_EXTENSION);
  }
  ConditionVariableCancelSleep();
  return command;
}

/// The segments that a worker has mapped: those of the last command, since the next one is mostly
/// about the same.  C-like.
class MappedSegments {
 public:
  /// Maps those of a command, and lets go of others.
  void follow(const Command& command) {
    for (Mapped& it : mapped_) {
      if (it.segment == nullptr) continue;
      if (it.handle == command.points.handle || it.handle == command.block.handle) continue;
      dsm_detach(it.segment);
      it.segment = nullptr;
    }
    map(command.points.handle);
    map(command.block.handle);
  }
  std::byte* address(const SharedPiece& piece) const {
    for (const Mapped& it : mapped_) {
      if (it.segment == nullptr || it.handle != piece.handle) continue;
      return static_cast<std::byte*>(dsm_segment_address(it.segment)) + piece.offset;
    }
    return nullptr;
  }

 private:
  struct Mapped {
    dsm_handle handle;
    dsm_segment* segment;
  };

  void map(dsm_handle handle) {
    if (handle == DSM_HANDLE_INVALID || address({handle, 0}) != nullptr) return;
    for (Mapped& it : mapped_) {
      if (it.segment != nullptr) continue;
      it = {handle, dsm_attach(handle)};
      if (it.segment != nullptr) return;
    }
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not map shared memory")));
  }

  Mapped mapped_[2]{};
};

void report_done(SharedBuild* shared) {
  SpinLockAcquire(&shared->mutex);
  --shared->at_work;
  SpinLockRelease(&shared->mutex);
  ConditionVariableBroadcast(&shared->changed);
}

/// Takes part in what the leader starts, until it is told to quit.
void help_leader(SharedBuild* shared) {
  MappedSegments mapped;
  for (std::uint32_t seen = 0;; ++seen) {
    const Command command = pg_call([&] {
      const Command next = next_command(shared, seen);
      if (!next.quit) mapped.follow(next);
      return next;
    });
    if (command.quit) break;
    if (command.task != Task::kNone) {
      vec::hnsw::bulk::help(command.task,
                            vec::hnsw::bulk::PointsBlock(mapped.address(command.points)),
                            mapped.address(command.block), check_interrupts);
    }
    pg_call([=] { report_done(shared); });
  }
}

void work(dsm_segment* segment, shm_toc* contents) {
  struct Begun {
    OpenedForBuild opened;
    SharedBuild* shared;
    TableScanDesc scan;
    shm_mq_handle* queue;
    MemoryContext row_memory;
  };
  const Begun begun = pg_call([=] {
    Begun it{};
    it.opened = open_as_worker(contents);
    it.shared = static_cast<SharedBuild*>(find_room(contents, kKeyShared));
    shm_mq* const queue = queue_of(contents, ParallelWorkerNumber);
    shm_mq_set_sender(queue, MyProc);
    it.queue = shm_mq_attach(queue, segment, nullptr);
    it.scan = worker_part(contents, it.opened.heap);
    it.row_memory =
        AllocSetContextCreate(CurrentMemoryContext, "hnsw build row", ALLOCSET_DEFAULT_SIZES);
    return it;
  });
  const OpenedForBuild& opened = begun.opened;
  {
    const Shape shape = pg_call([&] { return shape_for_build(opened.index); });
    Reading reading{RowValue(shape.format, "hnsw"), RowSender(begun.queue), begun.row_memory};
    const double heap_rows = pg_call([&] {
      return table_index_build_scan(opened.heap, opened.index, opened.info, true, false, read_row,
                                    &reading, begun.scan);
    });
    pg_call([&] {
      SpinLockAcquire(&begun.shared->mutex);
      begun.shared->heap_rows += heap_rows;
      SpinLockRelease(&begun.shared->mutex);
      ereport(DEBUG1,
              (errmsg("worker processed %lld tuples", static_cast<long long>(reading.count))));
    });
    reading.sender.finish();
  }
  help_leader(begun.shared);
  pg_call([&] { close_as_worker(contents, opened); });
}

/// Whether so much dynamic shared memory can be had.  Asked beforehand, as PostgreSQL would end the
/// command with an error.
bool is_available(std::size_t bytes) {
  if (dynamic_shared_memory_type != DSM_IMPL_POSIX) return true;
  struct statvfs status;
  if (statvfs("/dev/shm", &status) != 0) return true;
  const double free = static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
  return free > 1.05 * static_cast<double>(bytes);
}

/// A new segment, or null.
dsm_segment* make_segment(std::size_t bytes) {
  if (!is_available(bytes)) return nullptr;
  return pg_call([=] { return dsm_create(bytes, DSM_CREATE_NULL_IF_MAXSEGMENTS); });
}

std::byte* address_of(dsm_segment* segment) {
  return static_cast<std::byte*>(dsm_segment_address(segment));
}

}  // namespace

Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted) {
  BuildWorkers processes =
      begin_workers(heap, index, concurrent, wanted, "HnswParallelBuildMain",
                    {{.bytes = sizeof(SharedBuild), .each = 0}, {.bytes = 0, .each = kQueueBytes}});
  if (!processes.running()) return {processes, nullptr};
  auto* shared = static_cast<SharedBuild*>(make_room(processes, kKeyShared, sizeof(SharedBuild)));
  SpinLockInit(&shared->mutex);
  ConditionVariableInit(&shared->changed);
  make_room(processes, kKeyQueues, mul_size(kQueueBytes, static_cast<Size>(processes.slots())));
  for (int i = 0; i < processes.slots(); ++i) {
    shm_mq* const queue = queue_of(processes.context->toc, i);
    shm_mq_set_receiver(shm_mq_create(queue, kQueueBytes), MyProc);
  }
  launch_workers(processes);
  return {processes, shared};
}

RowReceiver receiver_of(const Workers& workers) {
  const ParallelContext* const context = workers.processes.context;
  std::vector<shm_mq_handle*> handles;
  handles.reserve(static_cast<std::size_t>(workers.processes.launched()));
  for (int i = 0; i < workers.processes.launched(); ++i) {
    handles.push_back(pg_call([&] {
      return shm_mq_attach(queue_of(context->toc, i), context->seg, context->worker[i].bgwhandle);
    }));
  }
  return RowReceiver(handles);
}

double heap_rows_of(const Workers& workers) { return workers.shared->heap_rows; }

void end_workers(Workers& workers) {
  SpinLockAcquire(&workers.shared->mutex);
  workers.shared->quit = true;
  SpinLockRelease(&workers.shared->mutex);
  ConditionVariableBroadcast(&workers.shared->changed);
  end_workers(workers.processes);
}

std::byte* ProcessTeam::share(std::size_t bytes) {
  pieces_.reserve(pieces_.size() + 1);
  if (reserved_ != nullptr && reserved_used_ + bytes <= dsm_segment_map_length(reserved_)) {
    pieces_.push_back({reserved_, reserved_used_});
    reserved_used_ += vec::hnsw::bulk::aligned(bytes);
  } else {
    dsm_segment* const segment = make_segment(bytes);
    if (segment == nullptr) return nullptr;
    pieces_.push_back({segment, 0});
  }
  std::byte* const block = address_of(pieces_.back().segment) + pieces_.back().offset;
  std::memset(block, 0, bytes);
  return block;
}

void ProcessTeam::free_task_block() {
  const Piece last = pieces_.back();
  pieces_.pop_back();
  if (last.segment == reserved_) {
    reserved_used_ = last.offset;
  } else {
    pg_call([last] { dsm_detach(last.segment); });
  }
}

void ProcessTeam::free_points() {
  if (!pieces_.empty() && pieces_.front().segment != reserved_) unmap();
  while (!pieces_.empty()) free_task_block();
}

void ProcessTeam::reserve(std::size_t bytes) { reserved_ = make_segment(bytes); }

void ProcessTeam::release() {
  if (reserved_ == nullptr) return;
  unmap();
  dsm_segment* const segment = reserved_;
  reserved_ = nullptr;
  reserved_used_ = 0;
  pg_call([segment] { dsm_detach(segment); });
}

void ProcessTeam::close() {
  free_points();
  release();
}

void ProcessTeam::start(Task task) { command(task, pieces_.front(), pieces_.back()); }

void ProcessTeam::unmap() {
  command(Task::kNone, {nullptr, 0}, {nullptr, 0});
  wait();
}

void ProcessTeam::command(Task task, Piece points, Piece block) {
  const auto shared_as = [](Piece piece) -> SharedPiece {
    if (piece.segment == nullptr) return {DSM_HANDLE_INVALID, 0};
    return {dsm_segment_handle(piece.segment), piece.offset};
  };
  SharedBuild* const shared = workers_.shared;
  const SharedPiece shared_points = shared_as(points);
  const SharedPiece shared_block = shared_as(block);
  SpinLockAcquire(&shared->mutex);
  shared->task = task;
  shared->points = shared_points;
  shared->block = shared_block;
  shared->at_work = workers_.processes.launched();
  ++shared->commands;
  SpinLockRelease(&shared->mutex);
  pg_call([shared] { ConditionVariableBroadcast(&shared->changed); });
}

void ProcessTeam::wait() {
  pg_call([this] {
    SharedBuild* const shared = workers_.shared;
    ConditionVariablePrepareToSleep(&shared->changed);
    for (;;) {
      SpinLockAcquire(&shared->mutex);
      const bool done = shared->at_work == 0;
      SpinLockRelease(&shared->mutex);
      if (done) break;
      ConditionVariableSleep(&shared->changed, PG_WAIT_EXTENSION);
    }
    ConditionVariableCancelSleep();
  });
}

}  // namespace vec::pg::hnsw

void HnswParallelBuildMain(dsm_segment* segment, shm_toc* contents) {
  vec::pg::guarded([=] { vec::pg::hnsw::work(segment, contents); });
}

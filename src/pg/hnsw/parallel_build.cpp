#include "pg/hnsw/parallel_build.h"

#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"

extern "C" {
PGDLLEXPORT void HnswParallelBuildMain(dsm_segment* segment, shm_toc* contents);
}

namespace vec::pg::hnsw {

using vec::hnsw::bulk::Task;

/// In shared memory: plain data only.  The parallel scan's own state and the queues come behind it.
struct SharedBuild {
  Oid heap;
  Oid index;
  bool concurrent;

  slock_t mutex;              // for what follows
  ConditionVariable changed;  // whenever any of it is
  double heap_rows;           // that workers have read
  std::uint32_t commands;     // given so far
  bool quit;
  Task task;
  dsm_handle points;
  dsm_handle block;
  int at_work;  // workers that are not through with the command
};

namespace {

constexpr uint64 kKeyShared = UINT64CONST(0xA000000000000001);
constexpr uint64 kKeyScan = UINT64CONST(0xA000000000000002);
constexpr uint64 kKeyQueues = UINT64CONST(0xA000000000000003);
constexpr uint64 kKeyWalUsage = UINT64CONST(0xA000000000000004);
constexpr uint64 kKeyBufferUsage = UINT64CONST(0xA000000000000005);
constexpr uint64 kKeyQuery = UINT64CONST(0xA000000000000006);
constexpr Size kQueueBytes = 256 * 1024;

template <class T>
T* look_up(shm_toc* contents, uint64 key) {
  return static_cast<T*>(shm_toc_lookup(contents, key, false));
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
  dsm_segment* points;
  dsm_segment* block;
};

/// Waits for the command after `seen` others.  C-like.
Command next_command(SharedBuild* shared, std::uint32_t seen) {
  Command command{};
  dsm_handle points_handle = 0;
  dsm_handle block_handle = 0;
  ConditionVariablePrepareToSleep(&shared->changed);
  for (;;) {
    SpinLockAcquire(&shared->mutex);
    const bool given = shared->commands > seen || shared->quit;
    command.quit = shared->quit;
    command.task = shared->task;
    points_handle = shared->points;
    block_handle = shared->block;
    SpinLockRelease(&shared->mutex);
    if (given) break;
    ConditionVariableSleep(&shared->changed, PG_WAIT_EXTENSION);
  }
  ConditionVariableCancelSleep();
  if (command.quit) return command;
  command.points = dsm_attach(points_handle);
  command.block = dsm_attach(block_handle);
  if (command.points == nullptr || command.block == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not map shared memory")));
  }
  return command;
}

void report_done(SharedBuild* shared) {
  SpinLockAcquire(&shared->mutex);
  --shared->at_work;
  SpinLockRelease(&shared->mutex);
  ConditionVariableBroadcast(&shared->changed);
}

/// Takes part in what the leader starts, until it is told to quit.
void help_leader(SharedBuild* shared) {
  for (std::uint32_t seen = 0;; ++seen) {
    const Command command = pg_call([=] { return next_command(shared, seen); });
    if (command.quit) break;
    vec::hnsw::bulk::help(command.task,
                          vec::hnsw::bulk::PointsBlock(
                              static_cast<const std::byte*>(dsm_segment_address(command.points))),
                          static_cast<std::byte*>(dsm_segment_address(command.block)),
                          check_interrupts);
    // Not kept until the next command, which may be about other points.
    pg_call([&] {
      dsm_detach(command.block);
      dsm_detach(command.points);
      report_done(shared);
    });
  }
}

void work(dsm_segment* segment, shm_toc* contents) {
  struct Opened {
    SharedBuild* shared;
    Relation heap;
    Relation index;
    IndexInfo* info;
    TableScanDesc scan;
    shm_mq_handle* queue;
    MemoryContext row_memory;
    LOCKMODE heap_lock;
    LOCKMODE index_lock;
  };
  const Opened opened = pg_call([=] {
    debug_query_string = static_cast<char*>(shm_toc_lookup(contents, kKeyQuery, true));
    pgstat_report_activity(STATE_RUNNING, debug_query_string);
    Opened it{};
    it.shared = look_up<SharedBuild>(contents, kKeyShared);
    it.heap_lock = it.shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
    it.index_lock = it.shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
    it.heap = table_open(it.shared->heap, it.heap_lock);
    it.index = index_open(it.shared->index, it.index_lock);
    it.info = BuildIndexInfo(it.index);
    it.info->ii_Concurrent = it.shared->concurrent;
    auto* queue = reinterpret_cast<shm_mq*>(look_up<char>(contents, kKeyQueues) +
                                            ParallelWorkerNumber * kQueueBytes);
    shm_mq_set_sender(queue, MyProc);
    it.queue = shm_mq_attach(queue, segment, nullptr);
    it.scan =
        table_beginscan_parallel(it.heap, look_up<ParallelTableScanDescData>(contents, kKeyScan));
    it.row_memory =
        AllocSetContextCreate(CurrentMemoryContext, "hnsw build row", ALLOCSET_DEFAULT_SIZES);
    InstrStartParallelQuery();
    return it;
  });
  {
    const Shape shape = pg_call([&] { return shape_for_build(opened.index); });
    Reading reading{RowValue(shape.format, "hnsw"), RowSender(opened.queue), opened.row_memory};
    const double heap_rows = pg_call([&] {
      return table_index_build_scan(opened.heap, opened.index, opened.info, true, false, read_row,
                                    &reading, opened.scan);
    });
    pg_call([&] {
      SpinLockAcquire(&opened.shared->mutex);
      opened.shared->heap_rows += heap_rows;
      SpinLockRelease(&opened.shared->mutex);
      ereport(DEBUG1,
              (errmsg("worker processed %lld tuples", static_cast<long long>(reading.count))));
    });
    reading.sender.finish();
  }
  help_leader(opened.shared);
  pg_call([&] {
    auto* wal = look_up<WalUsage>(contents, kKeyWalUsage);
    auto* buffers = look_up<BufferUsage>(contents, kKeyBufferUsage);
    InstrEndParallelQuery(&buffers[ParallelWorkerNumber], &wal[ParallelWorkerNumber]);
    index_close(opened.index, opened.index_lock);
    table_close(opened.heap, opened.heap_lock);
  });
}

/// Room in the shared segment, asked for before it is there.
void estimate(ParallelContext* context, Size bytes) {
  shm_toc_estimate_chunk(&context->estimator, bytes);
  shm_toc_estimate_keys(&context->estimator, 1);
}

void* allocate(ParallelContext* context, uint64 key, Size bytes) {
  void* room = shm_toc_allocate(context->toc, bytes);
  std::memset(room, 0, bytes);
  shm_toc_insert(context->toc, key, room);
  return room;
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

}  // namespace

Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted) {
  Workers workers{};
  EnterParallelMode();
  ParallelContext* context = CreateParallelContext("vector", "HnswParallelBuildMain", wanted);
  workers.snapshot = concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
  const Size scan_bytes = table_parallelscan_estimate(heap, workers.snapshot);
  const auto slots = static_cast<Size>(context->nworkers);
  const Size query_bytes = debug_query_string == nullptr ? 0 : strlen(debug_query_string) + 1;
  estimate(context, sizeof(SharedBuild));
  estimate(context, scan_bytes);
  estimate(context, mul_size(kQueueBytes, slots));
  estimate(context, mul_size(sizeof(WalUsage), slots));
  estimate(context, mul_size(sizeof(BufferUsage), slots));
  if (query_bytes > 0) estimate(context, query_bytes);
  InitializeParallelDSM(context);
  workers.context = context;
  if (context->seg == nullptr) {  // none to be had
    end_workers(workers);
    return workers;
  }

  auto* shared = static_cast<SharedBuild*>(allocate(context, kKeyShared, sizeof(SharedBuild)));
  shared->heap = RelationGetRelid(heap);
  shared->index = RelationGetRelid(index);
  shared->concurrent = concurrent;
  SpinLockInit(&shared->mutex);
  ConditionVariableInit(&shared->changed);
  auto* scan = static_cast<ParallelTableScanDesc>(allocate(context, kKeyScan, scan_bytes));
  table_parallelscan_initialize(heap, scan, workers.snapshot);
  auto* queues = static_cast<char*>(allocate(context, kKeyQueues, mul_size(kQueueBytes, slots)));
  for (Size i = 0; i < slots; ++i) {
    shm_mq_set_receiver(shm_mq_create(queues + i * kQueueBytes, kQueueBytes), MyProc);
  }
  workers.wal_usage =
      static_cast<WalUsage*>(allocate(context, kKeyWalUsage, mul_size(sizeof(WalUsage), slots)));
  workers.buffer_usage = static_cast<BufferUsage*>(
      allocate(context, kKeyBufferUsage, mul_size(sizeof(BufferUsage), slots)));
  if (query_bytes > 0) {
    std::memcpy(allocate(context, kKeyQuery, query_bytes), debug_query_string, query_bytes);
  }
  workers.shared = shared;

  LaunchParallelWorkers(context);
  if (context->nworkers_launched == 0) {
    end_workers(workers);
    return workers;
  }
  ereport(DEBUG1, (errmsg("using %d parallel workers", context->nworkers_launched)));
  WaitForParallelWorkersToAttach(context);
  return workers;
}

TableScanDesc leader_part(const Workers& workers, Relation heap) {
  return table_beginscan_parallel(
      heap, look_up<ParallelTableScanDescData>(workers.context->toc, kKeyScan));
}

RowReceiver receiver_of(const Workers& workers) {
  std::vector<shm_mq_handle*> handles;
  for (int i = 0; i < workers.context->nworkers_launched; ++i) {
    handles.push_back(pg_call([&] {
      auto* queue = reinterpret_cast<shm_mq*>(look_up<char>(workers.context->toc, kKeyQueues) +
                                              static_cast<Size>(i) * kQueueBytes);
      return shm_mq_attach(queue, workers.context->seg, workers.context->worker[i].bgwhandle);
    }));
  }
  return RowReceiver(handles);
}

double heap_rows_of(const Workers& workers) { return workers.shared->heap_rows; }

void end_workers(Workers& workers) {
  ParallelContext* context = workers.context;
  if (workers.shared != nullptr) {
    SpinLockAcquire(&workers.shared->mutex);
    workers.shared->quit = true;
    SpinLockRelease(&workers.shared->mutex);
    ConditionVariableBroadcast(&workers.shared->changed);
    WaitForParallelWorkersToFinish(context);
    for (int i = 0; i < context->nworkers_launched; ++i) {
      InstrAccumParallelQuery(&workers.buffer_usage[i], &workers.wal_usage[i]);
    }
  }
  if (IsMVCCSnapshot(workers.snapshot)) UnregisterSnapshot(workers.snapshot);
  DestroyParallelContext(context);
  ExitParallelMode();
  workers.context = nullptr;
}

std::byte* ProcessTeam::share(std::size_t bytes) {
  if (!is_available(bytes)) return nullptr;
  segments_.reserve(segments_.size() + 1);
  dsm_segment* const segment =
      pg_call([=] { return dsm_create(bytes, DSM_CREATE_NULL_IF_MAXSEGMENTS); });
  if (segment == nullptr) return nullptr;
  segments_.push_back(segment);
  void* const block = dsm_segment_address(segment);
  std::memset(block, 0, bytes);
  return static_cast<std::byte*>(block);
}

void ProcessTeam::free_task_block() {
  dsm_segment* const last = segments_.back();
  segments_.pop_back();
  pg_call([last] { dsm_detach(last); });
}

void ProcessTeam::free_points() { close(); }

void ProcessTeam::close() {
  while (!segments_.empty()) free_task_block();
}

void ProcessTeam::start(Task task) {
  SharedBuild* const shared = workers_.shared;
  const dsm_handle points = dsm_segment_handle(segments_.front());
  const dsm_handle block = dsm_segment_handle(segments_.back());
  SpinLockAcquire(&shared->mutex);
  shared->task = task;
  shared->points = points;
  shared->block = block;
  shared->at_work = workers_.context->nworkers_launched;
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

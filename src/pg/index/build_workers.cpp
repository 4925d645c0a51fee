#include "pg/index/build_workers.h"

namespace vec::pg {

namespace {

constexpr uint64 kKeyTarget = UINT64CONST(0xA000000000000001);
constexpr uint64 kKeyScan = UINT64CONST(0xA000000000000002);
constexpr uint64 kKeyWalUsage = UINT64CONST(0xA000000000000003);
constexpr uint64 kKeyBufferUsage = UINT64CONST(0xA000000000000004);
constexpr uint64 kKeyQuery = UINT64CONST(0xA000000000000005);

/// In shared memory.
struct Target {
  Oid heap;
  Oid index;
  bool concurrent;
};

template <class T>
T* look_up(shm_toc* contents, uint64 key) {
  return static_cast<T*>(find_room(contents, key));
}

/// Room in the shared segment, asked for before it is there.
void estimate(ParallelContext* context, Size bytes) {
  shm_toc_estimate_chunk(&context->estimator, bytes);
  shm_toc_estimate_keys(&context->estimator, 1);
}

Size query_bytes() { return debug_query_string == nullptr ? 0 : strlen(debug_query_string) + 1; }

/// Ends the parallel mode; the workers are through, or there never were any.
void leave(BuildWorkers& workers) {
  if (IsMVCCSnapshot(workers.snapshot)) UnregisterSnapshot(workers.snapshot);
  DestroyParallelContext(workers.context);
  ExitParallelMode();
  workers.context = nullptr;
}

}  // namespace

BuildWorkers begin_workers(Relation heap, Relation index, bool concurrent, int wanted,
                           const char* main, std::initializer_list<RoomSize> rooms) {
  EnterParallelMode();
  ParallelContext* context = CreateParallelContext("vector", main, wanted);
  BuildWorkers workers{context,
                       concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny};
  const Size scan_bytes = table_parallelscan_estimate(heap, workers.snapshot);
  const auto slots = static_cast<Size>(context->nworkers);
  estimate(context, sizeof(Target));
  estimate(context, scan_bytes);
  estimate(context, mul_size(sizeof(WalUsage), slots));
  estimate(context, mul_size(sizeof(BufferUsage), slots));
  if (query_bytes() > 0) estimate(context, query_bytes());
  for (const RoomSize& room : rooms) {
    estimate(context, add_size(room.bytes, mul_size(room.each, slots)));
  }
  InitializeParallelDSM(context);
  if (context->seg == nullptr) {  // none to be had
    leave(workers);
    return workers;
  }
  auto* target = static_cast<Target*>(make_room(workers, kKeyTarget, sizeof(Target)));
  *target = {RelationGetRelid(heap), RelationGetRelid(index), concurrent};
  table_parallelscan_initialize(
      heap, static_cast<ParallelTableScanDesc>(make_room(workers, kKeyScan, scan_bytes)),
      workers.snapshot);
  make_room(workers, kKeyWalUsage, mul_size(sizeof(WalUsage), slots));
  make_room(workers, kKeyBufferUsage, mul_size(sizeof(BufferUsage), slots));
  if (query_bytes() > 0) {
    std::memcpy(make_room(workers, kKeyQuery, query_bytes()), debug_query_string, query_bytes());
  }
  return workers;
}

void* make_room(const BuildWorkers& workers, uint64 key, Size bytes) {
  void* room = shm_toc_allocate(workers.context->toc, bytes);
  std::memset(room, 0, bytes);
  shm_toc_insert(workers.context->toc, key, room);
  return room;
}

void launch_workers(BuildWorkers& workers) {
  LaunchParallelWorkers(workers.context);
  if (workers.launched() == 0) {
    leave(workers);
    return;
  }
  ereport(DEBUG1, (errmsg("using %d parallel workers", workers.launched())));
  WaitForParallelWorkersToAttach(workers.context);
}

TableScanDesc leader_part(const BuildWorkers& workers, Relation heap) {
  return worker_part(workers.context->toc, heap);
}

void end_workers(BuildWorkers& workers) {
  WaitForParallelWorkersToFinish(workers.context);
  auto* wal = look_up<WalUsage>(workers.context->toc, kKeyWalUsage);
  auto* buffers = look_up<BufferUsage>(workers.context->toc, kKeyBufferUsage);
  for (int i = 0; i < workers.launched(); ++i) InstrAccumParallelQuery(&buffers[i], &wal[i]);
  leave(workers);
}

void* find_room(shm_toc* contents, uint64 key) { return shm_toc_lookup(contents, key, false); }

OpenedForBuild open_as_worker(shm_toc* contents) {
  debug_query_string = static_cast<char*>(shm_toc_lookup(contents, kKeyQuery, true));
  pgstat_report_activity(STATE_RUNNING, debug_query_string);
  const auto* target = look_up<Target>(contents, kKeyTarget);
  OpenedForBuild opened{};
  opened.heap_lock = target->concurrent ? ShareUpdateExclusiveLock : ShareLock;
  opened.index_lock = target->concurrent ? RowExclusiveLock : AccessExclusiveLock;
  opened.heap = table_open(target->heap, opened.heap_lock);
  opened.index = index_open(target->index, opened.index_lock);
  opened.info = BuildIndexInfo(opened.index);
  opened.info->ii_Concurrent = target->concurrent;
  InstrStartParallelQuery();
  return opened;
}

TableScanDesc worker_part(shm_toc* contents, Relation heap) {
  return table_beginscan_parallel(heap, look_up<ParallelTableScanDescData>(contents, kKeyScan));
}

void close_as_worker(shm_toc* contents, const OpenedForBuild& opened) {
  auto* wal = look_up<WalUsage>(contents, kKeyWalUsage);
  auto* buffers = look_up<BufferUsage>(contents, kKeyBufferUsage);
  InstrEndParallelQuery(&buffers[ParallelWorkerNumber], &wal[ParallelWorkerNumber]);
  index_close(opened.index, opened.index_lock);
  table_close(opened.heap, opened.heap_lock);
}

}  // namespace vec::pg

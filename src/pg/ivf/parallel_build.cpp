#include "pg/ivf/parallel_build.h"

#include "pg/ivf/loader.h"
#include "pg/memory.h"

extern "C" {
PGDLLEXPORT void IvfflatParallelBuildMain(dsm_segment* segment, shm_toc* contents);
}

namespace vec::pg::ivf {

constexpr int kMaxParticipants = 1024 + 1;

/// In shared memory: plain data only.  The parallel scan's own state comes behind it.
struct SharedBuild {
  Oid heap;
  Oid index;
  bool concurrent;
  int participants;  // that may take part; the leader is number 0
  std::size_t center_bytes;
  SharedFileSet files;
  struct {
    double heap_rows;
    double entries;
  } of_participant[kMaxParticipants];
  int file_counts[kMaxParticipants];
};

namespace {

constexpr uint64 kKeyShared = UINT64CONST(0xA000000000000001);
constexpr uint64 kKeyScan = UINT64CONST(0xA000000000000002);
constexpr uint64 kKeyCenters = UINT64CONST(0xA000000000000003);
constexpr uint64 kKeyWalUsage = UINT64CONST(0xA000000000000004);
constexpr uint64 kKeyBufferUsage = UINT64CONST(0xA000000000000005);
constexpr uint64 kKeyQuery = UINT64CONST(0xA000000000000006);

ParallelTableScanDesc scan_of(shm_toc* contents) {
  return static_cast<ParallelTableScanDesc>(shm_toc_lookup(contents, kKeyScan, false));
}

/// One participant's work.
void load_part(SharedBuild* shared, int participant, ParallelTableScanDesc parallel_scan,
               Relation heap, Relation index, IndexInfo* info, const Shape& shape,
               std::span<const std::byte> centers, std::pmr::memory_resource* memory) {
  const std::size_t memory_limit = static_cast<std::size_t>(maintenance_work_mem) * 1024 /
                                   static_cast<std::size_t>(shared->participants);
  Loader loader(shape, centers, memory_limit, {&shared->files, participant}, memory);
  const TableScanDesc part = pg_call([&] { return table_beginscan_parallel(heap, parallel_scan); });
  auto& found = shared->of_participant[participant];
  found.heap_rows = loader.load(heap, index, info, participant == 0, part);
  loader.runs().finish(true);
  found.entries = static_cast<double>(loader.entry_count());
  shared->file_counts[participant] = static_cast<int>(loader.runs().file_count());
  pg_call([&] {
    ereport(DEBUG1, (errmsg("%s processed %lld tuples", participant == 0 ? "leader" : "worker",
                            static_cast<long long>(found.heap_rows))));
  });
}

void work(dsm_segment* segment, shm_toc* contents) {
  auto* shared = pg_call(
      [=] { return static_cast<SharedBuild*>(shm_toc_lookup(contents, kKeyShared, false)); });
  struct Opened {
    Relation heap;
    Relation index;
    IndexInfo* info;
    const std::byte* centers;
    LOCKMODE heap_lock;
    LOCKMODE index_lock;
  };
  const Opened opened = pg_call([=] {
    debug_query_string = static_cast<char*>(shm_toc_lookup(contents, kKeyQuery, true));
    pgstat_report_activity(STATE_RUNNING, debug_query_string);
    Opened result{};
    result.heap_lock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
    result.index_lock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
    result.heap = table_open(shared->heap, result.heap_lock);
    result.index = index_open(shared->index, result.index_lock);
    result.info = BuildIndexInfo(result.index);
    result.info->ii_Concurrent = shared->concurrent;
    result.centers = static_cast<std::byte*>(shm_toc_lookup(contents, kKeyCenters, false));
    SharedFileSetAttach(&shared->files, segment);
    InstrStartParallelQuery();
    return result;
  });
  {
    ContextMemory memory(CurrentMemoryContext);
    const Shape shape = pg_call([&] { return shape_for_build(opened.index, Method::kIvfflat); });
    load_part(shared, ParallelWorkerNumber + 1, pg_call([=] { return scan_of(contents); }),
              opened.heap, opened.index, opened.info, shape, {opened.centers, shared->center_bytes},
              &memory);
  }
  pg_call([&] {
    auto* wal = static_cast<WalUsage*>(shm_toc_lookup(contents, kKeyWalUsage, false));
    auto* buffers = static_cast<BufferUsage*>(shm_toc_lookup(contents, kKeyBufferUsage, false));
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

}  // namespace

Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted,
                      std::span<const std::byte> centers) {
  Workers workers{};
  EnterParallelMode();
  ParallelContext* context = CreateParallelContext("vector", "IvfflatParallelBuildMain", wanted);
  workers.snapshot = concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
  const Size scan_bytes = table_parallelscan_estimate(heap, workers.snapshot);
  const auto slots = static_cast<Size>(context->nworkers);
  const Size query_bytes = debug_query_string == nullptr ? 0 : strlen(debug_query_string) + 1;
  estimate(context, sizeof(SharedBuild));
  estimate(context, scan_bytes);
  estimate(context, centers.size());
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
  shared->participants = std::min(context->nworkers + 1, kMaxParticipants);
  shared->center_bytes = centers.size();
  SharedFileSetInit(&shared->files, context->seg);
  auto* scan = static_cast<ParallelTableScanDesc>(allocate(context, kKeyScan, scan_bytes));
  table_parallelscan_initialize(heap, scan, workers.snapshot);
  std::memcpy(allocate(context, kKeyCenters, centers.size()), centers.data(), centers.size());
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

void load_with_workers(Workers& workers, Relation heap, Relation index, IndexInfo* info,
                       const Shape& shape, std::span<const std::byte> centers,
                       std::pmr::memory_resource* memory) {
  load_part(workers.shared, 0, pg_call([&] { return scan_of(workers.context->toc); }), heap, index,
            info, shape, centers, memory);
  pg_call([&] { WaitForParallelWorkersToFinish(workers.context); });
}

Loaded loaded_by(const Workers& workers) {
  const SharedBuild& shared = *workers.shared;
  const auto participants = static_cast<std::size_t>(shared.participants);
  Loaded loaded{0, 0, &workers.shared->files, {shared.file_counts, participants}};
  for (std::size_t i = 0; i < participants; ++i) {
    loaded.heap_rows += shared.of_participant[i].heap_rows;
    loaded.entries += shared.of_participant[i].entries;
  }
  return loaded;
}

void end_workers(Workers& workers) {
  ParallelContext* context = workers.context;
  if (workers.shared != nullptr) {
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

}  // namespace vec::pg::ivf

void IvfflatParallelBuildMain(dsm_segment* segment, shm_toc* contents) {
  vec::pg::guarded([=] { vec::pg::ivf::work(segment, contents); });
}

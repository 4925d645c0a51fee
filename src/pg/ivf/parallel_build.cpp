#include "pg/ivf/parallel_build.h"

#include "pg/memory.h"

extern "C" {
PGDLLEXPORT void IvfflatParallelBuildMain(dsm_segment* segment, shm_toc* contents);
}

namespace vec::pg::ivf {

constexpr int kMaxParticipants = 1024 + 1;

/// In shared memory: plain data only.
struct SharedBuild {
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

constexpr uint64 kKeyShared = kFirstOwnRoom;
constexpr uint64 kKeyCenters = kFirstOwnRoom + 1;

std::size_t memory_of_each(const SharedBuild* shared) {
  return static_cast<std::size_t>(maintenance_work_mem) * 1024 /
         static_cast<std::size_t>(shared->participants);
}

/// One participant's work.
void load_part(SharedBuild* shared, int participant, Loader& loader, TableScanDesc part,
               Relation heap, Relation index, IndexInfo* info) {
  auto& found = shared->of_participant[participant];
  found.heap_rows = loader.load(heap, index, info, participant == 0, part);
  loader.runs().finish(participant != 0);
  found.entries = static_cast<double>(loader.entry_count());
  shared->file_counts[participant] = static_cast<int>(loader.runs().file_count());
  pg_call([&] {
    ereport(DEBUG1, (errmsg("%s processed %lld tuples", participant == 0 ? "leader" : "worker",
                            static_cast<long long>(found.heap_rows))));
  });
}

void work(dsm_segment* segment, shm_toc* contents) {
  struct Begun {
    OpenedForBuild opened;
    SharedBuild* shared;
    TableScanDesc part;
    const std::byte* centers;
  };
  const Begun begun = pg_call([=] {
    Begun it{};
    it.opened = open_as_worker(contents);
    it.shared = static_cast<SharedBuild*>(find_room(contents, kKeyShared));
    it.part = worker_part(contents, it.opened.heap);
    it.centers = static_cast<std::byte*>(find_room(contents, kKeyCenters));
    SharedFileSetAttach(&it.shared->files, segment);
    return it;
  });
  const OpenedForBuild& opened = begun.opened;
  {
    ContextMemory memory(CurrentMemoryContext);
    const Shape shape = pg_call([&] { return shape_for_build(opened.index, Method::kIvfflat); });
    const int participant = ParallelWorkerNumber + 1;
    Loader loader(shape, {begun.centers, begun.shared->center_bytes}, memory_of_each(begun.shared),
                  {&begun.shared->files, participant}, &memory);
    load_part(begun.shared, participant, loader, begun.part, opened.heap, opened.index,
              opened.info);
  }
  pg_call([&] { close_as_worker(contents, opened); });
}

}  // namespace

Workers start_workers(Relation heap, Relation index, bool concurrent, int wanted,
                      std::span<const std::byte> centers) {
  BuildWorkers processes = begin_workers(
      heap, index, concurrent, wanted, "IvfflatParallelBuildMain",
      {{.bytes = sizeof(SharedBuild), .each = 0}, {.bytes = centers.size(), .each = 0}});
  if (!processes.running()) return {processes, nullptr};
  auto* shared = static_cast<SharedBuild*>(make_room(processes, kKeyShared, sizeof(SharedBuild)));
  shared->participants = std::min(processes.slots() + 1, kMaxParticipants);
  shared->center_bytes = centers.size();
  SharedFileSetInit(&shared->files, processes.context->seg);
  std::memcpy(make_room(processes, kKeyCenters, centers.size()), centers.data(), centers.size());
  launch_workers(processes);
  return {processes, shared};
}

std::size_t leader_memory(const Workers& workers) { return memory_of_each(workers.shared); }

RunFiles leader_files(const Workers& workers) { return {&workers.shared->files, 0}; }

void load_with_workers(Workers& workers, Loader& leader, Relation heap, Relation index,
                       IndexInfo* info) {
  load_part(workers.shared, 0, leader,
            pg_call([&] { return leader_part(workers.processes, heap); }), heap, index, info);
  pg_call([&] { WaitForParallelWorkersToFinish(workers.processes.context); });
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

}  // namespace vec::pg::ivf

void IvfflatParallelBuildMain(dsm_segment* segment, shm_toc* contents) {
  vec::pg::guarded([=] { vec::pg::ivf::work(segment, contents); });
}

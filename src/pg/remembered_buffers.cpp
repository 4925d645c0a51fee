#include "pg/remembered_buffers.h"

namespace vec::pg {

namespace {

constexpr int kRelations = 48;  // sixteen indexes, each with its table and that one's TOAST table
constexpr uint32 kMostEntries = 1U << 20;
/// ReadRecentBuffer does not count as a use of the page; one pin in so many takes the ordinary
/// way, so that a page in constant use is not evicted as unused.
constexpr uint32 kOrdinaryEvery = 64;
constexpr std::size_t kLine = 64;

RememberedBuffers memories[kRelations];
uint64 uses = 0;

#if PG_VERSION_NUM >= 160000
RelFileLocator locator(Relation index) { return index->rd_locator; }
Oid tablespace_of(const RelFileLocator& file) { return file.spcOid; }
Oid database_of(const RelFileLocator& file) { return file.dbOid; }
Oid file_of(const RelFileLocator& file) { return file.relNumber; }
#else
RelFileNode locator(Relation index) { return index->rd_node; }
Oid tablespace_of(const RelFileNode& file) { return file.spcNode; }
Oid database_of(const RelFileNode& file) { return file.dbNode; }
Oid file_of(const RelFileNode& file) { return file.relNode; }
#endif

uint32 entries_for(Relation index) {
  const uint32 blocks = RelationGetNumberOfBlocks(index);
  const uint32 wanted = std::min({blocks, static_cast<uint32>(NBuffers), kMostEntries});
  uint32 entries = 64;
  while (entries < wanted) entries *= 2;
  return entries;
}

void allocate(RememberedBuffers* memory, uint32 entries) {
  const Size bytes = sizeof(RememberedBuffers::Entry) * entries;
  memory->entries = static_cast<RememberedBuffers::Entry*>(
      MemoryContextAllocExtended(TopMemoryContext, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  memory->mask = entries - 1;
}

void prefetch_descriptor(Buffer buffer, PageUse use) {
  if (BufferIsLocal(buffer)) return;
  const BufferDesc* const descriptor = GetBufferDescriptor(buffer - 1);
  if (use == PageUse::kPin) {
    __builtin_prefetch(descriptor, 1);
  } else {
    __builtin_prefetch(descriptor);
  }
}

}  // namespace

RememberedBuffers* remembered_buffers(Relation index) {
  const auto file = locator(index);
  RememberedBuffers* oldest = &memories[0];
  for (RememberedBuffers& memory : memories) {
    if (memory.entries != nullptr && memory.file == file_of(file) &&
        memory.database == database_of(file) && memory.tablespace == tablespace_of(file)) {
      // An index that outgrew its memory gets a larger one now and then.
      if (++uses % 64 == 0 && entries_for(index) > (memory.mask + 1) * 2) {
        RememberedBuffers::Entry* old = memory.entries;
        allocate(&memory, entries_for(index));
        pfree(old);
      }
      memory.last_used = uses;
      return &memory;
    }
    if (memory.last_used < oldest->last_used) oldest = &memory;
  }
  // A scan that still holds the oldest memory finds another relation's blocks in it: wrong guesses.
  RememberedBuffers::Entry* old = oldest->entries;
  allocate(oldest, entries_for(index));
  if (old != nullptr) pfree(old);
  oldest->tablespace = tablespace_of(file);
  oldest->database = database_of(file);
  oldest->file = file_of(file);
  oldest->last_used = ++uses;
  return oldest;
}

Buffer pin_remembered(Relation index, RememberedBuffers* remembered, BlockNumber block) {
  const Buffer recent = remembered->recall(block);
  const bool known = BufferIsValid(recent) && ++remembered->touches % kOrdinaryEvery != 0 &&
                     ReadRecentBuffer(locator(index), MAIN_FORKNUM, block, recent);
  if (!known) return InvalidBuffer;
  pgstat_count_buffer_read(index);
  pgstat_count_buffer_hit(index);
  return recent;
}

Buffer pin(Relation index, RememberedBuffers* remembered, BlockNumber block, bool* known) {
  const Buffer recent = pin_remembered(index, remembered, block);
  *known = BufferIsValid(recent);
  return *known ? recent : ReadBuffer(index, block);
}

void prefetch(const RememberedBuffers* remembered, const Spot* spots, std::size_t count,
              std::size_t bytes, PageUse use, Buffer* buffers) {
  constexpr std::size_t kMostLines = 8;  // from there on the processor sees the pattern itself
  const std::size_t length = std::min(bytes, kMostLines * kLine);
  const auto start_of = [&](std::size_t i) {
    return static_cast<const char*>(BufferGetBlock(buffers[i])) + spots[i].offset;
  };
  for (std::size_t i = 0; i < count; ++i) buffers[i] = remembered->recall(spots[i].block);
  // A line of each first, one right after the other: measured to be faster than all lines of one
  // after all lines of another (core/hnsw/README.md, "Search").
  // Into the second level: the first takes fewer lines at once, and the processor waits for it.
  for (std::size_t i = 0; i < count; ++i) {
    if (!BufferIsValid(buffers[i])) continue;
    prefetch_descriptor(buffers[i], use);
    __builtin_prefetch(start_of(i), 0, 2);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!BufferIsValid(buffers[i])) continue;
    const char* const start = start_of(i);
    for (std::size_t at = kLine; at < length; at += kLine) __builtin_prefetch(start + at, 0, 2);
    __builtin_prefetch(start + length - 1, 0, 2);
  }
}

const char* remembered_page(const RememberedBuffers* remembered, BlockNumber block) {
  const Buffer buffer = remembered->recall(block);
  if (!BufferIsValid(buffer)) return nullptr;
  prefetch_descriptor(buffer, PageUse::kPin);
  return static_cast<const char*>(BufferGetBlock(buffer));
}

void prefetch_page(const RememberedBuffers* remembered, BlockNumber block) {
  const char* page = remembered_page(remembered, block);
  if (page == nullptr) return;
  // Into the second level: the first takes fewer lines at once, and the processor waits for it.
  for (std::size_t at = 0; at < BLCKSZ; at += kLine) __builtin_prefetch(page + at, 0, 2);
}

}  // namespace vec::pg

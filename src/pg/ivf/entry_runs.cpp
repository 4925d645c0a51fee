#include "pg/ivf/entry_runs.h"

#include <algorithm>
#include <numeric>

namespace vec::pg::ivf {

namespace {

/// Bytes that go to or come from a file at once.
constexpr std::size_t kChunk = 64 * 1024;
/// Bytes of memory that are taken at once for entries.
constexpr std::size_t kBlock = 1024 * 1024;

struct FileName {
  char text[32];
};

FileName name_of_run(int participant, std::size_t run) {
  FileName name;
  snprintf(name.text, sizeof name.text, "%d.%zu", participant, run);
  return name;
}

/// C-like.
BufFile* create_file(RunFiles files, std::size_t run) {
  if (files.shared == nullptr) {
    PrepareTempTablespaces();
    return BufFileCreateTemp(false);
  }
  const FileName name = name_of_run(files.participant, run);
#if PG_VERSION_NUM >= 150000
  return BufFileCreateFileSet(&files.shared->fs, name.text);
#else
  return BufFileCreateShared(files.shared, name.text);
#endif
}

/// C-like.
BufFile* open_file(SharedFileSet* shared, int participant, std::size_t run) {
  const FileName name = name_of_run(participant, run);
#if PG_VERSION_NUM >= 150000
  return BufFileOpenFileSet(&shared->fs, name.text, O_RDONLY, false);
#else
  return BufFileOpenShared(shared, name.text, O_RDONLY);
#endif
}

/// C-like.
void read_exactly(BufFile* file, void* out, std::size_t bytes) {
#if PG_VERSION_NUM >= 160000
  BufFileReadExact(file, out, bytes);
#else
  if (BufFileRead(file, out, bytes) != bytes) {
    ereport(ERROR, (errcode_for_file_access(), errmsg("could not read from temporary file: %m")));
  }
#endif
}

}  // namespace

EntryRuns::EntryRuns(std::size_t code_bytes, std::uint32_t lists, std::size_t memory_limit,
                     RunFiles files, std::pmr::memory_resource* memory)
    : entry_bytes_(entry_bytes(code_bytes)),
      entries_per_block_(std::max(std::size_t{1}, kBlock / entry_bytes_)),
      lists_(lists),
      memory_limit_(memory_limit),
      files_(files),
      context_(CurrentMemoryContext),
      open_files_(memory),
      blocks_(memory),
      list_of_(memory),
      order_(memory),
      counts_(lists, 0, memory) {}

void EntryRuns::add(ListNo list, RowId row, std::span<const std::byte> code) {
  if ((list_of_.size() + 1) * memory_per_entry() > memory_limit_ && !list_of_.empty()) write_run();
  const std::size_t place = list_of_.size();
  if (place == blocks_.size() * entries_per_block_) {
    std::pmr::polymorphic_allocator<std::byte> memory(blocks_.get_allocator());
    blocks_.push_back(memory.allocate(entries_per_block_ * entry_bytes_));
  }
  std::byte* to = entry(place);
  std::memcpy(to, &row, sizeof row);
  std::memcpy(to + sizeof row, code.data(), code.size());
  list_of_.push_back(list);
  ++counts_[list];
}

void EntryRuns::sort() {
  std::vector<std::uint32_t> next(lists_);
  std::exclusive_scan(counts_.begin(), counts_.end(), next.begin(), 0U);
  order_.resize(list_of_.size());
  for (std::size_t i = 0; i < list_of_.size(); ++i) {
    order_[next[list_of_[i]]++] = static_cast<std::uint32_t>(i);
  }
}

void EntryRuns::write_run() {
  sort();
  BufFile* file = pg_call([&] {
    const MemoryContext before = MemoryContextSwitchTo(context_);  // not that of a row
    BufFile* created = create_file(files_, file_count_);
    MemoryContextSwitchTo(before);
    BufFileWrite(created, counts_.data(), counts_.size() * sizeof counts_[0]);
    return created;
  });
  std::vector<std::byte> chunk;
  chunk.reserve(kChunk + entry_bytes_);
  const auto flush = [&] {
    pg_call([&] {
      CHECK_FOR_INTERRUPTS();
      BufFileWrite(file, chunk.data(), chunk.size());
    });
    chunk.clear();
  };
  for (const std::uint32_t place : order_) {
    chunk.insert(chunk.end(), entry(place), entry(place) + entry_bytes_);
    if (chunk.size() >= kChunk) flush();
  }
  flush();
  if (files_.shared != nullptr) {
    pg_call([file] { BufFileClose(file); });
  } else {
    open_files_.push_back(file);
  }
  ++file_count_;
  list_of_.clear();
  std::fill(counts_.begin(), counts_.end(), 0);
}

void EntryRuns::finish(bool to_files) {
  if (to_files && !list_of_.empty()) {
    write_run();
  } else {
    sort();
  }
}

RunReader::RunReader(EntryRuns& runs, std::pmr::memory_resource* memory)
    : entry_bytes_(runs.entry_bytes_),
      lists_(runs.lists_),
      files_(memory),
      counts_(memory),
      in_memory_(&runs),
      buffer_(std::max(kChunk, runs.entry_bytes_), memory) {
  for (BufFile* file : runs.open_files_) {
    pg_call([file] {
      if (BufFileSeek(file, 0, 0, SEEK_SET) != 0) {
        ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind temporary file")));
      }
    });
    take_file(file);
  }
}

RunReader::RunReader(SharedFileSet* shared, std::span<const int> files_of_participant,
                     EntryRuns& rest, std::pmr::memory_resource* memory)
    : entry_bytes_(rest.entry_bytes_),
      lists_(rest.lists_),
      files_(memory),
      counts_(memory),
      in_memory_(&rest),
      buffer_(std::max(kChunk, rest.entry_bytes_), memory) {
  for (std::size_t participant = 0; participant < files_of_participant.size(); ++participant) {
    for (int run = 0; run < files_of_participant[participant]; ++run) {
      take_file(pg_call([&] {
        return open_file(shared, static_cast<int>(participant), static_cast<std::size_t>(run));
      }));
    }
  }
}

void RunReader::take_file(BufFile* file) {
  files_.push_back(file);
  const std::size_t at = counts_.size();
  counts_.resize(at + lists_);
  pg_call([&] { read_exactly(file, counts_.data() + at, lists_ * sizeof counts_[0]); });
}

void RunReader::fill(BufFile* file, std::size_t count) {
  pg_call([&] { read_exactly(file, buffer_.data(), count * entry_bytes_); });
}

void RunReader::close() {
  for (BufFile* file : files_) pg_call([file] { BufFileClose(file); });
  files_.clear();
}

}  // namespace vec::pg::ivf

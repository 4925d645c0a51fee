// pg/ivf/entry_runs.h
//
// The entries of a build on their way to their lists: collected in memory in any order, sorted by
// list, and written to temporary files as runs if there are too many.  A list's entries come out
// run by run, in each in the order in which they were added.

#ifndef VEC_PG_IVF_ENTRY_RUNS_H_
#define VEC_PG_IVF_ENTRY_RUNS_H_

#include <memory_resource>
#include <span>
#include <vector>

#include "pg/boundary.h"
#include "pg/ivf/index.h"

namespace vec::pg::ivf {

/// Where the runs of one participant of a build go.
struct RunFiles {
  SharedFileSet* shared;  // null: files that only this process can read
  int participant;
};

/// Collects the entries of one participant.  All of their codes have the same number of bytes.
class EntryRuns {
 public:
  EntryRuns(std::size_t code_bytes, std::uint32_t lists, std::size_t memory_limit, RunFiles files,
            std::pmr::memory_resource* memory);

  void add(ListNo list, RowId row, std::span<const std::byte> code);

  /// Ends the collection.
  /// to_files   everything goes to files, for another process to read
  void finish(bool to_files);

  std::size_t file_count() const { return file_count_; }

 private:
  friend class RunReader;

  static std::size_t entry_bytes(std::size_t code_bytes) { return sizeof(RowId) + code_bytes; }
  std::size_t memory_per_entry() const { return entry_bytes_ + 2 * sizeof(std::uint32_t); }
  std::byte* entry(std::size_t place) const {
    return blocks_[place / entries_per_block_] + place % entries_per_block_ * entry_bytes_;
  }
  void sort();
  void write_run();

  std::size_t entry_bytes_;  // a row and its code
  std::size_t entries_per_block_;
  std::uint32_t lists_;
  std::size_t memory_limit_;
  RunFiles files_;
  MemoryContext context_;  // the one that was current when this was made
  std::size_t file_count_ = 0;
  std::pmr::vector<BufFile*> open_files_;   // if not shared
  std::pmr::vector<std::byte*> blocks_;     // of entries, as they came; the memory's until it goes
  std::pmr::vector<ListNo> list_of_;        // each entry's
  std::pmr::vector<std::uint32_t> order_;   // places of entries, by list
  std::pmr::vector<std::uint32_t> counts_;  // entries of each list
};

/// Gives the entries of all runs, list by list.
class RunReader {
 public:
  /// Those of one process, which has finish()ed.
  explicit RunReader(EntryRuns& runs, std::pmr::memory_resource* memory);
  /// Those that participants of a parallel build have written to shared files, and what one of
  /// them, which has finish()ed, has in memory.
  RunReader(SharedFileSet* shared, std::span<const int> files_of_participant, EntryRuns& rest,
            std::pmr::memory_resource* memory);
  ~RunReader() = default;
  RunReader(const RunReader&) = delete;
  RunReader& operator=(const RunReader&) = delete;

  /// Calls each(row, code) for the entries of a list: 0, then 1, and so on.
  template <class Each>
  void read(ListNo list, Each each) {
    for (std::size_t run = 0; run < files_.size(); ++run) {
      std::size_t left = counts_[run * lists_ + list];
      while (left > 0) {
        const std::size_t count = std::min(left, buffer_.size() / entry_bytes_);
        fill(files_[run], count);
        for (std::size_t i = 0; i < count; ++i) give(buffer_.data() + i * entry_bytes_, each);
        left -= count;
      }
    }
    if (in_memory_ == nullptr) return;
    for (std::uint32_t i = 0; i < in_memory_->counts_[list]; ++i) {
      give(in_memory_->entry(in_memory_->order_[next_in_memory_++]), each);
    }
  }

  void close();

 private:
  template <class Each>
  void give(const std::byte* entry, Each each) const {
    RowId row;
    std::memcpy(&row, entry, sizeof row);
    each(row, std::span(entry + sizeof row, entry_bytes_ - sizeof row));
  }

  void take_file(BufFile* file);
  void fill(BufFile* file, std::size_t count);

  std::size_t entry_bytes_;
  std::uint32_t lists_;
  std::pmr::vector<BufFile*> files_;
  std::pmr::vector<std::uint32_t> counts_;  // of each list, of one file after the other
  EntryRuns* in_memory_ = nullptr;
  std::size_t next_in_memory_ = 0;
  std::pmr::vector<std::byte> buffer_;
};

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_ENTRY_RUNS_H_

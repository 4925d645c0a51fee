// core/hnsw/bulk/parts.h
//
// Cutting more points than memory holds into parts of near ones: a file of records becomes a file
// for each part.  There are cells, around random leaders, and cells that share points are put
// together until they have as many points as a part is to have.  Parts that are too large all the
// same are cut again.

#ifndef VEC_CORE_HNSW_BULK_PARTS_H_
#define VEC_CORE_HNSW_BULK_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <vector>

#include "core/codes/format.h"
#include "core/hnsw/bulk/spill.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

/// What a record begins with; the code follows.  Whose code it is, is the caller's affair.
using RecordName = std::uint64_t;

/// A file of `count` records.
struct RecordFile {
  SpillFile* file;
  std::size_t count;
};

class Parts {
 public:
  struct Limits {
    std::size_t records;  // of a part
    std::size_t files;    // that may be there at a time, of one cut
    std::size_t bytes;    // for the records that are on their way, and as much for those sampled
  };
  /// What is to be done with a part: `count` records are to be read from the file.
  using Visit = std::function<void(SpillFile& file, std::size_t count)>;

  Parts(const codes::Format& format, Limits limits, Spill& spill, Rng& rng,
        const std::function<void()>& interrupt, std::pmr::memory_resource* memory)
      : format_(format),
        limits_(limits),
        spill_(spill),
        rng_(rng),
        interrupt_(interrupt),
        memory_(memory) {}

  /// Visits the parts; near parts one after the other.  Every record is in those of its `fanout`
  /// nearest cells, so fewer if these are of one part.  In each, records are in the order of the
  /// file.
  /// The file is removed, unless it is to be kept.
  void visit(RecordFile all, std::size_t fanout, bool keep, const Visit& visit);

  /// Whether visit() would cut a file of so many records.
  bool would_cut(std::size_t count) const { return count > limits_.records; }

 private:
  /// Codes of some records, of these the leaders of cells, and the parts that these make.
  struct Cells;

  void cut(RecordFile all, std::size_t fanout, bool keep, const Visit& visit);
  std::vector<std::vector<std::byte>> sample(RecordFile all, std::size_t count);
  Cells make_cells(RecordFile all, std::size_t fanout);
  void group(const std::vector<std::vector<std::uint32_t>>& members, std::size_t sampled,
             double full, Cells& cells);
  std::vector<RecordFile> distribute(RecordFile all, const Cells& cells, std::size_t fanout);
  std::size_t record_bytes() const { return sizeof(RecordName) + format_.code_bytes; }

  codes::Format format_;
  Limits limits_;
  Spill& spill_;
  Rng& rng_;
  const std::function<void()>& interrupt_;
  std::pmr::memory_resource* memory_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_PARTS_H_

// pg/hnsw/temp_files.h
//
// PostgreSQL's temporary files, as the build uses them (core/hnsw/bulk/spill.h).  They count
// towards temp_file_limit, go where temp_tablespaces says, and end with the transaction, also after
// an error or a crash.

#ifndef VEC_PG_HNSW_TEMP_FILES_H_
#define VEC_PG_HNSW_TEMP_FILES_H_

#include <memory>
#include <vector>

#include "core/hnsw/bulk/spill.h"
#include "pg/boundary.h"
#include "pg/pg.h"

namespace vec::pg::hnsw {

class TempFiles final : public vec::hnsw::bulk::Spill {
 public:
  /// context   lives as long as the files may
  explicit TempFiles(MemoryContext context);
  ~TempFiles() override;

  vec::hnsw::bulk::SpillFile* create() override;
  void remove(vec::hnsw::bulk::SpillFile* file) override;
  std::size_t file_bytes() const override { return BLCKSZ + 512; }

 private:
  class File;

  MemoryContext context_;
  std::vector<std::unique_ptr<File>> files_;
};

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_TEMP_FILES_H_

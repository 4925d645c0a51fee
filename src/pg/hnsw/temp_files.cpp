#include "pg/hnsw/temp_files.h"

namespace vec::pg::hnsw {

/// After an error PostgreSQL closes what is open: no destructor does.
class TempFiles::File final : public vec::hnsw::bulk::SpillFile {
 public:
  explicit File(BufFile* file) : file_(file) {}

  void append(std::span<const std::byte> bytes) override {
    pg_call([&] {
#if PG_VERSION_NUM >= 160000
      BufFileWrite(file_, bytes.data(), bytes.size());
#else
      BufFileWrite(file_, const_cast<std::byte*>(bytes.data()), bytes.size());
#endif
    });
  }

  void rewind() override {
    pg_call([this] {
      if (BufFileSeek(file_, 0, 0, SEEK_SET) != 0) {
        ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind temporary file: %m")));
      }
    });
  }

  void read(std::span<std::byte> out) override {
    pg_call([&] {
#if PG_VERSION_NUM >= 160000
      BufFileReadExact(file_, out.data(), out.size());
#else
      if (BufFileRead(file_, out.data(), out.size()) != out.size()) {
        ereport(ERROR,
                (errcode_for_file_access(), errmsg("could not read from temporary file: %m")));
      }
#endif
    });
  }

  void close() {
    pg_call([this] { BufFileClose(file_); });
  }

 private:
  BufFile* file_;
};

TempFiles::TempFiles(MemoryContext context) : context_(context) {}
TempFiles::~TempFiles() = default;

vec::hnsw::bulk::SpillFile* TempFiles::create() {
  files_.reserve(files_.size() + 1);
  BufFile* const file = pg_call([this] {
    const MemoryContext before = MemoryContextSwitchTo(context_);
    PrepareTempTablespaces();
    BufFile* const created = BufFileCreateTemp(false);
    MemoryContextSwitchTo(before);
    return created;
  });
  files_.push_back(std::make_unique<File>(file));
  return files_.back().get();
}

void TempFiles::remove(vec::hnsw::bulk::SpillFile* file) {
  const auto at = std::find_if(files_.begin(), files_.end(),
                               [&](const auto& own) { return own.get() == file; });
  (*at)->close();
  files_.erase(at);
}

}  // namespace vec::pg::hnsw

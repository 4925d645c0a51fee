// test/support/memory_spill.h
//
// Temporary files that are in memory, and fail when they are told to.

#ifndef VEC_TEST_SUPPORT_MEMORY_SPILL_H_
#define VEC_TEST_SUPPORT_MEMORY_SPILL_H_

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/hnsw/bulk/spill.h"

namespace vec::test {

class MemorySpill final : public hnsw::bulk::Spill {
 public:
  /// calls   that go well; the next one throws
  explicit MemorySpill(long calls = std::numeric_limits<long>::max()) : left_(calls) {}

  hnsw::bulk::SpillFile* create() override {
    count_call();
    files_.push_back(std::make_unique<File>(*this));
    ++created_;
    most_ = std::max(most_, files_.size());
    return files_.back().get();
  }
  void remove(hnsw::bulk::SpillFile* file) override {
    count_call();
    const auto at =
        std::ranges::find_if(files_, [&](const auto& own) { return own.get() == file; });
    if (at == files_.end()) throw Error(ErrorCode::kInternal, "no such file");
    files_.erase(at);
  }
  std::size_t file_bytes() const override { return 8192; }

  long calls() const { return calls_; }
  std::size_t files() const { return files_.size(); }
  std::size_t created() const { return created_; }
  std::size_t most() const { return most_; }

 private:
  class File final : public hnsw::bulk::SpillFile {
   public:
    explicit File(MemorySpill& spill) : spill_(spill) {}

    void append(std::span<const std::byte> bytes) override {
      spill_.count_call();
      if (reading_) throw Error(ErrorCode::kInternal, "the file is being read");
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    void rewind() override {
      spill_.count_call();
      reading_ = true;
      at_ = 0;
    }
    void read(std::span<std::byte> out) override {
      spill_.count_call();
      if (!reading_ || bytes_.size() - at_ < out.size()) {
        throw Error(ErrorCode::kInternal, "read past the end");
      }
      std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
      at_ += out.size();
    }

   private:
    MemorySpill& spill_;
    std::vector<std::byte> bytes_;
    std::size_t at_ = 0;
    bool reading_ = false;
  };

  void count_call() {
    ++calls_;
    if (left_-- == 0) throw Error(ErrorCode::kInternal, "the spill failed");
  }

  long left_;
  long calls_ = 0;
  std::size_t created_ = 0;
  std::size_t most_ = 0;
  std::vector<std::unique_ptr<File>> files_;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_MEMORY_SPILL_H_

// test/support/counting_memory.h

#ifndef VEC_TEST_SUPPORT_COUNTING_MEMORY_H_
#define VEC_TEST_SUPPORT_COUNTING_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <memory_resource>

namespace vec::test {

/// Memory that says how much of it was in use at the same time.
class Counting final : public std::pmr::memory_resource {
 public:
  std::size_t peak() const { return peak_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    used_ += bytes;
    peak_ = std::max(peak_, used_);
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    used_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::size_t used_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_COUNTING_MEMORY_H_

// core/visited_set.h
//
// The set of numbers a search has seen: open addressing with linear probing, no deletion.

#ifndef VEC_CORE_VISITED_SET_H_
#define VEC_CORE_VISITED_SET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace vec {

/// Holds any std::uint32_t but 0xFFFFFFFF.
class VisitedSet {
 public:
  /// expected   how many numbers it should hold without growing
  VisitedSet(std::size_t expected, std::pmr::memory_resource* memory)
      : slots_(capacity_for(expected), kEmpty, memory) {
    set_shift();
  }

  /// True if `number` was not there.
  bool insert(std::uint32_t number) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    const bool added = put(number);
    size_ += added ? 1 : 0;
    return added;
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;

  static std::size_t capacity_for(std::size_t expected) {
    std::size_t capacity = 256;
    while (capacity < expected * 2) capacity *= 2;
    return capacity;
  }

  void set_shift() {
    shift_ = 32;
    for (std::size_t capacity = slots_.size(); capacity > 1; capacity /= 2) --shift_;
  }

  bool put(std::uint32_t number) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (number * 2654435769U) >> shift_;  // Fibonacci hashing: high bits are mixed
    // One way out of the loop, taken at once as a rule: whether the number is new cannot be
    // foretold, and a branch on it would cost more than the rest.
    std::uint32_t there = slots_[at];
    while (there != kEmpty && there != number) {
      at = (at + 1) & mask;
      there = slots_[at];
    }
    slots_[at] = number;
    return there != number;
  }

  void grow() {
    std::pmr::vector<std::uint32_t> old(slots_.size() * 2, kEmpty, slots_.get_allocator());
    old.swap(slots_);
    set_shift();
    for (const std::uint32_t number : old) {
      if (number != kEmpty) put(number);
    }
  }

  std::pmr::vector<std::uint32_t> slots_;
  std::size_t size_ = 0;
  int shift_ = 0;
};

}  // namespace vec

#endif  // VEC_CORE_VISITED_SET_H_

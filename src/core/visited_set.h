// core/visited_set.h
//
// The set of numbers a search has seen.
//
// Small numbers have a byte each in an array that all sets of a thread share, and the byte says
// which set put it there last: a lookup is one access that nothing has to be foretold for, and a
// new set begins empty without a byte being cleared.  A set keeps a list of its numbers, too: when
// it is used again after another one was, it marks them anew.  Larger numbers are in a hash table.

#ifndef VEC_CORE_VISITED_SET_H_
#define VEC_CORE_VISITED_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace vec {

/// Holds any std::uint32_t but 0xFFFFFFFF.  For one thread.
class VisitedSet {
 public:
  /// Numbers below are marked.  Of more, the array would not stay in the cache.
  static constexpr std::uint32_t kMarked = std::uint32_t{1} << 21;

  /// expected   how many numbers it should hold without growing
  VisitedSet(std::size_t expected, std::pmr::memory_resource* memory);

  /// True if `number` was not there.
  bool insert(std::uint32_t number) {
    if (size_ == list_.size()) [[unlikely]]
      list_.resize(2 * size_);
    list_[size_] = number;
    const bool added = mark(number);
    size_ += added ? 1 : 0;
    return added;
  }

  /// Inserts all of `count` numbers.  Those that were not there are the first ones of `fresh`,
  /// which may be `numbers` itself and has room for as many; returns how many they are.
  std::size_t insert_all(const std::uint32_t* numbers, std::size_t count, std::uint32_t* fresh);

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return (list_.size() + slots_.size()) * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;

  /// Of a thread.
  struct Marks {
    std::vector<std::uint8_t> of_number;
    std::uint8_t now = 0;     // what the set that is in use marks with
    std::uint64_t user = 0;   // which one that is
    std::uint64_t given = 0;  // numbers given to sets
  };
  static Marks& marks_of_thread();

  bool mark(std::uint32_t number) {
    if (marks_.user != id_) [[unlikely]]
      take_over();
    if (number >= marks_.of_number.size()) [[unlikely]]
      return mark_far(number);
    std::uint8_t& mark = marks_.of_number[number];
    const bool added = mark != marks_.now;
    mark = marks_.now;
    return added;
  }
  void take_over();
  bool mark_far(std::uint32_t number);
  void make_room(std::uint32_t number);
  bool put(std::uint32_t number);
  void grow();

  Marks& marks_;
  std::uint64_t id_;
  std::pmr::vector<std::uint32_t> list_;  // the first size_ are the numbers
  std::size_t size_ = 0;
  std::pmr::vector<std::uint32_t> slots_;  // large numbers: open addressing, linear probing
  std::size_t large_ = 0;                  // how many
  int shift_ = 0;
};

}  // namespace vec

#endif  // VEC_CORE_VISITED_SET_H_

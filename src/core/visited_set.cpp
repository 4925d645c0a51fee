#include "core/visited_set.h"

#include <algorithm>
#include <bit>

namespace vec {

VisitedSet::Marks& VisitedSet::marks_of_thread() {
  static thread_local Marks marks;
  return marks;
}

VisitedSet::VisitedSet(std::size_t expected, std::pmr::memory_resource* memory)
    : marks_(marks_of_thread()),
      id_(++marks_.given),
      list_(std::max<std::size_t>(expected, 16), memory),
      slots_(memory) {}

void VisitedSet::take_over() {
  marks_.user = id_;
  if (++marks_.now == 0) {
    std::fill(marks_.of_number.begin(), marks_.of_number.end(), std::uint8_t{0});
    marks_.now = 1;
  }
  for (std::size_t i = 0; i < size_; ++i) {
    if (list_[i] < marks_.of_number.size()) marks_.of_number[list_[i]] = marks_.now;
  }
}

/// Of a number that is beyond the array as it is.
bool VisitedSet::mark_far(std::uint32_t number) {
  if (number >= kMarked) return put(number);
  make_room(number);
  marks_.of_number[number] = marks_.now;
  return true;
}

void VisitedSet::make_room(std::uint32_t number) {
  constexpr std::uint32_t kLeast = 4096;
  marks_.of_number.resize(std::max(kLeast, std::bit_ceil(number + 1)));
}

std::size_t VisitedSet::insert_all(const std::uint32_t* numbers, std::size_t count,
                                   std::uint32_t* fresh) {
  if (marks_.user != id_) take_over();
  if (size_ + count > list_.size()) list_.resize(2 * (size_ + count));
  // Bytes may be part of anything: what is not in a variable of its own would be read again after
  // each.  Whether a number is new cannot be foretold, so there is no branch on it.
  std::uint8_t* const marks = marks_.of_number.data();
  const std::size_t room = marks_.of_number.size();
  const std::uint8_t now = marks_.now;
  std::size_t added = 0;
  std::size_t i = 0;
  for (; i < count; ++i) {
    const std::uint32_t number = numbers[i];
    if (number >= room) [[unlikely]]
      break;
    fresh[added] = number;
    added += marks[number] != now ? 1U : 0U;
    marks[number] = now;
  }
  std::copy_n(fresh, added, list_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += added;
  for (; i < count; ++i) {
    const std::uint32_t number = numbers[i];
    if (insert(number)) fresh[added++] = number;
  }
  return added;
}

bool VisitedSet::put(std::uint32_t number) {
  if ((large_ + 1) * 2 > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = (number * 2654435769U) >> shift_;  // Fibonacci hashing: high bits are mixed
  while (slots_[at] != kEmpty && slots_[at] != number) at = (at + 1) & mask;
  const bool added = slots_[at] == kEmpty;
  slots_[at] = number;
  large_ += added ? 1 : 0;
  return added;
}

void VisitedSet::grow() {
  constexpr std::size_t kLeast = 256;
  std::pmr::vector<std::uint32_t> old(std::max(kLeast, slots_.size() * 2), kEmpty,
                                      slots_.get_allocator());
  old.swap(slots_);
  shift_ = 32 - std::countr_zero(slots_.size());
  large_ = 0;
  for (const std::uint32_t number : old) {
    if (number != kEmpty) put(number);
  }
}

}  // namespace vec

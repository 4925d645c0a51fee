// core/differences.h
//
// Where two pieces of memory differ: what a log record of a changed page has to hold.

#ifndef VEC_CORE_DIFFERENCES_H_
#define VEC_CORE_DIFFERENCES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vec {

/// The first place in [at, to) where `a` and `b` differ; `to` if there is none.
inline std::size_t next_difference(const char* a, const char* b, std::size_t at, std::size_t to) {
  constexpr std::size_t kBlock = 256;  // memcmp is fast, but does not say where
  while (to - at >= kBlock && std::memcmp(a + at, b + at, kBlock) == 0) at += kBlock;
  for (; to - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word_a;
    std::uint64_t word_b;
    std::memcpy(&word_a, a + at, sizeof word_a);
    std::memcpy(&word_b, b + at, sizeof word_b);
    const std::uint64_t differing = word_a ^ word_b;
    if (differing == 0) continue;
    const int bit = std::endian::native == std::endian::little ? std::countr_zero(differing)
                                                               : std::countl_zero(differing);
    return at + static_cast<std::size_t>(bit) / 8;
  }
  while (at < to && a[at] == b[at]) ++at;
  return at;
}

/// Calls each(begin, end), ascending, for runs within [from, to) that hold every place where `a`
/// and `b` differ.  A run begins and ends with such a place; between two runs there are at least
/// `gap` bytes that do not differ.
/// gap   at least 1
template <class Each>
void for_each_difference(const char* a, const char* b, std::size_t from, std::size_t to,
                         std::size_t gap, Each each) {
  std::size_t begin = next_difference(a, b, from, to);
  while (begin < to) {
    std::size_t end = begin;
    std::size_t next = begin;
    while (next < to && next - end < gap) {
      for (end = next + 1; end < to && a[end] != b[end];) ++end;
      next = next_difference(a, b, end, to);
    }
    each(begin, end);
    begin = next;
  }
}

}  // namespace vec

#endif  // VEC_CORE_DIFFERENCES_H_

// core/ivf/entries.h
//
// Entries on their pages.  A page is filled from both ends, without holes: the heads of its entries
// (header, and the code but for its tail) from the start, their tails (codes::tail_bytes) from the
// end.  So a scan that needs the heads alone reads consecutive memory.
//
//   begin                       lower            upper                   end
//   | head 0 | head 1 | head 2 |                | tail 2 | tail 1 | tail 0 |
//
// Codes without tails, and rows without a code, are heads alone.

#ifndef VEC_CORE_IVF_ENTRIES_H_
#define VEC_CORE_IVF_ENTRIES_H_

#include <cstddef>
#include <cstring>
#include <span>

#include "core/codes/format.h"
#include "core/codes/value.h"
#include "core/ivf/layout.h"

namespace vec::ivf {

/// Where a page has entries, or room for them: [lower, upper) is free.
struct Extent {
  std::size_t begin;
  std::size_t lower;
  std::size_t upper;
  std::size_t end;
};

/// A row of a list, whose code is in two places.
struct Entry {
  EntryHeader header;
  const std::byte* head;  // of the code
  const std::byte* tail;
};

/// An entry of a code that is in one piece; an empty one for a row that has none.
inline Entry whole_entry(const codes::Format& format, RowId row, std::span<const std::byte> code) {
  const std::size_t tail = code.empty() ? 0 : codes::tail_bytes(format);
  return {{row, static_cast<std::uint16_t>(code.size())},
          code.data(),
          code.data() + (code.size() - tail)};
}

/// What an entry takes of a page.
struct EntrySize {
  std::size_t head;  // header included
  std::size_t tail;
  std::size_t all() const { return head + tail; }
};

/// code_bytes   of a code of the format, or 0
inline EntrySize entry_size(const codes::Format& format, std::size_t code_bytes) {
  const std::size_t tail = code_bytes == 0 ? 0 : codes::tail_bytes(format);
  return {sizeof(EntryHeader) + (code_bytes - tail + 3) / 4 * 4, tail};
}

inline bool has_room(const Extent& extent, EntrySize size) {
  return extent.lower + size.all() <= extent.upper;
}

/// Adds an entry, for which there must be room.  What it is made of is not on that page.
inline void put_entry(const codes::Format& format, std::byte* page, Extent& extent,
                      const Entry& entry) {
  const EntrySize size = entry_size(format, entry.header.bytes);
  const std::size_t code = entry.header.bytes == 0 ? 0 : entry.header.bytes - size.tail;
  const std::size_t used = sizeof entry.header + code;
  std::byte* to = page + extent.lower;
  std::memcpy(to, &entry.header, sizeof entry.header);
  if (code > 0) std::memcpy(to + sizeof entry.header, entry.head, code);
  std::memset(to + used, 0, size.head - used);
  extent.lower += size.head;
  extent.upper -= size.tail;
  if (size.tail > 0) std::memcpy(page + extent.upper, entry.tail, size.tail);
}

/// Calls each(entry) for the entries of a page, in order.  False if the bytes are not entries of
/// the format, which is found out before `each` sees the damaged one.
template <class Each>
bool for_each_entry(const codes::Format& format, const std::byte* page, const Extent& extent,
                    Each each) {
  std::size_t at = extent.begin;
  std::size_t tail = extent.end;
  const std::size_t least_bytes = codes::tail_bytes(format);
  while (at + sizeof(EntryHeader) <= extent.lower) {
    Entry entry{};
    std::memcpy(&entry.header, page + at, sizeof entry.header);
    const std::size_t bytes = entry.header.bytes;
    if (!entry.header.row.valid()) return false;
    if (bytes != 0 && bytes < least_bytes) return false;
    const EntrySize size = entry_size(format, bytes);
    if (at + size.head > extent.lower || tail < extent.upper + size.tail) return false;
    entry.head = page + at + sizeof entry.header;
    entry.tail = page + (tail -= size.tail);
    if (bytes != 0 && !codes::valid_code(format, entry.head, bytes)) return false;
    at += size.head;
    each(entry);
  }
  return at == extent.lower && tail == extent.upper;
}

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_ENTRIES_H_

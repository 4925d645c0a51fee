// core/ivf/layout.h
//
// Bytes of an index of lists, and where things are.
//
//   block 0            meta page
//   blocks 1..         directory: for every list a slot with its first page and its center
//   all other blocks   entries of one list each, chained through PageTrailer::next
//
// How entries lie on their pages is in entries.h.  The keeper of a page knows what of it they take
// (PostgreSQL's pd_lower and pd_upper).
//
// An exact index (access method flat) is one list without a center.

#ifndef VEC_CORE_IVF_LAYOUT_H_
#define VEC_CORE_IVF_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "core/codes/format.h"
#include "core/row_id.h"

namespace vec::ivf {

using BlockNo = std::uint32_t;
inline constexpr BlockNo kNoBlock = 0xFFFFFFFF;

using ListNo = std::uint32_t;

/// On disk: never renumber.
enum class PageKind : std::uint16_t { kMeta = 1, kLists = 2, kEntries = 3 };

/// Which access method an index belongs to.  On disk: never renumber.
enum class Method : std::uint8_t { kIvfflat = 1, kFlat = 2 };

/// At the very end of every page.  pgvector's pages end in 0xFF84 there.
struct PageTrailer {
  BlockNo next;  // kEntries: the list's next page, or kNoBlock
  ListNo list;   // kEntries: the list whose entries these are
  PageKind kind;
  std::uint16_t reserved;
  std::uint16_t format_version;
  std::uint16_t page_id;
};
static_assert(sizeof(PageTrailer) == 16);
inline constexpr std::uint16_t kPageId = 0xFE49;
inline constexpr std::uint16_t kFormatVersion = 1;

/// Contents of block 0.
struct MetaPage {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t dims;
  std::uint32_t lists;
  codes::Element element;
  codes::Metric metric;
  codes::CodeKind code_kind;
  Method method;
};
static_assert(sizeof(MetaPage) == 20);
inline constexpr std::uint32_t kMetaMagic = 0x31465649;

/// A list in the directory.  Then its center: center_format().code_bytes.
struct ListSlot {
  BlockNo first;   // kNoBlock while the list never had an entry
  BlockNo insert;  // a page of the list from which on there may be room; kNoBlock as `first`
};
static_assert(sizeof(ListSlot) == 8);

/// A row in a list.  Then its code.
struct EntryHeader {
  RowId row;
  std::uint16_t bytes;  // of the code; 0 for a row that has a place at the end only (flat: NULL)
};
static_assert(sizeof(EntryHeader) == 8);

inline constexpr int kMinLists = 1;
inline constexpr int kMaxLists = 32768;

/// How the centers of an index with that format of codes are kept: as values.  They are compared by
/// the metric's distance, but for the cosine by the inner product: their length is 1, and that of
/// the query does not change which is nearest.
codes::Format center_format(const codes::Format& format) noexcept;

/// How centers are coded where one only wants to know which cannot be near: a byte a dimension.
/// False if that would not be shorter.
bool coarse_center_format(const codes::Format& format, codes::Format* out) noexcept;

/// Sizes and places for one index.
class Layout {
 public:
  Layout() = default;
  /// center_bytes   of a center; 0 for an exact index
  /// page_bytes     of a page
  /// header_bytes   taken at the start of each page by its keeper
  Layout(std::uint32_t lists, std::size_t center_bytes, std::size_t page_bytes,
         std::size_t header_bytes);

  struct Place {
    BlockNo block;
    std::uint32_t offset;  // from the start of the page
  };
  Place list_slot(ListNo list) const {
    return {1 + list / slots_per_page_,
            static_cast<std::uint32_t>(begin_ + list % slots_per_page_ * slot_bytes_)};
  }
  std::uint32_t lists() const { return lists_; }
  std::uint32_t slots_per_page() const { return slots_per_page_; }
  std::size_t slot_bytes() const { return slot_bytes_; }
  /// Blocks of the meta page and the directory; entries come after them.
  BlockNo head_blocks() const { return 1 + (lists_ + slots_per_page_ - 1) / slots_per_page_; }

  /// Where the contents of every page begin and may end.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  /// Most entries a page can have.
  std::size_t max_entries() const { return (end_ - begin_) / sizeof(EntryHeader); }

 private:
  std::uint32_t lists_ = 1;
  std::uint32_t slots_per_page_ = 1;
  std::size_t slot_bytes_ = sizeof(ListSlot);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_LAYOUT_H_

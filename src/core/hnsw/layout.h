// core/hnsw/layout.h
//
// Bytes on disk, and where they are.
//
// Block 0 is the meta page.  Behind it four sequences of pages are interleaved: links, codes,
// upper-layer links, and items (variable-length codes; sparse vectors only).  Page j of sequence s
// is first needed when j * weight(s) nodes exist; pages stand in the order in which they are first
// needed.  So the place of a node's link list and code follows from its number alone, a small
// index is small, and no page is wasted.  If a sequence runs ahead of its weight (more upper
// layers or longer items than expected), the index grows past pages of the others that are not
// yet needed; they are used later.

#ifndef VEC_CORE_HNSW_LAYOUT_H_
#define VEC_CORE_HNSW_LAYOUT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/codes/format.h"
#include "core/hnsw/graph.h"

namespace vec::hnsw {

using BlockNo = std::uint32_t;

/// On disk: never renumber.
enum class PageKind : std::uint16_t { kMeta = 1, kLinks = 2, kCodes = 3, kUpper = 4, kItems = 5 };

/// At the very end of every page.  pgvector's pages end in 0xFF90 there.
struct PageTrailer {
  PageKind kind;
  std::uint16_t reserved;
  std::uint16_t format_version;
  std::uint16_t page_id;
};
static_assert(sizeof(PageTrailer) == 8);
inline constexpr std::uint16_t kPageId = 0xFE48;
inline constexpr std::uint16_t kFormatVersion = 1;

/// Contents of block 0.
struct MetaPage {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t dims;
  std::uint16_t m;
  std::uint16_t ef_construction;
  codes::Element element;
  codes::Metric metric;
  codes::CodeKind code_kind;
  std::uint8_t reserved;
  std::uint32_t item_weight;  // nodes a page of items is expected to serve
  NodeId entry_node;          // kNoNode if the index is empty
  std::int32_t entry_level;
  NodeId node_count;               // nodes ever numbered
  NodeId first_free;               // list through LinkSlot::upper, or kNoNode
  std::uint32_t upper_count;       // upper slots ever numbered
  std::uint32_t first_free_upper;  // list through UpperSlot::next, or kNoUpper
  std::uint32_t item_pages;        // pages of items ever used
  std::uint32_t item_page;         // where the next item is tried first
  std::uint32_t free_count;        // nodes in the free list
};
inline constexpr std::uint32_t kMetaMagic = 0x31574E48;
inline constexpr std::uint32_t kNoUpper = 0xFFFFFFFF;

/// A node's rows and its links on layer 0.  Then Link[2m].
struct LinkSlot {
  NodeState state;
  std::uint8_t level;
  std::uint16_t generation;
  std::uint32_t
      upper;  // its slot on layer 1, kNoUpper on level 0; in a free slot the next free one
  std::array<RowId, kMaxRows> rows;  // the valid ones first
};
static_assert(sizeof(LinkSlot) == 68);

/// A node's links on one layer above 0.  Then Link[m].
struct UpperSlot {
  NodeId owner;        // kNoNode in a free slot
  std::uint32_t next;  // its slot on the next layer, or kNoUpper; in a free slot the next free one
};
static_assert(sizeof(UpperSlot) == 8);

/// A node's code.  Then the code as slots have it (codes/slots.h); for sparse vectors an ItemPlace
/// instead.
struct CodeSlot {
  NodeState state;  // as in the LinkSlot
  std::uint8_t reserved;
  std::uint16_t generation;  // as in the LinkSlot
};
static_assert(sizeof(CodeSlot) == 4);

/// Where a variable-length code is.
struct ItemPlace {
  std::uint32_t page;  // of the sequence of items
  std::uint16_t cell;
  std::uint16_t bytes;
};
static_assert(sizeof(ItemPlace) == 8);

/// Pages of items are divided into cells; an item takes as many as it needs, side by side.  One
/// byte a cell at the start of the page says whether it is taken.
inline constexpr std::size_t kCellBytes = 96;
constexpr std::size_t cells_of(std::size_t bytes) {
  return bytes == 0 ? 1 : (bytes + kCellBytes - 1) / kCellBytes;
}

/// Division by a number fixed beforehand, exact for every 32-bit dividend (Granlund & Montgomery,
/// "Division by invariant integers using multiplication", PLDI 1994).
class Divider {
 public:
  Divider() = default;
  explicit Divider(std::uint32_t divisor)
      : divisor_(divisor), magic_(~std::uint64_t{0} / divisor + 1) {}

  std::uint32_t operator()(std::uint32_t dividend) const {
    if (divisor_ == 1) return dividend;
    return static_cast<std::uint32_t>((static_cast<unsigned __int128>(magic_) * dividend) >> 64);
  }
  std::uint32_t divisor() const { return divisor_; }

 private:
  std::uint32_t divisor_ = 1;
  std::uint64_t magic_ = 0;
};

/// A slot's place.
struct Place {
  BlockNo block;
  std::uint32_t offset;  // from the start of the page
};

/// Sizes and places for one index.
class Layout {
 public:
  Layout() = default;
  /// page_bytes     of a page
  /// header_bytes   taken at the start of each page by its keeper
  Layout(const codes::Format& format, int m, std::uint32_t item_weight, std::size_t page_bytes,
         std::size_t header_bytes);

  std::size_t link_slot_bytes() const {
    return sizeof(LinkSlot) + 8 * static_cast<std::size_t>(m_);
  }
  std::size_t upper_slot_bytes() const {
    return sizeof(UpperSlot) + 4 * static_cast<std::size_t>(m_);
  }
  std::size_t code_slot_bytes() const { return code_slot_bytes_; }
  std::uint32_t links_per_page() const { return links_.divisor(); }
  std::uint32_t codes_per_page() const { return codes_.divisor(); }
  std::uint32_t uppers_per_page() const { return uppers_.divisor(); }
  std::uint32_t cells_per_page() const { return cells_per_page_; }
  std::uint32_t item_weight() const { return weights_[3].divisor(); }
  bool has_items() const { return has_items_; }

  Place link_slot(NodeId node) const { return slot(0, links_, node, link_slot_bytes()); }
  Place code_slot(NodeId node) const { return slot(1, codes_, node, code_slot_bytes_); }
  Place upper_slot(std::uint32_t upper) const {
    return slot(2, uppers_, upper, upper_slot_bytes());
  }
  BlockNo items_block(std::uint32_t page) const { return block(kItemSequence, page); }
  std::size_t cell_offset(std::uint32_t cell) const { return cells_start_ + cell * kCellBytes; }

  BlockNo block_of(PageKind kind, std::uint32_t page) const {
    return block(static_cast<int>(kind) - static_cast<int>(PageKind::kLinks), page);
  }

  /// What the page of a block is, and which of its sequence.  The inverse of block_of.
  struct PageName {
    PageKind kind;
    std::uint32_t page;
  };
  PageName name(BlockNo block) const;

  std::size_t header_bytes() const { return header_bytes_; }
  /// Bytes of a page that are in use by its kind, header included.
  std::size_t used_bytes(PageKind kind) const;

 private:
  Place slot(int sequence, const Divider& per_page, std::uint32_t number, std::size_t bytes) const {
    const std::uint32_t page = per_page(number);
    return {
        block(sequence, page),
        static_cast<std::uint32_t>(header_bytes_ + (number - page * per_page.divisor()) * bytes)};
  }
  /// Searches ask for hundreds of these: what the sequence is is known where this is inlined.
  BlockNo block(int sequence, std::uint32_t page) const {
    // The node from which on the page is needed.
    const std::uint32_t node = page * weights_[static_cast<std::size_t>(sequence)].divisor();
    BlockNo before = 1 + page;
    for (int other = 0; other < 4; ++other) {
      if (other == sequence || (other == kItemSequence && !has_items_)) continue;
      const Divider& weight = weights_[static_cast<std::size_t>(other)];
      // Pages of the other sequence needed earlier, or at the same node if it comes first.
      if (other < sequence) {
        before += weight(node) + 1;
      } else if (node > 0) {
        before += weight(node - 1) + 1;
      }
    }
    return before;
  }

  static constexpr int kItemSequence = 3;
  int m_ = 0;
  std::size_t header_bytes_ = 0;
  std::size_t code_slot_bytes_ = 0;
  std::size_t cells_start_ = 0;
  std::uint32_t cells_per_page_ = 0;
  bool has_items_ = false;
  Divider links_;
  Divider codes_;
  Divider uppers_;
  /// Nodes that a page of each sequence serves.
  std::array<Divider, 4> weights_;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_LAYOUT_H_

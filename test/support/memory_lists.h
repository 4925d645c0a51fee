// test/support/memory_lists.h
//
// The Store of core/ivf/store.h in memory, with small pages, and able to fail on its n-th call.

#ifndef VEC_TEST_SUPPORT_MEMORY_LISTS_H_
#define VEC_TEST_SUPPORT_MEMORY_LISTS_H_

#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/ivf/entries.h"
#include "core/ivf/store.h"

namespace vec::test {

class MemoryLists {
 public:
  /// centers   of the lists, side by side; empty for an exact index
  MemoryLists(const codes::Format& format, std::span<const std::byte> centers,
              std::size_t page_bytes = 4096)
      : format_(format),
        center_bytes_(centers.empty() ? 0 : ivf::center_format(format).code_bytes),
        centers_(centers.begin(), centers.end()),
        layout_(lists_of(centers.size()), 0, page_bytes, kHeader),
        lists_(layout_.lists(), {ivf::kNoBlock, ivf::kNoBlock}) {}

  /// The n-th call from now on throws.
  void fail_after(int calls) { left_ = calls; }

  const codes::Format& format() const { return format_; }
  std::uint32_t lists() const { return layout_.lists(); }
  std::size_t page_entries() const { return layout_.max_entries(); }
  std::size_t page_count() const { return pages_.size(); }

  void score_lists(const codes::Query& query, std::span<const ivf::ListNo> lists, float* out) {
    step();
    for (std::size_t i = 0; i < lists.size(); ++i) {
      out[i] = 0;
      if (center_bytes_ == 0) continue;
      const std::byte* at = center(lists[i]);
      codes::Scored scored{};
      query.score(&at, 1, &scored);
      out[i] = scored.distance;
    }
  }

  bool bound_lists(const codes::Value& value, double* out) {
    step();
    codes::Format coarse;
    if (center_bytes_ == 0 || !ivf::coarse_center_format(format_, &coarse)) return false;
    const codes::Query query(coarse, value);
    std::vector<float> scratch, more_scratch;
    std::vector<std::byte> code(coarse.code_bytes);
    for (ivf::ListNo list = 0; list < lists_.size(); ++list) {
      codes::encode(coarse, codes::decode(ivf::center_format(format_), center(list), scratch),
                    more_scratch, code.data());
      const std::byte* at = code.data();
      codes::Scored scored{};
      query.score(&at, 1, &scored);
      out[list] = query.lower_bound(scored);
      if (std::isnan(out[list])) out[list] = -std::numeric_limits<double>::infinity();
    }
    return true;
  }

  ivf::Cursor open(ivf::ListNo list) { return step(), ivf::Cursor{list, lists_[list].first, 0}; }

  bool read(ivf::Cursor& cursor, const codes::Query* query, double limit, ivf::PageEntries& out) {
    step();
    if (cursor.next == ivf::kNoBlock) return false;
    const Page& page = pages_[cursor.next];
    out.count = 0;
    const bool sound =
        ivf::for_each_entry(format_, page.bytes.data(), page.extent, [&](const ivf::Entry& entry) {
          double bound = query == nullptr ? 0 : std::numeric_limits<double>::quiet_NaN();
          if (entry.header.bytes != 0 && query != nullptr &&
              !is_near(*query, entry, limit, bound)) {
            return;
          }
          out.rows[out.count] = entry.header.row;
          out.bounds[out.count++] = bound;
        });
    if (!sound) throw Error(ErrorCode::kIndexCorrupted, "damaged");
    cursor.next = page.next;
    return true;
  }

  void check_interrupts() { step(); }

  void append(ivf::ListNo list, std::span<const std::byte> code, RowId row) {
    step();
    const ivf::EntrySize size = ivf::entry_size(format_, code.size());
    ivf::ListSlot& slot = lists_[list];
    if (slot.first == ivf::kNoBlock) slot.first = slot.insert = new_page();
    while (!ivf::has_room(pages_[slot.insert].extent, size)) {
      if (pages_[slot.insert].next == ivf::kNoBlock) {
        const ivf::BlockNo added = new_page();
        pages_[slot.insert].next = added;
      }
      slot.insert = pages_[slot.insert].next;
    }
    Page& page = pages_[slot.insert];
    ivf::put_entry(format_, page.bytes.data(), page.extent, ivf::whole_entry(format_, row, code));
  }

  template <class IsDead>
  ivf::Swept sweep(ivf::ListNo list, IsDead is_dead) {
    ivf::Swept swept;
    bool room = false;
    for (ivf::BlockNo block = lists_[list].first; block != ivf::kNoBlock;
         block = pages_[block].next) {
      step();
      Page& page = pages_[block];
      const std::vector<std::byte> before = page.bytes;
      ivf::Extent extent = empty();
      ivf::for_each_entry(format_, before.data(), page.extent, [&](const ivf::Entry& entry) {
        const bool dead = is_dead(entry.header.row);
        ++(dead ? swept.removed : swept.left);
        if (!dead) ivf::put_entry(format_, page.bytes.data(), extent, entry);
      });
      if (extent.lower < page.extent.lower && !room) {
        room = true;
        lists_[list].insert = block;
      }
      page.extent = extent;
    }
    return swept;
  }

 private:
  const std::byte* center(ivf::ListNo list) const { return centers_.data() + list * center_bytes_; }
  static constexpr std::size_t kHeader = 24;

  struct Page {
    std::vector<std::byte> bytes;
    ivf::Extent extent;
    ivf::BlockNo next = ivf::kNoBlock;
  };

  std::uint32_t lists_of(std::size_t center_room) const {
    return center_bytes_ == 0 ? 1 : static_cast<std::uint32_t>(center_room / center_bytes_);
  }

  ivf::Extent empty() const {
    return {layout_.begin(), layout_.begin(), layout_.end(), layout_.end()};
  }

  static bool is_near(const codes::Query& query, const ivf::Entry& entry, double limit,
                      double& bound) {
    std::uint32_t place = 0;
    if (query.format().kind != codes::CodeKind::kSplit) {
      return query.near(&entry.head, 1, limit, &place, &bound) == 1;
    }
    return query.may_be_near(&entry.head, 1, limit, &place) == 1 &&
           query.near(&entry.head, &entry.tail, 1, limit, &place, &bound) == 1;
  }

  void step() {
    if (left_ >= 0 && left_-- == 0) throw Error(ErrorCode::kInternal, "the store failed");
  }

  ivf::BlockNo new_page() {
    pages_.push_back({std::vector<std::byte>(layout_.end()), empty()});
    return static_cast<ivf::BlockNo>(pages_.size() - 1);
  }

  codes::Format format_;
  std::size_t center_bytes_;
  std::vector<std::byte> centers_;
  ivf::Layout layout_;
  std::vector<ivf::ListSlot> lists_{};
  std::vector<Page> pages_;
  int left_ = -1;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_MEMORY_LISTS_H_

#include "pg/wal.h"

#include "core/differences.h"
#include "pg/index/values.h"

namespace vec::pg {

namespace {

// A difference in a record: where it is in the page, how long it is, and the bytes.  Those that are
// less than a header apart are one, so they need as much room as the page, and a few headers: one
// for each stretch of the page that is looked at.
constexpr std::size_t kDifferenceHeader = 2 * sizeof(OffsetNumber);
constexpr std::size_t kDeltaRoom = BLCKSZ + 8 * kDifferenceHeader;

// Of the change that is being made.
alignas(64) char images[PageChange::kMaxPages][BLCKSZ];
char deltas[PageChange::kMaxPages][kDeltaRoom];

/// What a page has in use: [0, lower) and [upper, BLCKSZ).  Between them it has zeros, or what a
/// record need not preserve.
struct Used {
  std::size_t lower;
  std::size_t upper;
};

Used used_of(const char* page) {
  const auto* header = reinterpret_cast<const PageHeaderData*>(page);
  return {header->pd_lower, header->pd_upper};
}

bool is_sound(Used used) {
  return used.lower >= SizeOfPageHeaderData && used.lower <= used.upper && used.upper <= BLCKSZ;
}

}  // namespace

char* PageChange::take(Buffer buffer, bool whole) {
  char* page = static_cast<char*>(BufferGetPage(buffer));
  for (int i = 0; i < count_; ++i) {
    if (changed_[i].buffer == buffer) return in_place_ ? page : images[i];
  }
  Assert(count_ < kMaxPages);
  changed_[count_] = {buffer, whole, 0};
  char* image = images[count_++];
  if (in_place_) return page;
  // What is between is not looked at, unless the page is damaged, which commit() finds out.
  const Used used = used_of(page);
  if (is_sound(used)) {
    std::memcpy(image, page, used.lower);
    std::memcpy(image + used.upper, page + used.upper, BLCKSZ - used.upper);
  } else {
    std::memcpy(image, page, BLCKSZ);
  }
  return image;
}

/// Replay sets what is not in use to zeros; so what was not in use before is not compared but
/// logged.
void PageChange::find_differences(int i) {
  const char* before = static_cast<const char*>(BufferGetPage(changed_[i].buffer));
  const char* after = images[i];
  const Used old_used = used_of(before);
  const Used used = used_of(after);
  std::size_t size = 0;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    const auto offset = static_cast<OffsetNumber>(begin);
    const auto length = static_cast<OffsetNumber>(end - begin);
    char* to = deltas[i] + size;
    std::memcpy(to, &offset, sizeof offset);
    std::memcpy(to + sizeof offset, &length, sizeof length);
    std::memcpy(to + kDifferenceHeader, after + begin, length);
    size += kDifferenceHeader + length;
  };
  const auto compare = [&](std::size_t begin, std::size_t end) {
    if (begin < end) for_each_difference(before, after, begin, end, kDifferenceHeader, add);
  };
  compare(0, std::min(used.lower, old_used.lower));
  add(old_used.lower, used.lower);
  add(used.upper, old_used.upper);
  compare(std::max(used.upper, old_used.upper), BLCKSZ);
  changed_[i].delta_size = size;
}

/// Does to the page what replay will do.
void PageChange::apply(int i) const {
  char* page = static_cast<char*>(BufferGetPage(changed_[i].buffer));
  const Used used = used_of(images[i]);
  const Used old_used = used_of(page);
  if (changed_[i].whole) {
    std::memcpy(page, images[i], used.lower);
    std::memcpy(page + used.upper, images[i] + used.upper, BLCKSZ - used.upper);
  } else {
    for (std::size_t at = 0; at < changed_[i].delta_size;) {
      OffsetNumber offset;
      OffsetNumber length;
      std::memcpy(&offset, deltas[i] + at, sizeof offset);
      std::memcpy(&length, deltas[i] + at + sizeof offset, sizeof length);
      std::memcpy(page + offset, deltas[i] + at + kDifferenceHeader, length);
      at += kDifferenceHeader + length;
    }
  }
  const auto clear = [page](std::size_t begin, std::size_t end) {
    if (begin < end) std::memset(page + begin, 0, end - begin);
  };
  if (changed_[i].whole) return clear(used.lower, used.upper);
  // What was not in use has zeros.
  clear(used.lower, std::min(old_used.lower, used.upper));
  clear(std::max(old_used.upper, used.lower), used.upper);
}

void PageChange::commit() {
  if (in_place_) {
    for (int i = 0; i < count_; ++i) MarkBufferDirty(changed_[i].buffer);
    return;
  }
  for (int i = 0; i < count_; ++i) {
    const char* before = static_cast<const char*>(BufferGetPage(changed_[i].buffer));
    // Replay would write out of bounds.
    if (!is_sound(used_of(images[i])) || (!changed_[i].whole && !is_sound(used_of(before)))) {
      raise_corrupted(index_, BufferGetBlockNumber(changed_[i].buffer), "page header");
    }
    if (!changed_[i].whole) find_differences(i);
  }
  const bool logged = RelationNeedsWAL(index_);
  if (logged) XLogBeginInsert();
  START_CRIT_SECTION();
  for (int i = 0; i < count_; ++i) {
    const Changed& changed = changed_[i];
    apply(i);
    MarkBufferDirty(changed.buffer);
    if (!logged) continue;
    const auto id = static_cast<uint8>(i);
    XLogRegisterBuffer(id, changed.buffer,
                       REGBUF_STANDARD | (changed.whole ? REGBUF_FORCE_IMAGE : 0));
    if (!changed.whole) {
      XLogRegisterBufData(id, deltas[i], static_cast<uint32>(changed.delta_size));
    }
  }
  if (logged) {
    const XLogRecPtr end = XLogInsert(RM_GENERIC_ID, 0);
    for (int i = 0; i < count_; ++i) {
      PageSetLSN(static_cast<Page>(BufferGetPage(changed_[i].buffer)), end);
    }
  }
  END_CRIT_SECTION();
}

}  // namespace vec::pg

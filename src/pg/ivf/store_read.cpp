// pg/ivf/store_read.cpp
//
// Reading the lists: see store.h.

#include <algorithm>
#include <limits>

#include "pg/ivf/coarse_centers.h"
#include "pg/ivf/kept.h"
#include "pg/ivf/store.h"

namespace vec::pg::ivf {

namespace {

using vec::ivf::Entry;

void score_lists_unguarded(Pages& pages, const codes::Query& query, const ListNo* lists,
                           std::size_t count, float* out) {
  constexpr std::size_t kBatch = 64;
  const Layout& layout = pages.shape.layout;
  const std::byte* centers[kBatch];
  codes::Scored scored[kBatch];
  const auto block_of = [&](std::size_t i) { return layout.list_slot(lists[i]).block; };
  for (std::size_t first = 0; first < count;) {
    CHECK_FOR_INTERRUPTS();
    const BlockNo block = block_of(first);
    std::size_t end = first + 1;
    while (end < count && end - first < kBatch && block_of(end) == block) ++end;
    if (end < count) prefetch_page(pages.remembered, block_of(end));
    const Held held = hold(pages, block, PageKind::kLists, BUFFER_LOCK_SHARE);
    for (std::size_t i = first; i < end; ++i) {
      centers[i - first] = reinterpret_cast<const std::byte*>(held.page) +
                           layout.list_slot(lists[i]).offset + sizeof(ListSlot);
    }
    query.score(centers, end - first, scored);
    release(held);
    for (std::size_t i = first; i < end; ++i) out[i] = scored[i - first].distance;
    first = end;
  }
}

/// What a page is read in: some entries at once, while as much of the page that comes next is on
/// its way into the cache.  All of it at once would be more than the processor can ask for without
/// waiting.  Tails are asked for where heads leave the entry in question, and read at the end.
class Part {
 public:
  /// next   address of the next page, or null
  Part(const Shape& shape, const codes::Query* query, double limit, const char* next,
       PageEntries& out)
      : query_(query),
        limit_(limit),
        next_(next),
        out_(out),
        tail_bytes_(codes::tail_bytes(shape.format)) {
    constexpr std::size_t kBytes = 2048;
    const std::size_t head_bytes = shape.format.code_bytes - tail_bytes_;
    size_ = std::clamp<std::size_t>(kBytes / (head_bytes + 1) / 4 * 4, 4, kMost);
    out.count = 0;
    // Its trailer, which lies far from what is read first.
    if (next_ != nullptr) __builtin_prefetch(next_ + BLCKSZ - sizeof(PageTrailer), 0, 2);
  }

  /// at   where on the page the code is
  void add(const Entry& entry, std::size_t at) {
    if (query_ == nullptr) return put(entry.header.row, 0);
    if (entry.header.bytes == 0) {
      return put(entry.header.row, std::numeric_limits<double>::quiet_NaN());
    }
    some_.add(entry);
    if (some_.count == size_) flush(at);
  }

  /// No more is on the page, whose heads end there.
  void finish(std::size_t end) {
    flush(end);
    flush_in_question();
  }

 private:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kLine = 64;

  struct Some {
    std::size_t count = 0;
    RowId rows[kMost];
    const std::byte* heads[kMost];
    const std::byte* tails[kMost];

    void add(const Entry& entry) {
      rows[count] = entry.header.row;
      heads[count] = entry.head;
      tails[count++] = entry.tail;
    }
  };

  void flush(std::size_t end) {
    prefetch_up_to(end);
    if (some_.count == 0) return;
    std::uint32_t places[kMost];
    if (tail_bytes_ == 0) {
      double bounds[kMost];
      const std::size_t found = query_->near(some_.heads, some_.count, limit_, places, bounds);
      for (std::size_t i = 0; i < found; ++i) put(some_.rows[places[i]], bounds[i]);
    } else {
      const std::size_t found = query_->may_be_near(some_.heads, some_.count, limit_, places);
      for (std::size_t i = 0; i < found; ++i) ask_for_tail(places[i]);
    }
    some_.count = 0;
  }

  void ask_for_tail(std::uint32_t place) {
    const std::byte* tail = some_.tails[place];
    for (std::size_t at = 0; at < tail_bytes_; at += kLine) __builtin_prefetch(tail + at);
    if (in_question_.count == kMost) flush_in_question();
    in_question_.rows[in_question_.count] = some_.rows[place];
    in_question_.heads[in_question_.count] = some_.heads[place];
    in_question_.tails[in_question_.count++] = tail;
  }

  void flush_in_question() {
    if (in_question_.count == 0) return;
    std::uint32_t places[kMost];
    double bounds[kMost];
    const std::size_t found = query_->near(in_question_.heads, in_question_.tails,
                                           in_question_.count, limit_, places, bounds);
    for (std::size_t i = 0; i < found; ++i) put(in_question_.rows[places[i]], bounds[i]);
    in_question_.count = 0;
  }

  void put(RowId row, double bound) {
    out_.rows[out_.count] = row;
    out_.bounds[out_.count++] = bound;
  }

  void prefetch_up_to(std::size_t end) {
    if (next_ == nullptr) return;
    for (; fetched_ < end; fetched_ += kLine) __builtin_prefetch(next_ + fetched_, 0, 2);
  }

  const codes::Query* query_;
  double limit_;
  const char* next_;
  PageEntries& out_;
  std::size_t tail_bytes_;
  std::size_t size_;
  std::size_t fetched_ = 0;
  Some some_;
  Some in_question_;
};

void read_unguarded(Pages& pages, Cursor& cursor, const codes::Query* query, double limit,
                    PageEntries& out) {
  const Held held = hold_entries(pages, cursor.next, cursor.list, BUFFER_LOCK_SHARE);
  const BlockNo next = trailer_of(held.page).next;
  const BlockNo ahead = next != kNoBlock ? next : cursor.after;
  const char* ahead_page = ahead == kNoBlock ? nullptr : remembered_page(pages.remembered, ahead);
  const auto* page = reinterpret_cast<const std::byte*>(held.page);
  const Extent extent = extent_of(held.page, pages.shape.layout);
  Part part(pages.shape, query, limit, ahead_page, out);
  const bool sound = for_each_entry(pages.shape.format, page, extent, [&](const Entry& entry) {
    part.add(entry, static_cast<std::size_t>(entry.head - page));
  });
  if (!sound) raise_corrupted(pages.index, cursor.next, "entry");
  part.finish(extent.lower);
  release(held);
  cursor.next = next;
}

}  // namespace

Held hold(Pages& pages, BlockNumber block, PageKind kind, int lock) {
  Buffer buffer = pin_remembered(pages.index, pages.remembered, block);
  const bool known = BufferIsValid(buffer);
  if (!known) {
    if (block >= pages.block_count) {
      pages.block_count = RelationGetNumberOfBlocks(pages.index);
      if (block >= pages.block_count) raise_corrupted(pages.index, block, "reference");
    }
    buffer = ReadBuffer(pages.index, block);
  }
  LockBuffer(buffer, lock);
  check_page(pages.index, buffer, kind);
  if (!known) remember(pages.remembered, block, buffer);
  return {buffer, static_cast<char*>(BufferGetPage(buffer))};
}

Held hold_entries(Pages& pages, BlockNumber block, ListNo list, int lock) {
  const Held held = hold(pages, block, PageKind::kEntries, lock);
  if (trailer_of(held.page).list != list) raise_corrupted(pages.index, block, "list");
  return held;
}

ListSlot read_slot(Pages& pages, ListNo list) {
  const Layout::Place place = pages.shape.layout.list_slot(list);
  const Held held = hold(pages, place.block, PageKind::kLists, BUFFER_LOCK_SHARE);
  ListSlot slot;
  std::memcpy(&slot, held.page + place.offset, sizeof slot);
  release(held);
  return slot;
}

Store::Store(Relation index, Method method)
    : pages_(pg_call([=] {
        return Pages{index, kept_of(index, method)->shape, remembered_buffers(index), 0};
      })) {}

void Store::score_lists(const codes::Query& query, std::span<const ListNo> lists, float* out) {
  if (!pages_.shape.has_centers()) {
    std::fill_n(out, lists.size(), 0.0F);
    return;
  }
  pg_call([&] { score_lists_unguarded(pages_, query, lists.data(), lists.size(), out); });
}

bool Store::bound_lists(const codes::Value& value, double* out) {
  codes::Format coarse;
  if (!pages_.shape.has_centers() || !vec::ivf::coarse_center_format(format(), &coarse)) {
    return false;
  }
  const std::byte* kept = coarse_centers(pages_, coarse);
  if (kept == nullptr) return false;
  const codes::Query query(coarse, value);
  constexpr std::size_t kBatch = 64;
  const std::byte* centers[kBatch];
  std::uint32_t places[kBatch];
  for (std::size_t first = 0; first < lists(); first += kBatch) {
    const std::size_t count = std::min<std::size_t>(kBatch, lists() - first);
    for (std::size_t i = 0; i < count; ++i) centers[i] = kept + (first + i) * coarse.code_bytes;
    query.near(centers, count, std::numeric_limits<double>::infinity(), places, out + first);
  }
  return true;
}

Cursor Store::open(ListNo list) {
  return {list, pg_call([&] { return read_slot(pages_, list); }).first, 0};
}

bool Store::read(Cursor& cursor, const codes::Query* query, double limit, PageEntries& out) {
  if (cursor.next == kNoBlock) return false;
  pg_call([&] {
    // A chain that leads back to itself.
    if (cursor.pages++ > pages_.block_count &&
        cursor.pages > (pages_.block_count = RelationGetNumberOfBlocks(pages_.index))) {
      raise_corrupted(pages_.index, cursor.next, "reference");
    }
    read_unguarded(pages_, cursor, query, limit, out);
  });
  return true;
}

std::size_t Store::rows_wanted() const {
  const Kept* kept = kept_already(pages_.index);
  return kept == nullptr ? 0 : kept->rows_wanted;
}

void Store::remember_wanted(std::size_t rows) {
  Kept* kept = kept_already(pages_.index);
  if (kept == nullptr) return;
  kept->rows_wanted = static_cast<uint32>(std::min<std::size_t>(rows, 1U << 16));
}

void Store::check_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) {
    pg_call([] { CHECK_FOR_INTERRUPTS(); });
  }
}

}  // namespace vec::pg::ivf

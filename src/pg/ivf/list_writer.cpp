#include "pg/ivf/list_writer.h"

namespace vec::pg::ivf {

namespace {

/// Adds a page at the end of the fork.
void append_block(Relation index, ForkNumber fork, const std::byte* page) {
  pg_call([&] {
    CHECK_FOR_INTERRUPTS();
    const Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
    std::memcpy(BufferGetPage(buffer), page, BLCKSZ);
    START_CRIT_SECTION();
    MarkBufferDirty(buffer);
    if (fork == INIT_FORKNUM) log_newpage_buffer(buffer, true);
    END_CRIT_SECTION();
    UnlockReleaseBuffer(buffer);
  });
}

}  // namespace

void write_head(Relation index, ForkNumber fork, const Shape& shape,
                std::span<const std::byte> centers) {
  const Layout& layout = shape.layout;
  std::vector<std::byte> page(BLCKSZ);
  auto* bytes = reinterpret_cast<char*>(page.data());
  const MetaPage meta = meta_of(shape);
  init_page(bytes, PageKind::kMeta, 0);
  std::memcpy(bytes + layout.begin(), &meta, sizeof meta);
  append_block(index, fork, page.data());

  const std::size_t center_bytes = centers.size() / layout.lists();
  for (ListNo first = 0; first < layout.lists(); first += layout.slots_per_page()) {
    init_page(bytes, PageKind::kLists, 0);
    const ListNo end = std::min(layout.lists(), first + layout.slots_per_page());
    for (ListNo list = first; list < end; ++list) {
      char* at = bytes + layout.list_slot(list).offset;
      const ListSlot slot{kNoBlock, kNoBlock};
      std::memcpy(at, &slot, sizeof slot);
      if (center_bytes == 0) continue;
      std::memcpy(at + sizeof slot, centers.data() + list * center_bytes, center_bytes);
    }
    append_block(index, fork, page.data());
  }
}

ListWriter::ListWriter(Relation index, const Shape& shape)
    : index_(index),
      shape_(shape),
      page_(BLCKSZ),
      slots_(shape.layout.lists(), {kNoBlock, kNoBlock}),
      next_block_(shape.layout.head_blocks()) {}

void ListWriter::begin(ListNo list) { list_ = list; }

void ListWriter::add(const vec::ivf::Entry& entry) {
  const vec::ivf::EntrySize size = vec::ivf::entry_size(shape_.format, entry.header.bytes);
  if (open_ && !has_room(extent_of(page(), shape_.layout), size)) {
    PageTrailer trailer = trailer_of(page());
    trailer.next = next_block_ + 1;
    set_trailer(page(), trailer);
    write_page();
  }
  if (!open_) {
    init_page(page(), PageKind::kEntries, list_);
    ListSlot& slot = slots_[list_];
    slot.insert = next_block_;
    if (slot.first == kNoBlock) slot.first = next_block_;
    open_ = true;
  }
  put_entry(page(), shape_, entry);
  ++entry_count_;
}

void ListWriter::write_page() {
  append_block(index_, MAIN_FORKNUM, page_.data());
  ++next_block_;
  open_ = false;
}

void ListWriter::end() {
  if (open_) write_page();
}

void ListWriter::finish() {
  const Layout& layout = shape_.layout;
  for (ListNo first = 0; first < layout.lists(); first += layout.slots_per_page()) {
    const ListNo end = std::min(layout.lists(), first + layout.slots_per_page());
    pg_call([&] {
      const Buffer buffer = ReadBuffer(index_, layout.list_slot(first).block);
      LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
      char* directory = static_cast<char*>(BufferGetPage(buffer));
      for (ListNo list = first; list < end; ++list) {
        std::memcpy(directory + layout.list_slot(list).offset, &slots_[list], sizeof(ListSlot));
      }
      MarkBufferDirty(buffer);
      UnlockReleaseBuffer(buffer);
    });
  }
}

}  // namespace vec::pg::ivf

#include "pg/hnsw/graph_writer.h"

#include "core/codes/slots.h"
#include "pg/hnsw/pages.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::kNoNode;
using vec::hnsw::kNoUpper;

void put_list(std::byte* at, const LinkList& list, int limit) {
  for (int i = 0; i < limit; ++i) {
    const Link link = i < list.count ? list.links[static_cast<std::size_t>(i)] : vec::hnsw::kNoLink;
    std::memcpy(at + sizeof link * static_cast<std::size_t>(i), &link, sizeof link);
  }
}

template <class T>
void put(std::byte* at, const T& value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

GraphWriter::GraphWriter(Relation index, const Shape& shape)
    : index_(index), shape_(shape), meta_(meta_of(shape)) {
  for (OpenPage& page : open_) page.bytes.resize(BLCKSZ);
  slot(PageKind::kMeta, {0, SizeOfPageHeaderData});
}

void GraphWriter::add(const vec::hnsw::NewNode& node) {
  const Layout& layout = shape_.layout;
  const NodeId number = meta_.node_count++;
  const auto level = static_cast<std::uint8_t>(node.level);
  LinkSlot header{NodeState::kLive, level, 0, level == 0 ? kNoUpper : meta_.upper_count, {}};
  std::copy(node.rows.begin(), node.rows.end(), header.rows.begin());
  std::byte* at = slot(PageKind::kLinks, layout.link_slot(number));
  put(at, header);
  put_list(at + sizeof header, node.lists[0], shape_.params.max_links(0));

  at = slot(PageKind::kCodes, layout.code_slot(number));
  put(at, CodeSlot{NodeState::kLive, 0, 0});
  if (layout.has_items()) {
    put(at + sizeof(CodeSlot), add_item(node.code));
  } else {
    codes::put_in_slot(shape_.format, node.code, at + sizeof(CodeSlot));
  }

  for (int layer = 1; layer <= node.level; ++layer) {
    const std::uint32_t upper = meta_.upper_count++;
    at = slot(PageKind::kUpper, layout.upper_slot(upper));
    put(at, UpperSlot{number, layer == node.level ? kNoUpper : upper + 1});
    put_list(at + sizeof(UpperSlot), node.lists[static_cast<std::size_t>(layer)],
             shape_.params.max_links(layer));
  }
}

ItemPlace GraphWriter::add_item(std::span<const std::byte> code) {
  const Layout& layout = shape_.layout;
  const std::uint32_t cells = static_cast<std::uint32_t>(vec::hnsw::cells_of(code.size()));
  if (meta_.item_pages == 0 || next_cell_ + cells > layout.cells_per_page()) {
    ++meta_.item_pages;
    next_cell_ = 0;
  }
  const std::uint32_t page = meta_.item_pages - 1;
  std::byte* const start = slot(PageKind::kItems, {layout.items_block(page), 0});
  std::memset(start + layout.header_bytes() + next_cell_, 1, cells);
  std::memcpy(start + layout.cell_offset(next_cell_), code.data(), code.size());
  const ItemPlace place{page, static_cast<std::uint16_t>(next_cell_),
                        static_cast<std::uint16_t>(code.size())};
  next_cell_ += cells;
  return place;
}

void GraphWriter::finish(vec::hnsw::EntryPoint entry) {
  meta_.entry_node = entry.node;
  meta_.entry_level = entry.level;
  meta_.item_page = meta_.item_pages == 0 ? 0 : meta_.item_pages - 1;
  put(slot(PageKind::kMeta, {0, SizeOfPageHeaderData}), meta_);
  for (const OpenPage& page : open_) {
    if (page.block != InvalidBlockNumber) write(page);
  }
  while (!early_.empty()) append(nullptr);
}

/// Where a slot is in the open page of its kind, which becomes that block.  Blocks of a kind are
/// asked for in order.
std::byte* GraphWriter::slot(PageKind kind, vec::hnsw::Place place) {
  OpenPage& page = open_[static_cast<std::size_t>(kind) - 1];
  if (page.block != place.block) {
    if (page.block != InvalidBlockNumber) write(page);
    page.block = place.block;
    init_page(reinterpret_cast<char*>(page.bytes.data()), shape_.layout, kind);
  }
  return page.bytes.data() + place.offset;
}

/// Pages are made apart, so that no PostgreSQL error meets a page half written by C++.
void GraphWriter::write(const OpenPage& page) {
  // Nodes of upper layers come first, and their pages stand among those of all nodes.
  if (&page == &open_[static_cast<std::size_t>(PageKind::kUpper) - 1] &&
      page.block > block_count_ && early_.size() < kMostEarly) {
    early_.emplace(page.block, page.bytes);
    return;
  }
  while (block_count_ < page.block) append(nullptr);
  if (block_count_ == page.block) {
    append(&page.bytes);
    return;
  }
  pg_call([&] {
    const Buffer buffer = ReadBuffer(index_, page.block);
    LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
    std::memcpy(BufferGetPage(buffer), page.bytes.data(), BLCKSZ);
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
  });
}

/// Writes the next block: `bytes`, or if that is null the page that was kept for it, or an empty
/// one, which is written again when it is full.
void GraphWriter::append(const std::vector<std::byte>* bytes) {
  const auto early = early_.find(block_count_);
  if (bytes == nullptr && early != early_.end()) bytes = &early->second;
  pg_call([&] {
    CHECK_FOR_INTERRUPTS();
    const Buffer buffer =
        ReadBufferExtended(index_, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
    char* const page = static_cast<char*>(BufferGetPage(buffer));
    if (bytes == nullptr) {
      init_page(page, shape_.layout, shape_.layout.name(block_count_).kind);
    } else {
      std::memcpy(page, bytes->data(), BLCKSZ);
    }
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
  });
  if (early != early_.end()) early_.erase(early);
  ++block_count_;
}

void ItemPacking::add(std::size_t bytes) {
  const std::uint32_t cells = static_cast<std::uint32_t>(vec::hnsw::cells_of(bytes));
  if (pages_ == 0 || cell_ + cells > per_page_) {
    ++pages_;
    cell_ = 0;
  }
  cell_ += cells;
}

MetaPage meta_of(const Shape& shape) {
  MetaPage meta{};
  meta.magic = vec::hnsw::kMetaMagic;
  meta.version = vec::hnsw::kFormatVersion;
  meta.dims = shape.format.dims;
  meta.m = static_cast<std::uint16_t>(shape.params.m);
  meta.ef_construction = static_cast<std::uint16_t>(shape.params.ef_construction);
  meta.element = shape.format.element;
  meta.metric = shape.format.metric;
  meta.code_kind = shape.format.kind;
  meta.item_weight = shape.layout.item_weight();
  meta.entry_node = kNoNode;
  meta.entry_level = -1;
  meta.first_free = kNoNode;
  meta.first_free_upper = kNoUpper;
  return meta;
}

}  // namespace vec::pg::hnsw

#include "pg/hnsw/write_graph.h"

#include <vector>

#include "pg/hnsw/pages.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::kNoNode;
using vec::hnsw::kNoUpper;
using vec::hnsw::MemoryGraph;

/// Where the graph's parts go: what can only be known when all of it is there.
struct Plan {
  Shape shape;
  std::vector<std::uint32_t> first_upper;  // of each node, kNoUpper on level 0
  std::vector<NodeId> upper_owners;        // of each upper slot
  std::vector<ItemPlace> items;            // of each node; sparse vectors only
  std::vector<NodeId> first_of_item_page;  // the node whose item opens the page
  BlockNumber block_count;
};

Plan make_plan(const MemoryGraph& graph) {
  Plan plan{{graph.format(), graph.params(), layout_for(graph.format(), graph.params().m, 8)},
            {},
            {},
            {},
            {},
            1};
  const NodeId count = graph.node_count();
  plan.first_upper.resize(count, kNoUpper);
  for (NodeId node = 0; node < count; ++node) {
    const int level = graph.level(node);
    if (level == 0) continue;
    plan.first_upper[node] = static_cast<std::uint32_t>(plan.upper_owners.size());
    plan.upper_owners.insert(plan.upper_owners.end(), static_cast<std::size_t>(level), node);
  }
  if (plan.shape.layout.has_items()) {
    const std::size_t per_page = plan.shape.layout.cells_per_page();
    std::size_t cell = per_page;  // of the page at the back; full at first
    for (NodeId node = 0; node < count; ++node) {
      const std::size_t bytes = graph.code(node).size();
      const std::size_t cells = vec::hnsw::cells_of(bytes);
      if (cell + cells > per_page) {
        plan.first_of_item_page.push_back(node);
        cell = 0;
      }
      plan.items.push_back({static_cast<std::uint32_t>(plan.first_of_item_page.size() - 1),
                            static_cast<std::uint16_t>(cell), static_cast<std::uint16_t>(bytes)});
      cell += cells;
    }
    if (count > 0) {
      const auto weight = static_cast<uint32>(count / plan.first_of_item_page.size());
      plan.shape.layout = layout_for(graph.format(), graph.params().m, std::max<uint32>(weight, 1));
    }
  }

  const Layout& layout = plan.shape.layout;
  const auto reach = [&](PageKind kind, std::size_t slots, std::uint32_t per_page) {
    if (slots == 0) return;
    const auto last = static_cast<std::uint32_t>((slots - 1) / per_page);
    plan.block_count = std::max(plan.block_count, layout.block_of(kind, last) + 1);
  };
  reach(PageKind::kLinks, count, layout.links_per_page());
  reach(PageKind::kCodes, count, layout.codes_per_page());
  reach(PageKind::kUpper, plan.upper_owners.size(), layout.uppers_per_page());
  reach(PageKind::kItems, plan.first_of_item_page.size(), 1);
  return plan;
}

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

/// Fills pages of one graph; `page` is initialised, its slots are zero.
class PageWriter {
 public:
  PageWriter(const MemoryGraph& graph, const Plan& plan) : graph_(graph), plan_(plan) {}

  void fill(std::byte* page, Layout::PageName name) {
    switch (name.kind) {
      case PageKind::kLinks:
        each_node(name.page, layout().links_per_page(), [&](NodeId node) { link(page, node); });
        break;
      case PageKind::kCodes:
        each_node(name.page, layout().codes_per_page(), [&](NodeId node) { code(page, node); });
        break;
      case PageKind::kUpper:
        upper(page, name.page);
        break;
      case PageKind::kItems:
        items(page, name.page);
        break;
      case PageKind::kMeta:
        break;
    }
  }

 private:
  const Layout& layout() const { return plan_.shape.layout; }

  template <class Each>
  void each_node(std::uint32_t page, std::uint32_t per_page, Each each) {
    const std::uint64_t first = std::uint64_t{page} * per_page;
    const std::uint64_t end = std::min<std::uint64_t>(graph_.node_count(), first + per_page);
    for (std::uint64_t node = first; node < end; ++node) each(static_cast<NodeId>(node));
  }

  void link(std::byte* page, NodeId node) {
    std::byte* at = page + layout().link_slot(node).offset;
    put(at, LinkSlot{graph_.state(node), static_cast<std::uint8_t>(graph_.level(node)),
                     graph_.generation(node), plan_.first_upper[node], graph_.rows(node)});
    graph_.links(node, 0, list_);
    put_list(at + sizeof(LinkSlot), list_, graph_.params().max_links(0));
  }

  void code(std::byte* page, NodeId node) {
    std::byte* at = page + layout().code_slot(node).offset;
    put(at, CodeSlot{graph_.state(node), 0, graph_.generation(node)});
    if (layout().has_items()) {
      put(at + sizeof(CodeSlot), plan_.items[node]);
    } else {
      const auto code = graph_.code(node);
      std::memcpy(at + sizeof(CodeSlot), code.data(), code.size());
    }
  }

  void upper(std::byte* page, std::uint32_t number) {
    const std::size_t first = std::size_t{number} * layout().uppers_per_page();
    const std::size_t end =
        std::min<std::size_t>(plan_.upper_owners.size(), first + layout().uppers_per_page());
    for (std::size_t slot = first; slot < end; ++slot) {
      const NodeId node = plan_.upper_owners[slot];
      const int layer = static_cast<int>(slot - plan_.first_upper[node]) + 1;
      std::byte* at = page + layout().upper_slot(static_cast<std::uint32_t>(slot)).offset;
      const bool last = layer == graph_.level(node);
      put(at, UpperSlot{node, last ? kNoUpper : static_cast<std::uint32_t>(slot + 1)});
      graph_.links(node, layer, list_);
      put_list(at + sizeof(UpperSlot), list_, graph_.params().max_links(layer));
    }
  }

  void items(std::byte* page, std::uint32_t number) {
    if (number >= plan_.first_of_item_page.size()) return;
    for (NodeId node = plan_.first_of_item_page[number];
         node < graph_.node_count() && plan_.items[node].page == number; ++node) {
      const ItemPlace place = plan_.items[node];
      const auto code = graph_.code(node);
      const std::size_t cells = vec::hnsw::cells_of(code.size());
      std::memset(page + layout().header_bytes() + place.cell, 1, cells);
      std::memcpy(page + layout().cell_offset(place.cell), code.data(), code.size());
    }
  }

  const MemoryGraph& graph_;
  const Plan& plan_;
  LinkList list_;
};

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

/// A new page at the end of the fork, exclusively locked, empty of its kind.
Buffer append_page(Relation index, ForkNumber fork, const Layout& layout, PageKind kind) {
  const Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
  init_page(static_cast<char*>(BufferGetPage(buffer)), layout, kind);
  return buffer;
}

}  // namespace

void write_graph(Relation index, const MemoryGraph& graph) {
  const Plan plan = make_plan(graph);
  PageWriter writer(graph, plan);
  MetaPage meta = meta_of(plan.shape);
  meta.entry_node = graph.entry().node;
  meta.entry_level = graph.entry().level;
  meta.node_count = graph.node_count();
  meta.upper_count = static_cast<std::uint32_t>(plan.upper_owners.size());
  meta.item_pages = static_cast<std::uint32_t>(plan.first_of_item_page.size());
  meta.item_page = meta.item_pages == 0 ? 0 : meta.item_pages - 1;

  // Pages are made apart, so that no PostgreSQL error meets a page half written by C++.
  std::vector<std::byte> page(BLCKSZ);
  for (BlockNumber block = 0; block < plan.block_count; ++block) {
    const Layout::PageName name = plan.shape.layout.name(block);
    init_page(reinterpret_cast<char*>(page.data()), plan.shape.layout, name.kind);
    if (block == 0) {
      put(page.data() + SizeOfPageHeaderData, meta);
    } else {
      writer.fill(page.data(), name);
    }
    pg_call([&] {
      CHECK_FOR_INTERRUPTS();
      const Buffer buffer = append_page(index, MAIN_FORKNUM, plan.shape.layout, name.kind);
      std::memcpy(BufferGetPage(buffer), page.data(), BLCKSZ);
      MarkBufferDirty(buffer);
      UnlockReleaseBuffer(buffer);
    });
  }
}

void write_empty(Relation index, const Shape& shape, ForkNumber fork) {
  const MetaPage meta = meta_of(shape);
  const Buffer buffer = append_page(index, fork, shape.layout, PageKind::kMeta);
  std::memcpy(static_cast<char*>(BufferGetPage(buffer)) + SizeOfPageHeaderData, &meta, sizeof meta);
  START_CRIT_SECTION();
  MarkBufferDirty(buffer);
  if (fork == INIT_FORKNUM) log_newpage_buffer(buffer, true);
  END_CRIT_SECTION();
  UnlockReleaseBuffer(buffer);
}

}  // namespace vec::pg::hnsw

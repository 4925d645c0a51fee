#include "pg/hnsw/write_graph.h"

#include <vector>

#include "pg/hnsw/graph_writer.h"
#include "pg/hnsw/pages.h"

namespace vec::pg::hnsw {

namespace {

using vec::hnsw::MemoryGraph;

Shape shape_to_write(const MemoryGraph& graph) {
  Shape shape{graph.format(), graph.params(), layout_for(graph.format(), graph.params().m, 8)};
  if (!shape.layout.has_items()) return shape;
  ItemPacking packing(shape.layout);
  for (NodeId node = 0; node < graph.node_count(); ++node) packing.add(graph.code(node).size());
  if (packing.pages() == 0) return shape;
  const std::uint32_t weight = std::max<std::uint32_t>(1, graph.node_count() / packing.pages());
  shape.layout = layout_for(graph.format(), graph.params().m, weight);
  return shape;
}

}  // namespace

void write_graph(Relation index, const MemoryGraph& graph) {
  GraphWriter writer(index, shape_to_write(graph));
  std::vector<LinkList> lists;
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    lists.resize(static_cast<std::size_t>(graph.level(node)) + 1);
    for (int layer = 0; layer <= graph.level(node); ++layer) {
      graph.links(node, layer, lists[static_cast<std::size_t>(layer)]);
    }
    writer.add({graph.level(node), graph.rows(node), graph.code(node), lists});
  }
  writer.finish(graph.entry());
}

void write_empty(Relation index, const Shape& shape, ForkNumber fork) {
  const MetaPage meta = meta_of(shape);
  const Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
  char* const page = static_cast<char*>(BufferGetPage(buffer));
  init_page(page, shape.layout, PageKind::kMeta);
  std::memcpy(page + SizeOfPageHeaderData, &meta, sizeof meta);
  START_CRIT_SECTION();
  MarkBufferDirty(buffer);
  if (fork == INIT_FORKNUM) log_newpage_buffer(buffer, true);
  END_CRIT_SECTION();
  UnlockReleaseBuffer(buffer);
}

}  // namespace vec::pg::hnsw

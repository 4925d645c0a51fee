#include "core/hnsw/bulk/spilled_build.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/hnsw/bulk/collector.h"
#include "core/hnsw/bulk/page_order.h"
#include "core/hnsw/bulk/partition.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::uint64_t kSeed = 0x5EED;
constexpr std::size_t kBetweenInterrupts = 1024;
/// What a node takes while it is numbered, its code aside: itself, its place in the table of codes,
/// in the order and among the choices.
constexpr std::size_t kNumberingBytes = 160;

RecordName name_of(RowId row) {
  RecordName name = 0;
  std::memcpy(&name, &row, sizeof row);
  return name;
}
RowId row_of(RecordName name) {
  RowId row;
  std::memcpy(&row, &name, sizeof row);
  return row;
}

}  // namespace

SpilledBuild::SpilledBuild(const codes::Format& format, Params params, std::size_t memory_bytes,
                           Spill& spill, std::pmr::memory_resource* memory)
    : context_{format, params, memory_bytes, spill, memory},
      rng_(kSeed),
      rows_{spill.create(), 0},
      copies_{nullptr, 0} {
  VEC_ASSERT(pays(format));
}

void SpilledBuild::add(std::span<const std::byte> code, RowId row) {
  rows_.file->append(bytes_of(name_of(row)));
  rows_.file->append(code);
  ++rows_.count;
}

EntryPoint SpilledBuild::finish(const Watch& watch, Team* team, NodeSink& sink) {
  nodes_ = context_.spill.create();
  copies_.file = context_.spill.create();
  layer(0);
  Parts parts(context_.format, context_.limits(kNumberingBytes + context_.format.code_bytes),
              context_.spill, rng_, watch.interrupt, context_.memory);
  parts.visit(rows_, 1, false,
              [&](SpillFile& file, std::size_t count) { number_part(file, count, watch); });

  watch.phase(Phase::kUpperLayers);
  const int top = static_cast<int>(layers_.size()) - 1;
  std::vector<ListFile> lists;  // of layers 1..top, the highest first
  std::optional<ListFile> above;
  // Who links a layer reads the lists of the one above range by range, and take() below those of
  // all layers node by node: each has files of its own.
  const auto link_layer = [&](const SpilledPoints& points, const TakeList& take) {
    link_spilled(context_, points, above ? &*above : nullptr, rng_, watch, team, take);
    if (above) context_.spill.remove(above->file());
    above.reset();
  };
  for (int number = top; number >= 1; --number) {
    const Layer& it = layer(number);
    ListFile own(context_.spill.create());
    ListFile kept(context_.spill.create());
    link_layer({number, it.records, &it.nodes},
               [&](std::size_t place, std::span<const LinkEntry> list) {
                 own.append(it.nodes[place], list);
                 kept.append_kept(it.nodes[place], list);
               });
    context_.spill.remove(it.records.file);
    lists.push_back(own);
    above = kept;
  }

  watch.phase(Phase::kLeaves);
  const RecordFile codes = layer(0).records;
  std::array<RowId, kMaxRows> rows;
  std::vector<std::byte> code(context_.format.code_bytes);
  std::vector<LinkList> links;
  EntryPoint entry;
  bool started = false;
  const auto take = [&](std::size_t place, std::span<const LinkEntry> list) {
    if (!started) {
      started = true;
      nodes_->rewind();
      codes.file->rewind();
      for (ListFile& file : lists) file.rewind();
    }
    const auto header = read_value<NodeHeader>(*nodes_);
    nodes_->read(std::as_writable_bytes(std::span(rows).first(header.rows)));
    read_value<RecordName>(*codes.file);
    codes.file->read(code);
    links.resize(header.level + 1);
    for (std::uint32_t number = 0; number <= header.level; ++number) {
      const auto from =
          number == 0
              ? list
              : lists[static_cast<std::size_t>(top) - number].list_of(static_cast<NodeId>(place));
      links[number].count = 0;
      for (const LinkEntry& link : from) {
        links[number].links[static_cast<std::size_t>(links[number].count++)] = link.link;
      }
    }
    const int level = static_cast<int>(header.level);
    if (level == top && !entry.exists()) entry = {static_cast<NodeId>(place), level};
    sink.add({level, {rows.data(), header.rows}, code, links});
  };
  link_layer({0, codes, nullptr}, take);
  for (ListFile& file : lists) context_.spill.remove(file.file());
  context_.spill.remove(codes.file);
  context_.spill.remove(nodes_);
  layers_.clear();
  return entry;
}

/// Makes nodes of the rows of a part, and gives them the next numbers.
void SpilledBuild::number_part(SpillFile& file, std::size_t count, const Watch& watch) {
  MemoryGraph graph(context_.format, context_.params, context_.memory);
  Collector collector(graph, context_.memory, rng_.next());
  std::vector<std::byte> code(context_.format.code_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kBetweenInterrupts == 0) watch.interrupt();
    const RowId row = row_of(read_value<RecordName>(file));
    file.read(code);
    collector.add(code, row);
  }
  collector.for_each_copy([&](std::span<const std::byte> copy, std::span<const RowId> rows) {
    copies_.file->append(bytes_of(static_cast<std::uint32_t>(rows.size())));
    copies_.file->append(std::as_bytes(rows));
    copies_.file->append(copy);
    ++copies_.count;
  });
  std::pmr::vector<const std::byte*> codes(context_.memory);
  for (NodeId node = 0; node < graph.node_count(); ++node) codes.push_back(graph.code(node).data());
  auto order = order_by_leader(context_.format, codes, nodes_of_leader(context_.format), rng_,
                               context_.memory, watch.interrupt);
  put_upper_first(order, [&](NodeId node) { return graph.level(node); });
  for (const std::uint32_t node : order) {
    const auto& rows = graph.rows(node);
    const auto end = std::ranges::find_if(rows, [](const RowId& row) { return !row.valid(); });
    put_node(graph.level(node), {rows.begin(), end}, graph.code(node));
  }
}

void SpilledBuild::put_node(int level, std::span<const RowId> rows,
                            std::span<const std::byte> code) {
  if (node_count_ == kMaxNodes) throw Error(ErrorCode::kProgramLimitExceeded, "too many elements");
  nodes_->append(bytes_of(
      NodeHeader{static_cast<std::uint32_t>(level), static_cast<std::uint32_t>(rows.size())}));
  nodes_->append(std::as_bytes(rows));
  for (int number = 0; number <= level; ++number) {
    Layer& it = layer(number);
    it.records.file->append(bytes_of(RecordName{it.records.count++}));
    it.records.file->append(code);
    if (number > 0) it.nodes.push_back(node_count_);
  }
  ++node_count_;
}

SpilledBuild::Layer& SpilledBuild::layer(int number) {
  while (layers_.size() <= static_cast<std::size_t>(number)) {
    layers_.emplace_back(RecordFile{context_.spill.create(), 0}, context_.memory);
  }
  return layers_[static_cast<std::size_t>(number)];
}

}  // namespace vec::hnsw::bulk

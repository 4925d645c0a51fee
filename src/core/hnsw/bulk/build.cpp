#include "core/hnsw/bulk/build.h"

#include <algorithm>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/page_order.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::uint64_t kSeed = 0x5EED;

/// The nodes of a layer.
struct Members {
  Members(int layer, const MemoryGraph& graph, std::pmr::memory_resource* memory)
      : nodes(memory), codes(memory) {
    for (NodeId node = 0; node < graph.node_count(); ++node) {
      if (graph.level(node) < layer) continue;
      nodes.push_back(node);
      codes.push_back(graph.code(node).data());
    }
  }
  std::pmr::vector<NodeId> nodes;
  std::pmr::vector<const std::byte*> codes;
};

class Linker {
 public:
  Linker(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory, Team* team)
      : graph_(graph), watch_(watch), memory_(memory), team_(team) {}

  void run() {
    const NodeId count = graph_.node_count();
    if (count == 0) return;
    int top = 0;
    for (NodeId node = 0; node < count; ++node) top = std::max(top, graph_.level(node));
    watch_.phase(Phase::kUpperLayers);
    for (int layer = top; layer >= 1; --layer) link(layer);
    watch_.phase(Phase::kLeaves);
    Partition partition = link(0);
    if (partition.leaves() > 1) {  // else a few pages, in the order of their rows
      put_upper_first(partition.order, [&](NodeId node) { return graph_.level(node); });
      const std::size_t per_page = codes_on_page(graph_.format());
      // Else nodes with one nearest leader are hardly more than a page.
      if (2 * per_page <= settings(0).partition.leaf_size / settings(0).partition.fanout) {
        fill_pages(graph_, partition.order, per_page, memory_, watch_.interrupt);
      }
      graph_.renumber(partition.order);
    }
    for (NodeId node = 0; node < count; ++node) {
      if (graph_.level(node) < top) continue;
      graph_.replace_entry(kNoNode, {node, top});
      break;
    }
  }

 private:
  LinkSettings settings(int layer) const {
    return settings_for(graph_.format(), graph_.params(), graph_.node_count(), layer);
  }

  Partition link(int layer) {
    const Members members(layer, graph_, memory_);
    std::byte* const block =
        members.nodes.size() > settings(layer).partition.most ? share_points(members) : nullptr;
    Team* const team = block != nullptr ? team_ : nullptr;
    const auto know = [&](LinkTable& table, PointOrder order) {
      take_from_above(layer, members, order, table);
    };
    const auto take = [&](const LinkTable& table, PointOrder order) {
      for (std::size_t i = 0; i < members.nodes.size(); ++i) {
        if (i % kBetweenInterrupts == 0) watch_.interrupt();
        links_.clear();
        for (const LinkEntry& entry : table.list(i)) {
          links_.push_back(make_link(members.nodes[order[node_of(entry.link)]],
                                     kept_by_rule(entry.link), false));
        }
        graph_.set_links(members.nodes[order[i]], layer, links_);
      }
    };
    Partition partition = link_points(graph_.format(), {members.codes, block, team},
                                      settings(layer), rng_, watch_.interrupt, memory_, know, take);
    if (team != nullptr) team->free_points();
    return partition;
  }

  /// The points' block, if there is a team and they can be shown to it.
  std::byte* share_points(const Members& members) {
    if (team_ == nullptr) return nullptr;
    std::byte* const block =
        team_->share(PointsBlock::bytes(graph_.format(), members.codes.size()));
    if (block == nullptr) return nullptr;
    PointsBlock::write(block, graph_.format(), members.codes);
    return block;
  }

  /// Gives the nodes of `layer` that are on the one above, too, what the rule kept there.  Leaves
  /// know only what is near; these lead from one dense region to the next, as the links of those do
  /// that are inserted first.
  void take_from_above(int layer, const Members& members, PointOrder order, LinkTable& table) {
    std::pmr::vector<std::uint32_t> row(graph_.node_count(), memory_);
    for (std::size_t i = 0; i < order.size(); ++i) {
      row[members.nodes[order[i]]] = static_cast<std::uint32_t>(i);
    }
    LinkList list;
    std::vector<LinkEntry> entries;
    for (const NodeId node : members.nodes) {  // in memory as in number
      if (graph_.level(node) <= layer) continue;
      graph_.links(node, layer + 1, list);
      entries.clear();
      for (const Link link : list.view()) {
        if (!kept_by_rule(link)) continue;
        const NodeId other = node_of(link);
        entries.push_back({codes::pair_distance(graph_.format(), graph_.code(node).data(),
                                                graph_.code(other).data()),
                           row[other] | kKeptByRule});
      }
      std::sort(entries.begin(), entries.end(), nearer);
      table.merge(row[node], entries);
    }
  }

  static constexpr std::size_t kBetweenInterrupts = 4096;

  MemoryGraph& graph_;
  const Watch& watch_;
  std::pmr::memory_resource* memory_;
  Team* team_;
  Rng rng_{kSeed};
  std::vector<Link> links_;
};

}  // namespace

bool pays(const codes::Format& format) {
  return is_product(format) || format.kind == codes::CodeKind::kBits;
}

std::size_t bytes_per_node(const codes::Format& format, const Params& params, std::size_t nodes) {
  return static_cast<std::size_t>(params.max_links(0)) * sizeof(Link) +
         bytes_per_point(settings_for(format, params, nodes)) + sizeof(const std::byte*);
}

std::size_t fixed_bytes(const codes::Format& format, const Params& params, std::size_t nodes) {
  return bytes_of_leaf(settings_for(format, params, nodes), nodes);
}

void link_all(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory,
              Team* team) {
  Linker(graph, watch, memory, team).run();
}

}  // namespace vec::hnsw::bulk

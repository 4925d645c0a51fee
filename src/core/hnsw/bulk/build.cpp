#include "core/hnsw/bulk/build.h"

#include <algorithm>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/bulk/link_points.h"
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
      : graph_(graph),
        watch_(watch),
        memory_(memory),
        team_(team),
        settings_(settings_for(graph.format(), graph.params(), graph.node_count())) {}

  void run() {
    const NodeId count = graph_.node_count();
    if (count == 0) return;
    int top = 0;
    for (NodeId node = 0; node < count; ++node) top = std::max(top, graph_.level(node));
    watch_.phase(Phase::kUpperLayers);
    for (int layer = top; layer >= 1; --layer) link_upper(layer);
    link_base();
    for (NodeId node = 0; node < count; ++node) {
      if (graph_.level(node) < top) continue;
      graph_.replace_entry(kNoNode, {node, top});
      break;
    }
  }

 private:
  void link_upper(int layer) {
    const Members members(layer, graph_, memory_);
    std::pmr::vector<std::uint32_t> place(graph_.node_count(), memory_);
    for (std::size_t i = 0; i < members.nodes.size(); ++i) {
      place[members.nodes[i]] = static_cast<std::uint32_t>(i);
    }
    const auto take = [&](LinkTable& table) {
      for (std::size_t i = 0; i < members.nodes.size(); ++i) {
        merge_upper(members.nodes[i], layer, table, i, [&](NodeId node) { return place[node]; });
        set_links(members.nodes[i], layer, table.list(i), members.nodes);
      }
    };
    LinkSettings settings = settings_;
    settings.bridges = true;
    link_points(graph_.format(), members.codes, settings, table_limit(graph_.params(), layer), rng_,
                watch_.interrupt, memory_, nullptr, take);
  }

  void link_base() {
    const Members members(0, graph_, memory_);
    if (team_ != nullptr) share_points(members);
    watch_.phase(Phase::kLeaves);
    const auto take = [&](LinkTable& table) {
      for (NodeId node = 0; node < members.nodes.size(); ++node) {
        if (node % kBetweenInterrupts == 0) watch_.interrupt();
        merge_upper(node, 0, table, node, [](NodeId other) { return other; });
        set_links(node, 0, table.list(node), members.nodes);
      }
    };
    Partition partition =
        link_points(graph_.format(), members.codes, settings_, table_limit(graph_.params(), 0),
                    rng_, watch_.interrupt, memory_, team_, take);
    if (partition.leaves() < 2) return;  // a few pages, in the order of their rows
    put_upper_first(partition.order, [&](NodeId node) { return graph_.level(node); });
    graph_.renumber(partition.order);
  }

  void share_points(const Members& members) {
    std::byte* const block =
        team_->share(PointsBlock::bytes(graph_.format(), members.codes.size()));
    if (block == nullptr) {
      team_ = nullptr;
      return;
    }
    PointsBlock::write(block, graph_.format(), members.codes);
  }

  /// Gives a node the best of a list.
  /// nodes   what the list calls 0, 1, 2, ...
  void set_links(NodeId node, int layer, std::span<const LinkEntry> list,
                 std::span<const NodeId> nodes) {
    choose_best(
        list, static_cast<std::size_t>(graph_.params().max_links(layer)),
        [&](NodeId a, NodeId b) {
          return codes::pair_distance(graph_.format(), graph_.code(nodes[a]).data(),
                                      graph_.code(nodes[b]).data());
        },
        chosen_);
    links_.clear();
    for (const LinkEntry& entry : chosen_) {
      links_.push_back(make_link(nodes[node_of(entry.link)], kept_by_rule(entry.link), false));
    }
    graph_.set_links(node, layer, links_);
  }

  /// Adds to a node's links on `layer`, in `row` of the table, what the rule kept on the layer
  /// above.  Leaves know only what is near; these lead from one dense region to the next, as the
  /// links of those do that are inserted first.
  /// name   what the table calls a node
  template <class Name>
  void merge_upper(NodeId node, int layer, LinkTable& table, std::size_t row, Name name) {
    if (graph_.level(node) <= layer) return;
    LinkList list;
    std::vector<LinkEntry> entries;
    graph_.links(node, layer + 1, list);
    for (const Link link : list.view()) {
      if (!kept_by_rule(link)) continue;
      const float distance = codes::pair_distance(graph_.format(), graph_.code(node).data(),
                                                  graph_.code(node_of(link)).data());
      entries.push_back({distance, name(node_of(link)) | kKeptByRule});
    }
    std::sort(entries.begin(), entries.end(), nearer);
    table.merge(row, entries);
  }

  static constexpr NodeId kBetweenInterrupts = 4096;

  MemoryGraph& graph_;
  const Watch& watch_;
  std::pmr::memory_resource* memory_;
  Team* team_;
  LinkSettings settings_;
  Rng rng_{kSeed};
  std::vector<LinkEntry> chosen_;
  std::vector<Link> links_;
};

}  // namespace

bool pays(const codes::Format& format) {
  return is_product(format) || format.kind == codes::CodeKind::kBits;
}

std::size_t bytes_per_node(const codes::Format& format, const Params& params, std::size_t nodes) {
  return static_cast<std::size_t>(params.max_links(0)) * sizeof(Link) +
         bytes_per_point(settings_for(format, params, nodes), table_limit(params, 0)) +
         sizeof(const std::byte*);
}

std::size_t fixed_bytes(const codes::Format& format, const Params& params, std::size_t nodes) {
  return bytes_of_leaf(settings_for(format, params, nodes), nodes);
}

void link_all(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory,
              Team* team) {
  Linker(graph, watch, memory, team).run();
}

}  // namespace vec::hnsw::bulk

#include "core/hnsw/bulk/build.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/partition.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::uint64_t kSeed = 0x5EED;

struct Settings {
  PartitionSettings partition;
  std::size_t candidates;  // of each member of a leaf
  std::size_t by_rule;     // of those, the ones that the rule is asked about
};

/// What ef_construction stands for here: the more, the more leaves a node is in.  The more nodes,
/// the more of what is near a node stands beyond the border of its leaves.
Settings settings_for(const codes::Format& format, const Params& params, std::size_t nodes) {
  constexpr double kFew = 250'000;
  Settings settings{};
  const double effort = std::log2(std::max(1, params.ef_construction) / 64.0);
  const double size = std::max(0.0, std::log2(static_cast<double>(nodes) / kFew));
  settings.partition.fanout =
      static_cast<std::size_t>(std::clamp(std::lround(4 + 1.5 * effort + 0.5 * size), 3L, 12L));
  // Who is near under the inner product is not always who is near in direction.
  if (format.metric == codes::Metric::kInnerProduct) settings.partition.fanout += 2;
  settings.partition.leaf_size = 1000;
  settings.partition.most = 2000;
  settings.candidates = static_cast<std::size_t>(std::clamp(2 * params.m, 16, int{Nearest::kMost}));
  settings.by_rule = std::max<std::size_t>(16, settings.candidates * 3 / 4);
  return settings;
}

class Linker {
 public:
  Linker(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory)
      : graph_(graph),
        watch_(watch),
        memory_(memory),
        settings_(settings_for(graph.format(), graph.params(), graph.node_count())) {}

  void run() {
    const NodeId count = graph_.node_count();
    if (count == 0) return;
    watch_.phase(Phase::kPartition);
    const Partition base = cut_base();
    watch_.phase(Phase::kUpperLayers);
    int top = 0;
    for (NodeId node = 0; node < count; ++node) top = std::max(top, graph_.level(node));
    for (int layer = 1; layer <= top; ++layer) {
      Members members(layer, graph_, memory_);
      link_layer(layer, members,
                 make_partition(graph_.format(), members.codes, settings_.partition, rng_, memory_,
                                watch_.interrupt));
    }
    watch_.phase(Phase::kLeaves);
    link_layer(0, Members(0, graph_, memory_), base);
    for (NodeId node = 0; node < count; ++node) {
      if (graph_.level(node) < top) continue;
      graph_.replace_entry(kNoNode, {node, top});
      break;
    }
  }

 private:
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

  /// The leaves of layer 0.  Numbers the nodes anew, those near each other with near numbers.
  Partition cut_base() {
    const Members members(0, graph_, memory_);
    Partition base = make_partition(graph_.format(), members.codes, settings_.partition, rng_,
                                    memory_, watch_.interrupt);
    graph_.renumber(base.order);
    std::pmr::vector<NodeId> number(base.order.size(), memory_);
    for (NodeId node = 0; node < number.size(); ++node) number[base.order[node]] = node;
    for (std::uint32_t& member : base.members) member = number[member];
    return base;
  }

  void link_layer(int layer, const Members& all, const Partition& partition) {
    LinkTable table(all.nodes.size(), static_cast<std::size_t>(graph_.params().max_links(layer)),
                    memory_);
    Leaf leaf(graph_.format(), settings_.candidates, settings_.by_rule);
    std::vector<NodeId> members;
    std::vector<const std::byte*> codes;
    for (std::size_t l = 0; l < partition.leaves(); ++l) {
      const auto places = partition.leaf(l);
      members.clear();
      codes.clear();
      for (const std::uint32_t place : places) {
        members.push_back(all.nodes[place]);
        codes.push_back(all.codes[place]);
      }
      leaf.build(members, codes, watch_.interrupt);
      for (std::size_t i = 0; i < places.size(); ++i) table.merge(places[i], leaf.links(i));
    }
    std::vector<Link> links;
    for (std::size_t place = 0; place < all.nodes.size(); ++place) {
      if (layer == 0) merge_upper(all.nodes[place], table);
      links.clear();
      for (const LinkEntry& entry : table.list(place)) links.push_back(entry.link);
      graph_.set_links(all.nodes[place], layer, links);
    }
  }

  /// Adds to the links of layer 0 what the rule kept on the layers above.  Leaves know only what
  /// is near; these lead from one dense region to the next, as the links of those do that are
  /// inserted first.
  void merge_upper(NodeId node, LinkTable& table) {
    LinkList list;
    std::vector<LinkEntry> entries;
    for (int layer = 1; layer <= graph_.level(node); ++layer) {
      graph_.links(node, layer, list);
      entries.clear();
      for (const Link link : list.view()) {
        if (!kept_by_rule(link)) continue;
        const float distance = codes::pair_distance(graph_.format(), graph_.code(node).data(),
                                                    graph_.code(node_of(link)).data());
        entries.push_back({distance, link});
      }
      std::sort(entries.begin(), entries.end(), nearer);
      table.merge(node, entries);
    }
  }

  MemoryGraph& graph_;
  const Watch& watch_;
  std::pmr::memory_resource* memory_;
  Settings settings_;
  Rng rng_{kSeed};
};

}  // namespace

bool pays(const codes::Format& format) {
  return is_product(format) || format.kind == codes::CodeKind::kBits;
}

std::size_t bytes_per_node(const codes::Format& format, const Params& params, std::size_t nodes) {
  const Settings settings = settings_for(format, params, nodes);
  const auto limit = static_cast<std::size_t>(params.max_links(0));
  return limit * sizeof(Link) + LinkTable::bytes_per_row(limit) +
         settings.partition.fanout * 2 * sizeof(std::uint32_t) + 3 * sizeof(std::uint32_t) +
         sizeof(const std::byte*);
}

void link_all(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory) {
  Linker(graph, watch, memory).run();
}

}  // namespace vec::hnsw::bulk

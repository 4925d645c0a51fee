#include "core/hnsw/bulk/build.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/partition.h"
#include "core/hnsw/select_neighbors.h"
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

/// Memory of a resource, zeroed.
class Block {
 public:
  Block(std::size_t bytes, std::pmr::memory_resource* memory)
      : memory_(memory), bytes_(bytes), data_(memory->allocate(bytes, kAlignment)) {
    std::memset(data_, 0, bytes);
  }
  ~Block() { memory_->deallocate(data_, bytes_, kAlignment); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  static constexpr std::size_t kAlignment = alignof(std::uint64_t);

  std::pmr::memory_resource* memory_;
  std::size_t bytes_;
  void* data_;
};

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
  Partition cut(const Members& members, const AssignAll& assign_all = nullptr) {
    return make_partition(graph_.format(), members.codes, settings_.partition, rng_, memory_,
                          watch_.interrupt, assign_all);
  }

  LeavesBlock::Settings leaf_settings(int layer) const {
    const int limit = graph_.params().max_links(layer);
    return {static_cast<std::uint32_t>(limit + std::max(8, limit / 4)),
            static_cast<std::uint32_t>(settings_.candidates),
            static_cast<std::uint32_t>(settings_.by_rule)};
  }

  void link_upper(int layer) {
    const Members members(layer, graph_, memory_);
    const Partition partition = cut(members);
    const Block block(LeavesBlock::bytes(members.nodes.size(), partition, leaf_settings(layer)),
                      memory_);
    LeavesBlock::write(block.data(), members.nodes.size(), partition, leaf_settings(layer));
    LeavesBlock leaves(block.data());
    leaves.work(graph_.format(), members.codes, watch_.interrupt);
    LinkTable table = leaves.table();
    std::pmr::vector<std::uint32_t> place(graph_.node_count(), memory_);
    for (std::size_t i = 0; i < members.nodes.size(); ++i) {
      place[members.nodes[i]] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < members.nodes.size(); ++i) {
      merge_upper(members.nodes[i], layer, table, i, [&](NodeId node) { return place[node]; });
      choose_links(table.list(i), layer, [&](NodeId named) { return members.nodes[named]; });
      graph_.set_links(members.nodes[i], layer, links_);
    }
  }

  void link_base() {
    const Members members(0, graph_, memory_);
    if (team_ != nullptr) share_points(members);
    watch_.phase(Phase::kPartition);
    AssignAll assign_all;
    if (team_ != nullptr) {
      assign_all = [&](const LeaderPlaces& places, std::size_t fanout,
                       std::pmr::vector<std::uint32_t>& choices) {
        assign_together(members, places, fanout, choices);
      };
    }
    const Partition partition = cut(members, assign_all);
    watch_.phase(Phase::kLeaves);
    link_leaves(members, partition);
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

  void assign_together(const Members& members, const LeaderPlaces& places, std::size_t fanout,
                       std::pmr::vector<std::uint32_t>& choices) {
    const std::size_t points = members.codes.size();
    std::byte* const block = team_->share(AssignBlock::bytes(points, places, fanout));
    choices.resize(points * fanout);
    if (block == nullptr) {
      Leaders(graph_.format(), members.codes, places.leaders, places.supers, watch_.interrupt)
          .assign(members.codes, fanout, choices.data());
      return;
    }
    AssignBlock::write(block, points, places, fanout);
    team_->start(Task::kAssign);
    AssignBlock task(block);
    task.work(graph_.format(), members.codes, watch_.interrupt);
    team_->wait();
    std::ranges::copy(task.choices(), choices.begin());
    team_->free_task_block();
  }

  void link_leaves(const Members& members, const Partition& partition) {
    const std::size_t points = members.codes.size();
    const std::size_t bytes = LeavesBlock::bytes(points, partition, leaf_settings(0));
    std::byte* const shared = team_ != nullptr ? team_->share(bytes) : nullptr;
    std::optional<Block> own;
    if (shared == nullptr) own.emplace(bytes, memory_);
    std::byte* const block = shared != nullptr ? shared : own->data();
    LeavesBlock::write(block, points, partition, leaf_settings(0));
    LeavesBlock leaves(block);
    if (shared != nullptr) team_->start(Task::kLeaves);
    leaves.work(graph_.format(), members.codes, watch_.interrupt);
    if (shared != nullptr) team_->wait();

    LinkTable table = leaves.table();
    for (NodeId node = 0; node < points; ++node) {
      if (node % kBetweenInterrupts == 0) watch_.interrupt();
      merge_upper(node, 0, table, node, [](NodeId other) { return other; });
      choose_links(table.list(node), 0, [](NodeId named) { return named; });
      graph_.set_links(node, 0, links_);
    }
    if (shared != nullptr) team_->free_task_block();
  }

  /// Puts into links_ the best of a list that has more than a node may have.  If the rule kept too
  /// many, each as seen from some leaf or from the other end, it is asked about the whole list: the
  /// long links that lead elsewhere are not the ones to go.
  /// unname   the node that the table calls so
  template <class Unname>
  void choose_links(std::span<const LinkEntry> list, int layer, Unname unname) {
    const auto limit = static_cast<std::size_t>(graph_.params().max_links(layer));
    const auto kept = static_cast<std::size_t>(std::ranges::count_if(
        list, [](const LinkEntry& entry) { return kept_by_rule(entry.link); }));
    links_.clear();
    if (kept <= limit) {
      std::size_t others = std::min(limit, list.size()) - kept;
      for (const LinkEntry& entry : list) {
        if (!kept_by_rule(entry.link)) {
          if (others == 0) continue;
          --others;
        }
        links_.push_back(make_link(unname(node_of(entry.link)), kept_by_rule(entry.link), false));
      }
      return;
    }
    std::vector<LinkCandidate> candidates;
    for (std::size_t i = 0; i < list.size(); ++i) {
      candidates.push_back({list[i].distance, i, false});
    }
    const auto code = [&](std::size_t i) {
      return graph_.code(unname(node_of(list[i].link))).data();
    };
    const auto chosen = select_neighbors(candidates, limit, [&](std::size_t a, std::size_t b) {
      return codes::pair_distance(graph_.format(), code(a), code(b));
    });
    for (const LinkCandidate& candidate : chosen) {
      links_.push_back(
          make_link(unname(node_of(list[candidate.index].link)), candidate.kept, false));
    }
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
  Settings settings_;
  Rng rng_{kSeed};
  std::vector<Link> links_;
};

}  // namespace

bool pays(const codes::Format& format) {
  return is_product(format) || format.kind == codes::CodeKind::kBits;
}

std::size_t bytes_per_node(const codes::Format& format, const Params& params, std::size_t nodes) {
  const Settings settings = settings_for(format, params, nodes);
  const auto limit = static_cast<std::size_t>(params.max_links(0));
  return limit * sizeof(Link) + (limit + std::max<std::size_t>(8, limit / 4)) * sizeof(LinkEntry) +
         sizeof(std::uint8_t) + settings.partition.fanout * 2 * sizeof(std::uint32_t) +
         3 * sizeof(std::uint32_t) + sizeof(const std::byte*);
}

void link_all(MemoryGraph& graph, const Watch& watch, std::pmr::memory_resource* memory,
              Team* team) {
  Linker(graph, watch, memory, team).run();
}

}  // namespace vec::hnsw::bulk

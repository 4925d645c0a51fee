#include "core/hnsw/bulk/link_points.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/nearest.h"
#include "core/hnsw/select_neighbors.h"

namespace vec::hnsw::bulk {

LinkSettings settings_for(const codes::Format& format, const Params& params, std::size_t points,
                          int layer) {
  constexpr double kFew = 250'000;
  LinkSettings settings{};
  const double effort = std::log2(std::max(1, params.ef_construction) / 64.0);
  const double size = std::max(0.0, std::log2(static_cast<double>(points) / kFew));
  settings.partition.fanout =
      static_cast<std::size_t>(std::clamp(std::lround(4 + 1.5 * effort + 1.25 * size), 3L, 12L));
  // Who is near under the inner product is not always who is near in direction.
  if (format.metric == codes::Metric::kInnerProduct) settings.partition.fanout += 2;
  settings.partition.leaf_size = 1000;
  settings.partition.most = 2000;
  settings.candidates = static_cast<std::size_t>(std::clamp(2 * params.m, 16, int{Nearest::kMost}));
  settings.bridges = layer > 0;
  settings.by_rule = std::max<std::size_t>(16, settings.candidates * 3 / 4);
  return settings;
}

std::size_t table_limit(const Params& params, int layer) {
  const int limit = params.max_links(layer);
  return static_cast<std::size_t>(limit + std::max(8, limit / 4));
}

std::size_t bytes_per_point(const LinkSettings& settings, std::size_t limit) {
  return limit * sizeof(LinkEntry) + sizeof(std::uint8_t) +
         (settings.partition.fanout * 2 + 3) * sizeof(std::uint32_t);
}

std::size_t bytes_of_leaf(const LinkSettings& settings, std::size_t points) {
  return Leaf::matrix_bytes(std::min(points, settings.partition.most));
}

Block::Block(std::size_t bytes, std::pmr::memory_resource* memory)
    : memory_(memory), bytes_(bytes), data_(memory->allocate(bytes, kAlignment)) {
  std::memset(data_, 0, bytes);
}

namespace {

void assign_together(const codes::Format& format, Codes points, const LeaderPlaces& places,
                     std::size_t fanout, std::pmr::vector<std::uint32_t>& choices,
                     const std::function<void()>& interrupt, Team& team) {
  std::byte* const block = team.share(AssignBlock::bytes(points.size(), places, fanout));
  choices.resize(points.size() * fanout);
  if (block == nullptr) {
    Leaders(format, points, places.leaders, places.supers, interrupt)
        .assign(points, fanout, choices.data());
    return;
  }
  AssignBlock::write(block, points.size(), places, fanout);
  team.start(Task::kAssign);
  AssignBlock task(block);
  task.work(format, points, interrupt);
  team.wait();
  std::ranges::copy(task.choices(), choices.begin());
  team.free_task_block();
}

}  // namespace

Partition link_points(const codes::Format& format, Codes points, const LinkSettings& settings,
                      std::size_t limit, Rng& rng, const std::function<void()>& interrupt,
                      std::pmr::memory_resource* memory, Team* team,
                      const std::function<void(LinkTable&)>& take) {
  AssignAll assign_all;
  if (team != nullptr) {
    assign_all = [&](const LeaderPlaces& places, std::size_t fanout,
                     std::pmr::vector<std::uint32_t>& choices) {
      assign_together(format, points, places, fanout, choices, interrupt, *team);
    };
  }
  Partition partition =
      make_partition(format, points, settings.partition, rng, memory, interrupt, assign_all);

  const LeavesBlock::Settings leaf_settings{
      static_cast<std::uint32_t>(limit), static_cast<std::uint32_t>(settings.candidates),
      static_cast<std::uint32_t>(settings.by_rule), settings.bridges};
  const std::size_t bytes = LeavesBlock::bytes(points.size(), partition, leaf_settings);
  std::byte* const shared = team != nullptr ? team->share(bytes) : nullptr;
  std::optional<Block> own;
  if (shared == nullptr) own.emplace(bytes, memory);
  std::byte* const block = shared != nullptr ? shared : own->data();
  LeavesBlock::write(block, points.size(), partition, leaf_settings);
  LeavesBlock leaves(block);
  if (shared != nullptr) team->start(Task::kLeaves);
  leaves.work(format, points, interrupt);
  if (shared != nullptr) team->wait();
  LinkTable table = leaves.table();
  take(table);
  if (shared != nullptr) team->free_task_block();
  return partition;
}

void choose_best(std::span<const LinkEntry> list, std::size_t limit,
                 const std::function<float(NodeId, NodeId)>& between,
                 std::vector<LinkEntry>& chosen) {
  const auto kept = static_cast<std::size_t>(
      std::ranges::count_if(list, [](const LinkEntry& entry) { return kept_by_rule(entry.link); }));
  chosen.clear();
  if (kept <= limit || !between) {
    std::size_t others = std::min(limit, list.size()) - std::min(limit, kept);
    for (const LinkEntry& entry : list) {
      if (chosen.size() == limit) break;
      if (!kept_by_rule(entry.link)) {
        if (others == 0) continue;
        --others;
      }
      chosen.push_back(entry);
    }
    return;
  }
  std::vector<LinkCandidate> candidates;
  for (std::size_t i = 0; i < list.size(); ++i) candidates.push_back({list[i].distance, i, false});
  const auto selected = select_neighbors(candidates, limit, [&](std::size_t a, std::size_t b) {
    return between(node_of(list[a].link), node_of(list[b].link));
  });
  for (const LinkCandidate& candidate : selected) {
    const LinkEntry& entry = list[candidate.index];
    chosen.push_back({entry.distance, make_link(node_of(entry.link), candidate.kept, false)});
  }
}

}  // namespace vec::hnsw::bulk

#include "core/hnsw/bulk/link_points.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/leaves_block.h"
#include "core/hnsw/bulk/near_leaf.h"

namespace vec::hnsw::bulk {

LinkSettings settings_for(const codes::Format& format, const Params& params, std::size_t points,
                          int layer) {
  constexpr double kFew = 250'000;
  constexpr double kMany = 1;          // of `size`: 435,000 points
  constexpr std::size_t kShort = 300;  // bytes of a code
  LinkSettings settings{};
  const double effort = 1.5 * std::log2(std::max(1, params.ef_construction) / 64.0);
  const double size = 1.25 * std::max(0.0, std::log2(static_cast<double>(points) / kFew));
  const auto leaves = [](double wanted) { return std::clamp(std::lround(wanted), 3L, 12L); };
  // Five leaves of 800 are as much work as four of 1,000 and find more where points are few: 1 up
  // to kFew, 0 from three times as many on.
  const double few = layer > 0 ? 0 : std::max(0.0, 1 - size / 2);
  // Of many points, the leaves are as many more as they are smaller: as much work, and what is near
  // a point is seldom missed by all of them.
  const long of_full_size = leaves(4 + few + effort + size);
  const long fanout = leaves(4 + few + effort + 2 * size);
  // What that saves does not grow with the dimensions, and what it costs in recall does (README).
  settings.rule_last = layer == 0 && size >= kMany && format.code_bytes <= kShort;
  const long full_size = settings.rule_last ? 800 : std::lround(1000 - 200 * few);
  settings.partition.fanout = static_cast<std::size_t>(fanout);
  settings.partition.leaf_size = static_cast<std::size_t>(full_size * of_full_size / fanout);
  // Who is near under the inner product is not always who is near in direction.
  if (format.metric == codes::Metric::kInnerProduct) settings.partition.fanout += 2;
  settings.partition.most = 2000;
  // A leaf of several need not fill a list: with 2m the graph is no better.  Above layer 0 the
  // farther ones are ways from one dense region to the next.
  int candidates = 3 * params.m;
  if (layer == 0) candidates = points > settings.partition.most ? 3 * params.m / 2 : 2 * params.m;
  settings.candidates = static_cast<std::size_t>(std::clamp(candidates, 16, int{Nearest::kMost}));
  settings.bridges = layer > 0;
  settings.links = static_cast<std::size_t>(params.max_links(layer));
  settings.held = settings.links + std::max<std::size_t>(8, settings.links / 4);
  settings.by_rule = std::max<std::size_t>(16, settings.candidates * 3 / 4);
  return settings;
}

std::size_t bytes_per_point(const LinkSettings& settings) {
  return settings.held * sizeof(LinkEntry) + sizeof(std::uint8_t) + sizeof(float) +
         sizeof(const std::byte*) + (settings.partition.fanout * 2 + 4) * sizeof(std::uint32_t);
}

std::size_t bytes_of_leaf(const LinkSettings& settings, std::size_t points) {
  const std::size_t members = std::min(points, settings.partition.most);
  return settings.rule_last ? NearLeaf::bytes(members, settings.held) : Leaf::matrix_bytes(members);
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

Partition link_points(const codes::Format& format, const Points& points,
                      const LinkSettings& settings, Rng& rng,
                      const std::function<void()>& interrupt, std::pmr::memory_resource* memory,
                      const std::function<void(LinkTable&, PointOrder)>& know,
                      const std::function<void(const LinkTable&, PointOrder)>& take) {
  const std::size_t count = points.codes.size();
  Team* const team = points.team;
  AssignAll assign_all;
  if (team != nullptr) {
    assign_all = [&](const LeaderPlaces& places, std::size_t fanout,
                     std::pmr::vector<std::uint32_t>& choices) {
      assign_together(format, points.codes, places, fanout, choices, interrupt, *team);
    };
  }
  Partition partition =
      make_partition(format, points.codes, settings.partition, rng, memory, interrupt, assign_all);

  // Near points near each other in memory, if they may be moved: leaves and lists are of near ones.
  std::pmr::vector<const std::byte*> rows(count, memory);
  if (points.block != nullptr) {
    PointsBlock::reorder(points.block, partition.order);
    std::ranges::copy(PointsBlock(points.block).codes(), rows.begin());
  } else {
    for (std::size_t row = 0; row < count; ++row) rows[row] = points.codes[partition.order[row]];
  }

  const LeavesBlock::Settings leaf_settings{static_cast<std::uint32_t>(settings.links),
                                            static_cast<std::uint32_t>(settings.held),
                                            static_cast<std::uint32_t>(settings.candidates),
                                            static_cast<std::uint32_t>(settings.by_rule),
                                            settings.bridges,
                                            settings.rule_last};
  const std::size_t bytes = LeavesBlock::bytes(count, partition, leaf_settings);
  std::byte* const shared = team != nullptr ? team->share(bytes) : nullptr;
  std::optional<Block> own;
  if (shared == nullptr) own.emplace(bytes, memory);
  std::byte* const block = shared != nullptr ? shared : own->data();
  LeavesBlock::write(block, count, partition, leaf_settings);
  LeavesBlock leaves(block);
  LinkTable table = leaves.table();
  if (know) know(table, partition.order);
  for (const Task task : LeavesBlock::tasks(leaf_settings)) {
    if (shared != nullptr) team->start(task);
    leaves.work(task, format, rows, interrupt);
    if (shared != nullptr) team->wait();
  }
  take(table, partition.order);
  if (shared != nullptr) team->free_task_block();
  return partition;
}

}  // namespace vec::hnsw::bulk

#include "core/hnsw/bulk/spilled_layer.h"

#include <algorithm>
#include <optional>

#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/list_ranges.h"

namespace vec::hnsw::bulk {

namespace {

/// Parts that a point may be in, if parts have so many.  Of small ones much is border, where some
/// of the nearest are in another one.
std::size_t parts_of_point(std::size_t records) {
  constexpr std::size_t kLargePart = 50'000;
  return records < kLargePart ? 4 : 3;
}
constexpr std::size_t kBetweenInterrupts = 1024;
constexpr std::size_t kFewestRecords = 1000;
constexpr std::size_t kFewestMembers = 600;  // that a leaf may have
constexpr std::size_t kFewestFiles = 16;

class Linker {
 public:
  Linker(const SpillContext& context, const SpilledPoints& points, Rng& rng, const Watch& watch,
         Team* team)
      : context_(context),
        points_(points),
        rng_(rng),
        watch_(watch),
        team_(team),
        whole_(settings_for(context.format, context.params, points.records.count, points.layer)),
        settings_(whole_) {
    context.shrink_leaves(settings_, context.memory_bytes / 4);
  }

  void link_parts() {
    const std::size_t count = points_.records.count;
    Parts::Limits limits = limits_of_parts();
    const std::size_t overlap = parts_of_point(limits.records);
    const bool cut = count > limits.records;
    if (cut) {
      make_leaves_of_parts(overlap);
      limits = limits_of_parts();
      limits.records = std::min(limits.records, count - 1);
    }
    Parts parts(context_.format, limits, context_.spill, rng_, watch_.interrupt, context_.memory);
    ListRanges::Settings lists{1, settings_.links, settings_.held};
    if (cut) {
      lists.parts = overlap;
      lists.united =
          std::max(lists.united, std::min(overlap * settings_.links, LinkTable::kMostHeld));
    }
    ranges_.emplace(context_, points_, lists, watch_, team_);
    if (team_ != nullptr) team_->reserve(shared_bytes(std::min(count, limits.records)));
    parts.visit(points_.records, overlap, true,
                [this](SpillFile& file, std::size_t records) { link_part(file, records); });
    if (team_ != nullptr) team_->release();
  }

  void unite(ListFile* above, const TakeList& take) { ranges_->unite(above, take); }

 private:
  Parts::Limits limits_of_parts() const {
    const std::size_t per_point = bytes_per_point(settings_) + sizeof(RecordName) +
                                  sizeof(const std::byte*) + context_.format.code_bytes;
    return context_.limits(per_point, bytes_of_leaf(settings_, points_.records.count));
  }

  /// Leaves for points that are in several parts.  Where one part sees what is beyond another's
  /// leaf, thirds do, three times as many of them together, and leave more room to codes; but not
  /// where a leaf finds the nearest only, nor above layer 0, where it finds ways to others.
  void make_leaves_of_parts(std::size_t overlap) {
    PartitionSettings& partition = settings_.partition;
    if (settings_.rule_last || settings_.bridges) {
      partition.fanout = std::max<std::size_t>(2, 3 * partition.fanout / (2 * overlap));
      return;
    }
    settings_ = whole_;
    partition.fanout = std::max<std::size_t>(2, 3 * partition.fanout / overlap);
    partition.leaf_size /= 3;
    context_.shrink_leaves(settings_, context_.memory_bytes / 8);
  }

  /// About what a part of so many points has in the memory of a team.
  std::size_t shared_bytes(std::size_t count) const {
    return PointsBlock::bytes(context_.format, count) + count * bytes_per_point(settings_) +
           LinkTable::kLocks * sizeof(std::atomic<std::uint32_t>);
  }

  void link_part(SpillFile& file, std::size_t count) {
    const codes::Format& format = context_.format;
    std::byte* const shared =
        team_ != nullptr ? team_->share(PointsBlock::bytes(format, count)) : nullptr;
    std::optional<Block> own;
    if (shared == nullptr) own.emplace(PointsBlock::bytes(format, count), context_.memory);
    std::byte* const block = shared != nullptr ? shared : own->data();
    std::byte* code = PointsBlock::begin(block, format, count);
    std::pmr::vector<std::uint32_t> places(count, context_.memory);
    for (std::uint32_t& place : places) {
      place = static_cast<std::uint32_t>(read_value<RecordName>(file));
      file.read({code, format.code_bytes});
      code += format.code_bytes;
    }
    const PointsBlock points(block);
    const auto take = [&](const LinkTable& table, PointOrder order) {
      for (std::size_t i = 0; i < count; ++i) {
        if (i % kBetweenInterrupts == 0) watch_.interrupt();
        chosen_.clear();
        for (const LinkEntry& entry : table.list(i)) {
          const std::uint32_t other = places[order[node_of(entry.link)]];
          const Link link = make_link(other, kept_by_rule(entry.link), false);
          chosen_.push_back({entry.distance, link});
        }
        // As they were, unless some are equally far.
        if (!std::ranges::is_sorted(chosen_, nearer)) std::ranges::sort(chosen_, nearer);
        const std::uint32_t place = places[order[i]];
        ranges_->add(place, chosen_);
      }
    };
    link_points(format, {points.codes(), block, shared != nullptr ? team_ : nullptr}, settings_,
                rng_, watch_.interrupt, context_.memory, nullptr, take);
    if (shared != nullptr) team_->free_points();
  }

  const SpillContext& context_;
  const SpilledPoints& points_;
  Rng& rng_;
  const Watch& watch_;
  Team* team_;
  const LinkSettings whole_;  // if memory were no matter
  LinkSettings settings_;
  std::optional<ListRanges> ranges_;
  std::vector<LinkEntry> chosen_;
};

}  // namespace

std::uint32_t SpilledPoints::place(NodeId node) const {
  if (nodes == nullptr) return node;
  return static_cast<std::uint32_t>(std::ranges::lower_bound(*nodes, node) - nodes->begin());
}

std::size_t SpillContext::most_files() const {
  return std::max(kFewestFiles, memory_bytes / 8 / spill.file_bytes());
}

Parts::Limits SpillContext::limits(std::size_t bytes_per_record, std::size_t fixed) const {
  // A leaf's codes and what else does not grow; the files of one cut and of the ranges.
  fixed += (std::size_t{1} << 20) + 2000 * std::size_t{format.code_bytes};
  const std::size_t rest = memory_bytes / 4 * 3 - std::min(memory_bytes / 2, fixed);
  return {std::max(rest / bytes_per_record, kFewestRecords), most_files(), memory_bytes / 8};
}

void SpillContext::shrink_leaves(LinkSettings& settings, std::size_t bytes) {
  PartitionSettings& partition = settings.partition;
  while (partition.most > kFewestMembers && bytes_of_leaf(settings, partition.most) > bytes) {
    partition.most -= partition.most / 8;
  }
  const std::size_t wanted = partition.leaf_size;
  partition.leaf_size = std::min(wanted, partition.most / 2);
  partition.fanout = (partition.fanout * wanted + partition.leaf_size / 2) / partition.leaf_size;
}

void link_spilled(const SpillContext& context, const SpilledPoints& points, ListFile* above,
                  Rng& rng, const Watch& watch, Team* team, const TakeList& take) {
  Linker linker(context, points, rng, watch, team);
  linker.link_parts();
  if (above != nullptr) above->rewind();
  linker.unite(above, take);
}

}  // namespace vec::hnsw::bulk

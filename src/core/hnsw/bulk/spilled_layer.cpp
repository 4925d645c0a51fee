#include "core/hnsw/bulk/spilled_layer.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/unite_block.h"

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

struct ListHeader {
  std::uint32_t name;
  std::uint32_t count;
};

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
        settings_(whole_),
        united_(settings_.held) {
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
      united_ = std::max(united_, std::min(overlap * settings_.links, LinkTable::kMostHeld));
    }
    Parts parts(context_.format, limits, context_.spill, rng_, watch_.interrupt, context_.memory);
    make_ranges(cut ? 2 * overlap : 1);
    if (team_ != nullptr) team_->reserve(shared_bytes(std::min(count, limits.records)));
    parts.visit(points_.records, overlap, true,
                [this](SpillFile& file, std::size_t records) { link_part(file, records); });
    if (team_ != nullptr) team_->release();
  }

  void unite(ListFile* above, const TakeList& take) {
    if (team_ != nullptr) team_->reserve(shared_bytes_of_ranges());
    for (std::size_t r = 0; r < ranges_.size(); ++r) {
      const std::size_t first = std::min(r * range_size_, points_.records.count);
      const std::size_t end = std::min(first + range_size_, points_.records.count);
      unite_range(ranges_[r], first, end, above, take);
    }
    if (team_ != nullptr) team_->release();
  }

 private:
  /// Lists of some points, as they come from the parts.
  struct Range {
    SpillFile* file;
    std::size_t lists;
    std::size_t entries;  // of these
  };
  /// Lists that the points of a range have on the layer above.
  struct Above {
    std::vector<std::pair<std::size_t, std::size_t>> lists;  // point and length
    std::vector<LinkEntry> entries;
  };

  Parts::Limits limits_of_parts() const {
    const std::size_t per_point = bytes_per_point(settings_) + sizeof(RecordName) +
                                  sizeof(const std::byte*) + context_.format.code_bytes;
    return context_.limits(per_point, bytes_of_leaf(settings_, points_.records.count));
  }

  /// Leaves for points that are in several parts.  Where one part sees what is beyond another's
  /// leaf, thirds do, three times as many of them together, and leave more room to codes; but not
  /// where a leaf finds the nearest only, nor above layer 0, where it finds ways to others.
  void make_leaves_of_parts(std::size_t overlap) {
    settings_ = whole_;
    PartitionSettings& partition = settings_.partition;
    if (settings_.rule_last || settings_.bridges) {
      context_.shrink_leaves(settings_, context_.memory_bytes / 4);
      partition.fanout = std::max<std::size_t>(2, 3 * partition.fanout / (2 * overlap));
      return;
    }
    partition.fanout = std::max<std::size_t>(2, 3 * partition.fanout / overlap);
    partition.leaf_size /= 3;
    context_.shrink_leaves(settings_, context_.memory_bytes / 8);
  }

  /// Files for lists, each for so many points that their lists can be united in memory.
  /// parts   that a point is in at most, but for few, where parts were cut again
  void make_ranges(std::size_t parts) {
    const std::size_t count = points_.records.count;
    const UniteBlock::Size of_thousand{1000, 1000 * parts, 1000 * parts * settings_.links};
    const std::size_t list_bytes = UniteBlock::bytes(of_thousand, settings_.links) / 1000 + 1;
    const std::size_t per_range =
        std::max<std::size_t>(context_.memory_bytes / 4 * 3 / list_bytes, kFewestRecords);
    const std::size_t ranges =
        std::clamp<std::size_t>((count + per_range - 1) / per_range, 1, context_.most_files());
    range_size_ = (count + ranges - 1) / ranges;
    for (std::size_t i = 0; i < ranges; ++i) ranges_.push_back({context_.spill.create(), 0, 0});
  }

  void unite_range(const Range& range, std::size_t first, std::size_t end, ListFile* above,
                   const TakeList& take) {
    Above from_above;
    if (above != nullptr) read_above(*above, first, end, from_above);
    const UniteBlock::Size size{end - first, range.lists + from_above.lists.size(),
                                range.entries + from_above.entries.size()};
    const std::size_t bytes = UniteBlock::bytes(size, settings_.links);
    std::byte* const shared = share_without_points(bytes);
    std::optional<Block> own;
    if (shared == nullptr) own.emplace(bytes, context_.memory);
    std::byte* const block = shared != nullptr ? shared : own->data();
    UniteBlock::write(block, size, settings_.links, united_);
    UniteBlock lists(block);
    range.file->rewind();
    for (std::size_t i = 0; i < range.lists; ++i) {
      if (i % kBetweenInterrupts == 0) watch_.interrupt();
      const auto header = read_value<ListHeader>(*range.file);
      range.file->read(std::as_writable_bytes(lists.add(header.name - first, header.count)));
    }
    context_.spill.remove(range.file);
    auto entry = from_above.entries.begin();
    for (const auto& [place, length] : from_above.lists) {
      std::copy_n(entry, length, lists.add(place - first, length).begin());
      entry += static_cast<std::ptrdiff_t>(length);
    }
    if (shared != nullptr) team_->start(Task::kUnite);
    lists.work(watch_.interrupt);
    if (shared != nullptr) team_->wait();
    for (std::size_t place = first; place < end; ++place) {
      if (place % kBetweenInterrupts == 0) watch_.interrupt();
      chosen_.clear();
      for (const LinkEntry& it : lists.list(place - first)) {
        const Link link = make_link(points_.node(node_of(it.link)), kept_by_rule(it.link), false);
        chosen_.push_back({it.distance, link});
      }
      take(place, chosen_);
    }
    if (shared != nullptr) team_->free_points();
  }

  /// A block for a task that asks for no codes, or null.
  std::byte* share_without_points(std::size_t bytes) {
    if (team_ == nullptr) return nullptr;
    std::byte* const points = team_->share(PointsBlock::bytes(context_.format, 0));
    if (points == nullptr) return nullptr;
    PointsBlock::begin(points, context_.format, 0);
    std::byte* const block = team_->share(bytes);
    if (block == nullptr) team_->free_points();
    return block;
  }

  /// The lists of the points from `first` to `end`, as they are linked here.
  void read_above(ListFile& above, std::size_t first, std::size_t end, Above& read) {
    for (std::size_t place = first; place < end; ++place) {
      if (place % kBetweenInterrupts == 0) watch_.interrupt();
      const std::size_t before = read.entries.size();
      for (const LinkEntry& entry : above.list_of(points_.node(place))) {
        read.entries.push_back({entry.distance, points_.place(node_of(entry.link)) | kKeptByRule});
      }
      if (read.entries.size() == before) continue;
      std::sort(read.entries.begin() + static_cast<std::ptrdiff_t>(before), read.entries.end(),
                nearer);
      read.lists.emplace_back(place, read.entries.size() - before);
    }
  }

  /// About what the largest range has in the memory of a team: the layer above adds few lists.
  std::size_t shared_bytes_of_ranges() const {
    std::size_t most = 0;
    for (const Range& range : ranges_) {
      const UniteBlock::Size size{range_size_, range.lists, range.entries};
      most = std::max(most, UniteBlock::bytes(size, settings_.links));
    }
    return PointsBlock::bytes(context_.format, 0) + most + most / 8;
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
        Range& range = ranges_[place / range_size_];
        append_list(*range.file, place, chosen_);
        ++range.lists;
        range.entries += chosen_.size();
      }
    };
    link_points(format, {points.codes(), block, shared != nullptr ? team_ : nullptr}, settings_,
                rng_, watch_.interrupt, context_.memory, nullptr, take);
    if (shared != nullptr) team_->free_points();
  }

  static void append_list(SpillFile& file, std::uint32_t name, std::span<const LinkEntry> list) {
    file.append(bytes_of(ListHeader{name, static_cast<std::uint32_t>(list.size())}));
    file.append(std::as_bytes(list));
  }

  const SpillContext& context_;
  const SpilledPoints& points_;
  Rng& rng_;
  const Watch& watch_;
  Team* team_;
  const LinkSettings whole_;  // if memory were no matter
  LinkSettings settings_;
  std::size_t united_;  // links of a list in which those of all parts come together
  std::size_t range_size_ = 0;
  std::vector<Range> ranges_;  // of so many points
  std::vector<LinkEntry> chosen_;
};

}  // namespace

void ListFile::append(NodeId node, std::span<const LinkEntry> list) {
  file_->append(bytes_of(ListHeader{node, static_cast<std::uint32_t>(list.size())}));
  file_->append(std::as_bytes(list));
  ++lists_;
}

void ListFile::append_kept(NodeId node, std::span<const LinkEntry> list) {
  list_.clear();
  std::ranges::copy_if(list, std::back_inserter(list_),
                       [](const LinkEntry& entry) { return kept_by_rule(entry.link); });
  if (!list_.empty()) append(node, list_);
}

void ListFile::rewind() {
  file_->rewind();
  unread_ = lists_;
  next_ = 0;
  has_next_ = false;
}

std::span<const LinkEntry> ListFile::list_of(NodeId node) {
  while (!has_next_ || next_ < node) {
    if (unread_ == 0) return {};
    --unread_;
    const auto header = read_value<ListHeader>(*file_);
    list_.resize(header.count);
    file_->read(std::as_writable_bytes(std::span(list_)));
    next_ = header.name;
    has_next_ = true;
  }
  if (next_ != node) return {};
  return list_;
}

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

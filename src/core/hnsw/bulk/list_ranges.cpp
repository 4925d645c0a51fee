#include "core/hnsw/bulk/list_ranges.h"

#include <algorithm>
#include <optional>

#include "core/hnsw/bulk/link_points.h"
#include "core/hnsw/bulk/unite_block.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::size_t kBetweenInterrupts = 1024;
/// Points that a range has at least, and down to which it is halved if there are too many lists.
constexpr std::size_t kFewestPlanned = 1000;
constexpr std::size_t kFewest = 100;

}  // namespace

ListRanges::ListRanges(const SpillContext& context, const SpilledPoints& points,
                       const Settings& settings, const Watch& watch, Team* team)
    : context_(context), points_(points), settings_(settings), watch_(watch), team_(team) {
  const std::size_t count = points.records.count;
  const UniteBlock::Size of_thousand{1000, 1000 * settings.parts,
                                     1000 * settings.parts * settings.links};
  const std::size_t list_bytes = UniteBlock::bytes(of_thousand, settings.links) / 1000 + 1;
  const std::size_t per_range = std::max(memory_of_range() / list_bytes, kFewestPlanned);
  const std::size_t ranges =
      std::clamp<std::size_t>((count + per_range - 1) / per_range, 1, context.most_files());
  range_size_ = (count + ranges - 1) / ranges;
  for (std::size_t i = 0; i < ranges; ++i) ranges_.push_back({context.spill.create(), 0, 0});
}

void ListRanges::add(std::uint32_t place, std::span<const LinkEntry> list) {
  append(ranges_[place / range_size_], place, list);
}

void ListRanges::append(Range& range, std::uint32_t place, std::span<const LinkEntry> list) {
  append_list(*range.file, place, list);
  ++range.lists;
  range.entries += list.size();
}

void ListRanges::unite(ListFile* above, const TakeList& take) {
  if (team_ != nullptr) team_->reserve(shared_bytes());
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    const std::size_t first = std::min(r * range_size_, points_.records.count);
    const std::size_t end = std::min(first + range_size_, points_.records.count);
    unite_range(ranges_[r], first, end, above, take);
  }
  ranges_.clear();
  if (team_ != nullptr) team_->release();
}

/// Those of the points from `first` to `end`.
void ListRanges::unite_range(const Range& range, std::size_t first, std::size_t end,
                             ListFile* above, const TakeList& take) {
  const std::size_t needed =
      UniteBlock::bytes({end - first, range.lists, range.entries}, settings_.links);
  if (needed > memory_of_range() && end - first > 2 * kFewest) {
    const std::size_t middle = first + (end - first) / 2;
    const auto [lower, upper] = halves_of(range, middle);
    unite_range(lower, first, middle, above, take);
    unite_range(upper, middle, end, above, take);
    return;
  }
  Above from_above;
  if (above != nullptr) from_above = read_above(*above, first, end);
  const UniteBlock::Size size{end - first, range.lists + from_above.lists.size(),
                              range.entries + from_above.entries.size()};
  const std::size_t bytes = UniteBlock::bytes(size, settings_.links);
  std::byte* const shared = share_without_points(bytes);
  std::optional<Block> own;
  if (shared == nullptr) own.emplace(bytes, context_.memory);
  std::byte* const block = shared != nullptr ? shared : own->data();
  UniteBlock::write(block, size, settings_.links, settings_.united);
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
    list_.clear();
    for (const LinkEntry& it : lists.list(place - first)) {
      const Link link = make_link(points_.node(node_of(it.link)), kept_by_rule(it.link), false);
      list_.push_back({it.distance, link});
    }
    take(place, list_);
  }
  if (shared != nullptr) team_->free_points();
}

/// A range as two, the second one from the point `middle` on.
std::pair<ListRanges::Range, ListRanges::Range> ListRanges::halves_of(const Range& range,
                                                                      std::size_t middle) {
  std::pair<Range, Range> halves{{context_.spill.create(), 0, 0}, {context_.spill.create(), 0, 0}};
  range.file->rewind();
  for (std::size_t i = 0; i < range.lists; ++i) {
    if (i % kBetweenInterrupts == 0) watch_.interrupt();
    const auto header = read_value<ListHeader>(*range.file);
    list_.resize(header.count);
    range.file->read(std::as_writable_bytes(std::span(list_)));
    append(header.name < middle ? halves.first : halves.second, header.name, list_);
  }
  context_.spill.remove(range.file);
  return halves;
}

/// A block for a task that asks for no codes, or null.
std::byte* ListRanges::share_without_points(std::size_t bytes) {
  if (team_ == nullptr) return nullptr;
  std::byte* const points = team_->share(PointsBlock::bytes(context_.format, 0));
  if (points == nullptr) return nullptr;
  PointsBlock::begin(points, context_.format, 0);
  std::byte* const block = team_->share(bytes);
  if (block == nullptr) team_->free_points();
  return block;
}

/// The lists of the points from `first` to `end`, as they are linked here.
ListRanges::Above ListRanges::read_above(ListFile& above, std::size_t first, std::size_t end) {
  Above read;
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
  return read;
}

/// About what the largest range has in the memory of a team: the layer above adds few lists.
std::size_t ListRanges::shared_bytes() const {
  std::size_t most = 0;
  for (const Range& range : ranges_) {
    const UniteBlock::Size size{range_size_, range.lists, range.entries};
    most = std::max(most, UniteBlock::bytes(size, settings_.links));
  }
  most = std::min(most, memory_of_range());
  return PointsBlock::bytes(context_.format, 0) + most + most / 8;
}

}  // namespace vec::hnsw::bulk

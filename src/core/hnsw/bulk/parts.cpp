#include "core/hnsw/bulk/parts.h"

#include <algorithm>

#include "core/hnsw/bulk/partition.h"

namespace vec::hnsw::bulk {

namespace {

/// Cells to a part that is full.  With more of them each point that is in several parts is nearer
/// to their borders.
constexpr std::size_t kCellsOfPart = 8;
constexpr std::size_t kFewestCells = 8;
/// Records by which the sizes of cells are known beforehand, to each.
constexpr std::size_t kSampled = 64;
constexpr std::size_t kFewestSampled = 4;
/// How full a part is to be; some come out larger than it looked.
constexpr double kFull = 0.85;
/// A cut that leaves a part this large has found nothing to cut by.
constexpr double kHopeless = 0.9;
constexpr std::size_t kLargestChunk = 16384;
constexpr std::size_t kSmallestChunk = 256;

}  // namespace

struct Parts::Cells {
  std::vector<std::vector<std::byte>> sampled;
  std::vector<const std::byte*> codes;  // of these
  LeaderPlaces leaders;
  std::vector<std::uint32_t> part_of;  // each cell
  std::uint32_t parts = 0;
};

void Parts::visit(RecordFile all, std::size_t fanout, bool keep, const Visit& visit) {
  if (would_cut(all.count)) {
    cut(all, fanout, keep, visit);
    return;
  }
  all.file->rewind();
  if (all.count > 0) visit(*all.file, all.count);
  if (!keep) spill_.remove(all.file);
}

void Parts::cut(RecordFile all, std::size_t fanout, bool keep, const Visit& visit) {
  const auto parts = distribute(all, make_cells(all, fanout), fanout);
  if (!keep) spill_.remove(all.file);
  for (const RecordFile part : parts) {
    if (!would_cut(part.count)) {
      this->visit(part, fanout, false, visit);
    } else if (static_cast<double>(part.count) < kHopeless * static_cast<double>(all.count)) {
      cut(part, fanout, false, visit);
    } else {
      part.file->rewind();
      for (std::size_t left = part.count; left > 0;) {
        const std::size_t some = std::min(left, limits_.records);
        visit(*part.file, some);
        left -= some;
      }
      spill_.remove(part.file);
    }
  }
}

/// The codes of `count` of the records, chosen at random.
std::vector<std::vector<std::byte>> Parts::sample(RecordFile all, std::size_t count) {
  std::vector<std::vector<std::byte>> chosen;
  std::vector<std::byte> record(record_bytes());
  all.file->rewind();
  for (std::size_t i = 0; i < all.count && chosen.size() < count; ++i) {
    if (i % kSmallestChunk == 0) interrupt_();
    all.file->read(record);
    if (rng_.below(all.count - i) >= count - chosen.size()) continue;
    chosen.emplace_back(record.begin() + sizeof(RecordName), record.end());
  }
  return chosen;
}

Parts::Cells Parts::make_cells(RecordFile all, std::size_t fanout) {
  const std::size_t wanted = std::max(kFewestCells, kCellsOfPart * all.count / limits_.records);
  const std::size_t fewest = kFewestCells * kFewestSampled;
  const std::size_t most = std::max(fewest, limits_.bytes / record_bytes());
  Cells cells;
  cells.sampled = sample(all, std::clamp(wanted * kSampled, fewest, most));
  for (const auto& code : cells.sampled) cells.codes.push_back(code.data());
  const std::size_t sampled = cells.sampled.size();
  const std::size_t count = std::min(wanted, std::max<std::size_t>(1, sampled / kFewestSampled));
  cells.leaders = choose_leaders(sampled, count, rng_);

  fanout = std::min(fanout, count);
  std::vector<std::uint32_t> choices(sampled * fanout);
  Leaders(format_, cells.codes, cells.leaders.leaders, cells.leaders.supers, interrupt_)
      .assign(cells.codes, fanout, choices.data());
  std::vector<std::vector<std::uint32_t>> members(count);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == kNoLeader) continue;
    members[choices[i]].push_back(static_cast<std::uint32_t>(i / fanout));
  }
  double full = kFull * static_cast<double>(limits_.records) * static_cast<double>(sampled) /
                static_cast<double>(all.count);
  for (group(members, sampled, full, cells); cells.parts > limits_.files;) {
    full *= 1.25;
    group(members, sampled, full, cells);
  }
  return cells;
}

/// Makes parts of as many cells, one after the other, as have no more than `full` members together.
void Parts::group(const std::vector<std::vector<std::uint32_t>>& members, std::size_t sampled,
                  double full, Cells& cells) {
  cells.part_of.clear();
  cells.parts = 0;
  std::size_t size = 0;
  std::vector<std::uint32_t> counted(sampled, 0);  // parts there were when it was counted last
  for (const auto& cell : members) {
    const auto more = std::ranges::count_if(
        cell, [&](std::uint32_t member) { return counted[member] != cells.parts; });
    size += static_cast<std::size_t>(more);
    if (cells.parts == 0 || static_cast<double>(size) > full) {
      ++cells.parts;
      size = cell.size();
    }
    for (const std::uint32_t member : cell) counted[member] = cells.parts;
    cells.part_of.push_back(cells.parts - 1);
  }
}

std::vector<RecordFile> Parts::distribute(RecordFile all, const Cells& cells, std::size_t fanout) {
  Leaders assigner(format_, cells.codes, cells.leaders.leaders, cells.leaders.supers, interrupt_);
  fanout = std::min(fanout, cells.part_of.size());
  std::vector<RecordFile> parts(cells.parts);
  for (RecordFile& part : parts) part = {spill_.create(), 0};
  const std::size_t most =
      std::clamp(limits_.bytes / record_bytes(), kSmallestChunk, kLargestChunk);
  std::pmr::vector<std::byte> records(std::min(most, all.count) * record_bytes(), memory_);
  std::vector<const std::byte*> codes;
  std::vector<std::uint32_t> choices;
  all.file->rewind();
  for (std::size_t left = all.count; left > 0;) {
    interrupt_();
    const std::size_t size = std::min(left, most);
    left -= size;
    const std::span<std::byte> chunk(records.data(), size * record_bytes());
    all.file->read(chunk);
    codes.clear();
    for (std::size_t i = 0; i < size; ++i) {
      codes.push_back(chunk.data() + i * record_bytes() + sizeof(RecordName));
    }
    choices.resize(size * fanout);
    assigner.assign(codes, fanout, choices.data());
    for (std::size_t i = 0; i < size; ++i) {
      const std::span<std::uint32_t> own(choices.data() + i * fanout, fanout);
      for (std::size_t k = 0; k < fanout; ++k) {
        if (own[k] == kNoLeader) continue;
        own[k] = cells.part_of[own[k]];
        if (std::ranges::count(own.first(k), own[k]) > 0) continue;
        parts[own[k]].file->append(chunk.subspan(i * record_bytes(), record_bytes()));
        ++parts[own[k]].count;
      }
    }
  }
  return parts;
}

}  // namespace vec::hnsw::bulk

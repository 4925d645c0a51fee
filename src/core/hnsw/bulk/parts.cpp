#include "core/hnsw/bulk/parts.h"

#include <algorithm>

#include "core/hnsw/bulk/partition.h"

namespace vec::hnsw::bulk {

namespace {

/// Cells to a part that is full.  With more of them each point is nearer to the borders of its
/// parts, but in fewer of these.
constexpr std::size_t kCellsOfPart = 16;
constexpr std::size_t kFewestCells = 8;
/// Records by which the sizes of cells are known beforehand, to each.
constexpr std::size_t kSampled = 64;
constexpr std::size_t kFewestSampled = 4;
/// What such a record takes beside itself: its places in lists, and what memory is given out in.
constexpr std::size_t kSampledBytes = 128;
/// How full a part is to be; some come out larger than it looked.
constexpr double kFull = 0.85;
/// A cut that leaves a part this large has found nothing to cut by.
constexpr double kHopeless = 0.9;
constexpr std::uint32_t kNoPart = 0xFFFFFFFF;
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
  const std::size_t most = std::max(fewest, limits_.bytes / (record_bytes() + kSampledBytes));
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

/// Makes parts of as many cells as have no more than `full` members together.  The next cell of a
/// part is the one that has most of its members there already: what is in one part twice is written
/// and linked once.
void Parts::group(const std::vector<std::vector<std::uint32_t>>& members, std::size_t sampled,
                  double full, Cells& cells) {
  const std::size_t count = members.size();
  std::vector<std::vector<std::uint32_t>> cells_of(sampled);
  for (std::uint32_t cell = 0; cell < count; ++cell) {
    for (const std::uint32_t member : members[cell]) cells_of[member].push_back(cell);
  }
  cells.part_of.assign(count, kNoPart);
  cells.parts = 0;
  std::vector<std::uint32_t> part_of(sampled, kNoPart);  // the last one that a member came to
  std::vector<std::uint32_t> there(count);               // members that are in the part
  const auto best_cell = [&](std::size_t first) {
    std::size_t best = first;
    double best_share = 0;
    for (std::size_t cell = first; cell < count; ++cell) {
      if (cells.part_of[cell] != kNoPart || there[cell] == 0) continue;
      const double share =
          static_cast<double>(there[cell]) / static_cast<double>(members[cell].size());
      if (share > best_share) {
        best_share = share;
        best = cell;
      }
    }
    return best;
  };
  std::size_t first = 0;  // cell that has no part
  for (std::uint32_t part = 0; first < count; ++part) {
    interrupt_();
    cells.parts = part + 1;
    std::ranges::fill(there, 0);
    std::size_t size = 0;
    for (std::size_t cell = first; cell < count; cell = best_cell(first)) {
      const std::size_t more = members[cell].size() - there[cell];
      if (size > 0 && static_cast<double>(size + more) > full) break;
      size += more;
      cells.part_of[cell] = part;
      for (const std::uint32_t member : members[cell]) {
        if (part_of[member] == part) continue;
        part_of[member] = part;
        for (const std::uint32_t other : cells_of[member]) ++there[other];
      }
      while (first < count && cells.part_of[first] != kNoPart) ++first;
    }
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

#include "core/hnsw/bulk/parts.h"

#include <algorithm>

#include "core/hnsw/bulk/partition.h"

namespace vec::hnsw::bulk {

namespace {

/// Some leaders get several times as many points as others.
constexpr std::size_t kSlack = 2;
/// With fewer, a cut into overlapping parts makes them hardly smaller.
constexpr std::size_t kFewestParts = 4;
/// A cut that leaves a part this large has found nothing to cut by.
constexpr double kHopeless = 0.9;
constexpr std::size_t kLargestChunk = 16384;
constexpr std::size_t kSmallestChunk = 256;

}  // namespace

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
  const std::size_t wanted = (all.count * fanout * kSlack + limits_.records - 1) / limits_.records;
  const std::size_t count = std::clamp(wanted, kFewestParts, std::max(kFewestParts, limits_.files));
  const auto parts = distribute(all, sample(all, count), fanout);
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

std::vector<RecordFile> Parts::distribute(RecordFile all,
                                          const std::vector<std::vector<std::byte>>& leaders,
                                          std::size_t fanout) {
  std::vector<const std::byte*> codes;
  codes.reserve(leaders.size());
  for (const auto& leader : leaders) codes.push_back(leader.data());
  const LeaderPlaces places = choose_leaders(codes.size(), codes.size(), rng_);
  Leaders assigner(format_, codes, places.leaders, places.supers, interrupt_);

  std::vector<RecordFile> parts(leaders.size());
  for (RecordFile& part : parts) part = {spill_.create(), 0};
  const std::size_t most =
      std::clamp(limits_.bytes / record_bytes(), kSmallestChunk, kLargestChunk);
  std::pmr::vector<std::byte> records(std::min(most, all.count) * record_bytes(), memory_);
  std::vector<std::uint32_t> choices;
  fanout = std::min(fanout, leaders.size());
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
      for (std::size_t k = 0; k < fanout; ++k) {
        const std::uint32_t choice = choices[i * fanout + k];
        if (choice == kNoLeader) continue;
        parts[choice].file->append(chunk.subspan(i * record_bytes(), record_bytes()));
        ++parts[choice].count;
      }
    }
  }
  return parts;
}

}  // namespace vec::hnsw::bulk

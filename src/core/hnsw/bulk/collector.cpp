#include "core/hnsw/bulk/collector.h"

#include <algorithm>
#include <cstring>

#include "core/codes/value.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/reconnect.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::size_t kFirstSlots = 1024;

/// Good enough for equal codes to be found; nobody can gain by making them collide more than by
/// inserting equal ones.
std::uint32_t hash_of(std::span<const std::byte> code) {
  std::uint64_t hash = code.size();
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= code.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, code.data() + i, sizeof word);
    mix(word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, code.data() + i, code.size() - i);
  mix(rest);
  return static_cast<std::uint32_t>(hash);
}

}  // namespace

Collector::Collector(MemoryGraph& graph, std::pmr::memory_resource* memory, std::uint64_t seed)
    : graph_(graph),
      memory_(memory),
      slots_(kFirstSlots, Slot{0, kEmpty}, memory),
      copies_(memory),
      rng_(seed) {}

std::span<const std::byte> Collector::code_at(std::uint32_t place) const {
  if ((place & kCopies) != 0) return graph_.code(copies_[place & ~kCopies].of);
  return graph_.code(place);
}

/// The slot of the code, or the empty one where it belongs.
Collector::Slot* Collector::find(std::uint32_t hash, std::span<const std::byte> code) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.place == kEmpty) return &slot;
    if (slot.hash == hash && std::ranges::equal(code_at(slot.place), code)) return &slot;
  }
}

void Collector::grow() {
  std::pmr::vector<Slot> old(slots_.size() * 2, Slot{0, kEmpty}, memory_);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.place == kEmpty) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].place != kEmpty) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void Collector::add(std::span<const std::byte> code, RowId row) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const std::uint32_t hash = hash_of(code);
  Slot* const slot = find(hash, code);
  if (slot->place == kEmpty) {
    const int level = draw_level(rng_.uniform(), graph_.params().m);
    *slot = {hash, graph_.add_unlinked(level, code, row)};
    ++used_;
    return;
  }
  const bool copies = (slot->place & kCopies) != 0;
  if (copies) {
    Copies& group = copies_[slot->place & ~kCopies];
    if (group.count < group.rows.size()) {
      group.rows[group.count++] = row;
      return;
    }
  } else if (graph_.add_row(slot->place, graph_.generation(slot->place), row)) {
    return;
  }
  const NodeId of = copies ? copies_[slot->place & ~kCopies].of : slot->place;
  slot->place = kCopies | static_cast<std::uint32_t>(copies_.size());
  copies_.push_back({of, graph_.code(of).data(), {row}, 1});
}

void Collector::insert_copies() {
  InsertScratch scratch;
  const codes::Format& format = graph_.format();
  for (const Copies& group : copies_) {
    const std::span<const std::byte> code(group.code, codes::code_size(format, group.code));
    const codes::Query query = codes::Query::of_code(format, group.code);
    const NodeId next = graph_.node_count();
    for (std::uint32_t i = 0; i < group.count; ++i) {
      if (graph_.node_count() > next &&
          graph_.add_row(next, graph_.generation(next), group.rows[i])) {
        continue;
      }
      insert(graph_, query, code, group.rows[i], draw_level(rng_.uniform(), graph_.params().m),
             scratch, memory_);
    }
  }
}

void Collector::finish(const Watch& watch, Team* team) {
  slots_ = std::pmr::vector<Slot>(memory_);
  link_all(graph_, watch, memory_, team);
  insert_copies();
  watch.phase(Phase::kReachability);
  reconnect(graph_, memory_);
}

std::size_t Collector::bytes() const {
  return graph_.bytes() +
         graph_.node_count() *
             bytes_per_node(graph_.format(), graph_.params(), graph_.node_count()) +
         fixed_bytes(graph_.format(), graph_.params(), graph_.node_count()) +
         slots_.size() * sizeof(Slot) + copies_.capacity() * sizeof(Copies);
}

}  // namespace vec::hnsw::bulk

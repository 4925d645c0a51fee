#include "core/hnsw/bulk/team.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/codes/query.h"
#include "core/hnsw/bulk/choose_best.h"
#include "core/hnsw/bulk/leaf.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::size_t kAlignment = 64;
/// Points that are assigned at a time: enough to fill the panels of all groups of leaders.
constexpr std::size_t kChunk = 16384;
/// Lists that are cut at a time.
constexpr std::size_t kListsChunk = 1024;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct PointsHeader {
  codes::Format format;
  std::uint64_t count;
};

template <class T>
T* at(std::byte* block, std::size_t offset) {
  return reinterpret_cast<T*>(block + offset);
}

}  // namespace

std::size_t PointsBlock::bytes(const codes::Format& format, std::size_t points) {
  return aligned(sizeof(PointsHeader)) + points * format.code_bytes;
}

std::byte* PointsBlock::begin(std::byte* block, const codes::Format& format, std::size_t points) {
  new (block) PointsHeader{format, points};
  return block + aligned(sizeof(PointsHeader));
}

void PointsBlock::write(std::byte* block, const codes::Format& format, Codes points) {
  std::byte* to = begin(block, format, points.size());
  for (const std::byte* code : points) {
    std::memcpy(to, code, format.code_bytes);
    to += format.code_bytes;
  }
}

PointsBlock::PointsBlock(const std::byte* block) {
  PointsHeader header;
  std::memcpy(&header, block, sizeof header);
  format_ = header.format;
  codes_.resize(header.count);
  const std::byte* code = block + aligned(sizeof(PointsHeader));
  for (const std::byte*& place : codes_) {
    place = code;
    code += format_.code_bytes;
  }
}

struct AssignBlock::Header {
  std::uint64_t points, leaders, supers, fanout;
  std::atomic<std::uint32_t> next;  // chunk
};

AssignBlock::Header& AssignBlock::header() const { return *at<Header>(block_, 0); }
std::uint32_t* AssignBlock::numbers() const {
  return at<std::uint32_t>(block_, aligned(sizeof(Header)));
}

std::size_t AssignBlock::bytes(std::size_t points, const LeaderPlaces& places, std::size_t fanout) {
  return aligned(sizeof(Header)) +
         (places.leaders.size() + places.supers.size() + points * fanout) * sizeof(std::uint32_t);
}

void AssignBlock::write(std::byte* block, std::size_t points, const LeaderPlaces& places,
                        std::size_t fanout) {
  new (block) Header{points, places.leaders.size(), places.supers.size(), fanout, {0}};
  std::uint32_t* const numbers = AssignBlock(block).numbers();
  std::ranges::copy(places.supers, std::ranges::copy(places.leaders, numbers).out);
}

std::span<const std::uint32_t> AssignBlock::choices() const {
  const Header& it = header();
  return {numbers() + it.leaders + it.supers, it.points * it.fanout};
}

void AssignBlock::work(const codes::Format& format, Codes points,
                       const std::function<void()>& interrupt) {
  Header& it = header();
  std::uint32_t* const first = numbers();
  std::uint32_t* const choices = first + it.leaders + it.supers;
  Leaders leaders(format, points, {first, it.leaders}, {first + it.leaders, it.supers}, interrupt);
  for (;;) {
    const std::size_t start = std::size_t{it.next.fetch_add(1)} * kChunk;
    if (start >= it.points) return;
    const std::size_t size = std::min(kChunk, it.points - start);
    leaders.assign(points.subspan(start, size), it.fanout, choices + start * it.fanout);
  }
}

struct LeavesBlock::Header {
  std::uint64_t points, leaves, members;
  Settings settings;
  std::atomic<std::uint32_t> next;        // leaf
  std::atomic<std::uint32_t> next_chunk;  // of lists
};

struct LeavesBlock::Places {
  std::size_t locks, starts, members, order, bounds, entries, counts, end;
};

LeavesBlock::Places LeavesBlock::places(std::size_t points, std::size_t leaves, std::size_t members,
                                        std::size_t held) {
  Places at{};
  at.locks = aligned(sizeof(Header));
  at.starts = at.locks + aligned(LinkTable::kLocks * sizeof(std::atomic<std::uint32_t>));
  at.members = at.starts + aligned((leaves + 1) * sizeof(std::uint64_t));
  at.order = at.members + aligned(members * sizeof(std::uint32_t));
  at.bounds = at.order + aligned(points * sizeof(std::uint32_t));
  at.entries = at.bounds + aligned(points * sizeof(std::atomic<float>));
  at.counts = at.entries + aligned(points * held * sizeof(LinkEntry));
  at.end = at.counts + points;
  return at;
}

LeavesBlock::Header& LeavesBlock::header() const { return *at<Header>(block_, 0); }
LeavesBlock::Places LeavesBlock::places() const {
  const Header& it = header();
  return places(it.points, it.leaves, it.members, it.settings.held);
}

std::size_t LeavesBlock::bytes(std::size_t points, const Partition& partition,
                               const Settings& settings) {
  return places(points, partition.leaves(), partition.members.size(), settings.held).end;
}

void LeavesBlock::write(std::byte* block, std::size_t points, const Partition& partition,
                        const Settings& settings) {
  new (block) Header{points, partition.leaves(), partition.members.size(), settings, {0}, {0}};
  const Places to = LeavesBlock(block).places();
  std::ranges::copy(partition.starts, at<std::uint64_t>(block, to.starts));
  std::ranges::copy(partition.order, at<std::uint32_t>(block, to.order));
  std::vector<std::uint32_t> rows(points);
  for (std::uint32_t row = 0; row < points; ++row) rows[partition.order[row]] = row;
  auto* const members = at<std::uint32_t>(block, to.members);
  for (std::size_t i = 0; i < partition.members.size(); ++i)
    members[i] = rows[partition.members[i]];
}

LinkTable LeavesBlock::table() const {
  const Places from = places();
  return {{at<LinkEntry>(block_, from.entries), at<std::uint8_t>(block_, from.counts),
           at<std::atomic<std::uint32_t>>(block_, from.locks),
           at<std::atomic<float>>(block_, from.bounds)},
          header().settings.held,
          header().settings.enough};
}

void LeavesBlock::link(const codes::Format& format, Codes points,
                       const std::function<void()>& interrupt) {
  Header& it = header();
  const Places from = places();
  const auto* const starts = at<const std::uint64_t>(block_, from.starts);
  const auto* const members = at<const std::uint32_t>(block_, from.members);
  const auto* const order = at<const std::uint32_t>(block_, from.order);
  LinkTable links = table();
  Leaf leaf(format, it.settings.candidates, it.settings.by_rule, it.settings.bridges != 0);
  std::vector<const std::byte*> codes;
  std::vector<float> bounds;
  for (;;) {
    const std::size_t l = it.next.fetch_add(1);
    if (l >= it.leaves) return;
    const std::span<const std::uint32_t> own(members + starts[l], starts[l + 1] - starts[l]);
    codes.clear();
    bounds.clear();
    for (const std::uint32_t row : own) {
      codes.push_back(points[order[row]]);
      bounds.push_back(links.bound(row));
    }
    leaf.build(own, codes, bounds, interrupt);
    constexpr std::size_t kAhead = 4;
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i + kAhead < own.size()) links.prefetch(own[i + kAhead]);
      links.merge(own[i], leaf.links(i));
    }
  }
}

void LeavesBlock::choose(const codes::Format& format, Codes points,
                         const std::function<void()>& interrupt) {
  Header& it = header();
  const auto* const order = at<const std::uint32_t>(block_, places().order);
  LinkTable links = table();
  const auto between = [&](NodeId a, NodeId b) {
    return codes::pair_distance(format, points[order[a]], points[order[b]]);
  };
  std::vector<LinkEntry> chosen;
  for (;;) {
    const std::size_t first = std::size_t{it.next_chunk.fetch_add(1)} * kListsChunk;
    if (first >= it.points) return;
    interrupt();
    for (std::size_t i = first; i < std::min<std::size_t>(first + kListsChunk, it.points); ++i) {
      const std::span<const LinkEntry> list = links.list(i);
      if (list.size() <= it.settings.links) continue;
      choose_best(list, it.settings.links, between, chosen);
      std::ranges::sort(chosen, nearer);
      links.shorten(i, chosen);
    }
  }
}

void help(Task task, const PointsBlock& points, std::byte* block,
          const std::function<void()>& interrupt) {
  switch (task) {
    case Task::kNone:
      break;
    case Task::kAssign:
      AssignBlock(block).work(points.format(), points.codes(), interrupt);
      break;
    case Task::kLeaves:
      LeavesBlock(block).link(points.format(), points.codes(), interrupt);
      break;
    case Task::kChoose:
      LeavesBlock(block).choose(points.format(), points.codes(), interrupt);
      break;
  }
}

}  // namespace vec::hnsw::bulk

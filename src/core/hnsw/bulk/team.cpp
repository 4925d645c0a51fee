#include "core/hnsw/bulk/team.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/hnsw/bulk/leaves_block.h"
#include "core/hnsw/bulk/unite_block.h"

namespace vec::hnsw::bulk {

namespace {

/// Points that are assigned at a time: so few that all have something to do until the end, and of
/// many points enough to fill the panels of all groups of leaders.
std::size_t chunk_of(std::size_t points) {
  return std::clamp<std::size_t>(points / 16, 256, 16384);
}

struct PointsHeader {
  codes::Format format;
  std::uint64_t count;
};

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

void PointsBlock::reorder(std::byte* block, std::span<const std::uint32_t> order) {
  PointsHeader header;
  std::memcpy(&header, block, sizeof header);
  const std::size_t size = header.format.code_bytes;
  std::byte* const codes = block + aligned(sizeof(PointsHeader));
  std::vector<bool> done(order.size());
  std::vector<std::byte> first(size);
  for (std::size_t start = 0; start < order.size(); ++start) {
    if (done[start]) continue;
    // Along the cycle: each takes the code of the next, the last one that of the first.
    std::memcpy(first.data(), codes + start * size, size);
    std::size_t place = start;
    for (; order[place] != start; place = order[place]) {
      std::memcpy(codes + place * size, codes + order[place] * size, size);
      done[place] = true;
    }
    std::memcpy(codes + place * size, first.data(), size);
    done[place] = true;
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
  const std::size_t chunk = chunk_of(it.points);
  for (;;) {
    const std::size_t start = std::size_t{it.next.fetch_add(1)} * chunk;
    if (start >= it.points) return;
    const std::size_t size = std::min(chunk, it.points - start);
    leaders.assign(points.subspan(start, size), it.fanout, choices + start * it.fanout);
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
    case Task::kFindLinks:
    case Task::kAskRule:
    case Task::kLinkBack:
    case Task::kChoose:
      LeavesBlock(block).work(task, points.format(), points.codes(), interrupt);
      break;
    case Task::kUnite:
      UniteBlock(block).work(interrupt);
      break;
  }
}

}  // namespace vec::hnsw::bulk

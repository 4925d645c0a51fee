#include "core/hnsw/bulk/leaves_block.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#include "core/codes/query.h"
#include "core/error.h"
#include "core/hnsw/bulk/choose_best.h"
#include "core/hnsw/bulk/leaf.h"
#include "core/hnsw/bulk/near_leaf.h"

namespace vec::hnsw::bulk {

namespace {

/// Rows that are taken at a time.
constexpr std::size_t kChunk = 256;
/// Lists that are fetched into the cache before they are merged into.
constexpr std::size_t kAhead = 16;
/// Marks a member of a leaf that is in no leaf before.
constexpr std::uint32_t kFirstTime = 0x80000000;

/// The codes of one list, side by side: each is wanted several times, and in memory they are apart.
class CodesOfList {
 public:
  CodesOfList(const codes::Format& format, Codes rows)
      : format_(format), rows_(rows), size_(aligned(format.code_bytes)) {}

  /// The list that is to come next.
  void prefetch(std::span<const LinkEntry> list) const {
    const std::size_t lines = std::min<std::size_t>(size_ / kLine, kMostLines);
    for (const LinkEntry& entry : list) {
      const std::byte* const code = rows_[node_of(entry.link)];
      for (std::size_t line = 0; line < lines; ++line) __builtin_prefetch(code + line * kLine);
    }
  }
  void take(std::span<const LinkEntry> list) {
    if (codes_.size() < list.size() * size_) codes_.resize(list.size() * size_);
    std::byte* to = codes_.data();
    for (const LinkEntry& entry : list) {
      std::memcpy(to, rows_[node_of(entry.link)], format_.code_bytes);
      to += size_;
    }
  }
  /// Of the codes at two places in the list.
  float distance(std::size_t a, std::size_t b) const {
    return codes::pair_distance(format_, codes_.data() + a * size_, codes_.data() + b * size_);
  }

 private:
  static constexpr std::size_t kLine = 64;      // of a cache
  static constexpr std::size_t kMostLines = 4;  // of a code; its other ones follow by themselves

  const codes::Format& format_;
  Codes rows_;
  std::size_t size_;
  std::vector<std::byte> codes_;
};

}  // namespace

struct LeavesBlock::Header {
  std::uint64_t points, leaves, members;
  Settings settings;
  std::atomic<std::uint32_t> next_leaf;
  std::atomic<std::uint32_t> next_asked, next_linked, next_chosen;  // chunks of rows
};

struct LeavesBlock::Places {
  std::size_t locks, starts, members, bounds, entries, counts, end;
};

LeavesBlock::Places LeavesBlock::places(std::size_t points, std::size_t leaves, std::size_t members,
                                        std::size_t held) {
  Places at{};
  at.locks = aligned(sizeof(Header));
  at.starts = at.locks + aligned(LinkTable::kLocks * sizeof(std::atomic<std::uint32_t>));
  at.members = at.starts + aligned((leaves + 1) * sizeof(std::uint64_t));
  at.bounds = at.members + aligned(members * sizeof(std::uint32_t));
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
  new (block)
      Header{points, partition.leaves(), partition.members.size(), settings, {0}, {0}, {0}, {0}};
  const Places to = LeavesBlock(block).places();
  std::ranges::copy(partition.starts, at<std::uint64_t>(block, to.starts));
  std::vector<std::uint32_t> rows(points);
  for (std::uint32_t row = 0; row < points; ++row) rows[partition.order[row]] = row;
  auto* const members = at<std::uint32_t>(block, to.members);
  std::vector<bool> seen(points);
  for (std::size_t i = 0; i < partition.members.size(); ++i) {
    const std::uint32_t row = rows[partition.members[i]];
    members[i] = seen[row] ? row : row | kFirstTime;
    seen[row] = true;
  }
  auto* const bounds = at<std::atomic<float>>(block, to.bounds);
  for (std::size_t i = 0; i < points; ++i) {
    new (bounds + i) std::atomic<float>(std::numeric_limits<float>::infinity());
  }
}

LinkTable LeavesBlock::table() const {
  const Places from = places();
  return {{at<LinkEntry>(block_, from.entries), at<std::uint8_t>(block_, from.counts),
           at<std::atomic<std::uint32_t>>(block_, from.locks),
           at<std::atomic<float>>(block_, from.bounds)},
          header().settings.held};
}

std::span<const Task> LeavesBlock::tasks(const Settings& settings) {
  static constexpr Task kRuleFirst[] = {Task::kFindLinks, Task::kChoose};
  static constexpr Task kRuleLast[] = {Task::kFindLinks, Task::kAskRule, Task::kLinkBack,
                                       Task::kChoose};
  if (settings.rule_last != 0) return kRuleLast;
  return kRuleFirst;
}

template <class Each>
void LeavesBlock::each_leaf(Each each) {
  Header& it = header();
  const Places from = places();
  const auto* const starts = at<const std::uint64_t>(block_, from.starts);
  const auto* const members = at<const std::uint32_t>(block_, from.members);
  for (;;) {
    const std::size_t leaf = it.next_leaf.fetch_add(1);
    if (leaf >= it.leaves) return;
    each(std::span(members + starts[leaf], starts[leaf + 1] - starts[leaf]));
  }
}

void LeavesBlock::find_links(const codes::Format& format, Codes rows,
                             const std::function<void()>& interrupt) {
  const Settings& settings = header().settings;
  LinkTable links = table();
  Leaf leaf(format, settings.candidates, settings.by_rule, settings.bridges != 0);
  std::vector<const std::byte*> codes;
  std::vector<NodeId> members;
  each_leaf([&](std::span<const std::uint32_t> listed) {
    codes.clear();
    members.clear();
    for (const std::uint32_t member : listed) {
      members.push_back(member & ~kFirstTime);
      codes.push_back(rows[members.back()]);
    }
    leaf.build(members, codes, interrupt);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + kAhead < members.size()) links.prefetch(members[i + kAhead]);
      links.merge(members[i], leaf.links(i));
    }
  });
}

void LeavesBlock::find_nearest(const codes::Format& format, Codes rows,
                               const std::function<void()>& interrupt) {
  LinkTable links = table();
  NearLeaf leaf(format, header().settings.held);
  std::vector<const std::byte*> codes;
  std::vector<NearLeaf::Member> members;
  each_leaf([&](std::span<const std::uint32_t> listed) {
    codes.clear();
    members.clear();
    for (const std::uint32_t member : listed) {
      const NodeId row = member & ~kFirstTime;
      codes.push_back(rows[row]);
      members.push_back({row, links.bound(row), (member & kFirstTime) != 0});
    }
    leaf.build(members, codes, interrupt);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + kAhead < members.size()) links.prefetch(members[i + kAhead].node);
      links.merge(members[i].node, leaf.found(i));
    }
  });
}

template <class Each>
void LeavesBlock::each_row(std::atomic<std::uint32_t>& next, const std::function<void()>& interrupt,
                           Each each) {
  const std::size_t rows = header().points;
  for (;;) {
    const std::size_t first = std::size_t{next.fetch_add(1)} * kChunk;
    if (first >= rows) return;
    interrupt();
    for (std::size_t row = first; row < std::min(first + kChunk, rows); ++row) each(row);
  }
}

void LeavesBlock::link_back(const std::function<void()>& interrupt) {
  LinkTable links = table();
  std::vector<LinkEntry> list;
  each_row(header().next_linked, interrupt, [&](std::size_t row) {
    if (row + 1 < header().points) {
      for (const LinkEntry& entry : links.list(row + 1)) {
        if (kept_by_rule(entry.link)) links.prefetch(node_of(entry.link));
      }
    }
    links.copy(row, list);
    for (const LinkEntry& entry : list) {
      if (!kept_by_rule(entry.link)) continue;
      links.merge_marked(node_of(entry.link), {entry.distance, static_cast<NodeId>(row) | kStays});
    }
  });
}

void LeavesBlock::work(Task task, const codes::Format& format, Codes rows,
                       const std::function<void()>& interrupt) {
  Header& it = header();
  LinkTable links = table();
  CodesOfList codes(format, rows);
  std::vector<LinkEntry> list;
  const auto between = [&](std::size_t a, std::size_t b) { return codes.distance(a, b); };
  switch (task) {
    case Task::kFindLinks:
      if (it.settings.rule_last != 0) {
        find_nearest(format, rows, interrupt);
      } else {
        find_links(format, rows, interrupt);
      }
      return;
    case Task::kAskRule:
      each_row(it.next_asked, interrupt, [&](std::size_t row) {
        if (row + 1 < rows.size()) codes.prefetch(links.list(row + 1));
        const std::span<const LinkEntry> found = links.list(row);
        codes.take(found);
        list.assign(found.begin(), found.end());
        ask_rule(list, between);
        links.shorten(row, list);
      });
      return;
    case Task::kLinkBack:
      link_back(interrupt);
      return;
    case Task::kChoose:
      each_row(it.next_chosen, interrupt, [&](std::size_t row) {
        const std::span<const LinkEntry> found = links.list(row);
        if (marked_in(found) > it.settings.links) codes.take(found);
        choose_best(found, it.settings.links, between, list);
        links.shorten(row, list);
      });
      return;
    case Task::kNone:
    case Task::kAssign:
    case Task::kUnite:
      break;
  }
  VEC_ASSERT(false);
}

}  // namespace vec::hnsw::bulk

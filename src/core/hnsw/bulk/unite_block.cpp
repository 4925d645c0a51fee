#include "core/hnsw/bulk/unite_block.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <vector>

#include "core/error.h"
#include "core/hnsw/bulk/choose_best.h"
#include "core/hnsw/bulk/team.h"

namespace vec::hnsw::bulk {

namespace {

/// Rows that are taken at a time.
constexpr std::size_t kChunk = 256;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

}  // namespace

struct UniteBlock::Header {
  Size size, used;
  std::uint64_t links, united;
  std::atomic<std::uint32_t> next;  // chunk
};

struct UniteBlock::List {
  std::uint64_t first;  // entry
  std::uint32_t count;
  std::uint32_t next;  // of the same row
};

struct UniteBlock::Places {
  std::size_t firsts, lists, entries, results, counts, end;
};

UniteBlock::Places UniteBlock::places(const Size& size, std::size_t links) {
  Places at{};
  at.firsts = aligned(sizeof(Header));
  at.lists = at.firsts + aligned(size.rows * sizeof(std::uint32_t));
  at.entries = at.lists + aligned(size.lists * sizeof(List));
  at.results = at.entries + aligned(size.entries * sizeof(LinkEntry));
  at.counts = at.results + aligned(size.rows * links * sizeof(LinkEntry));
  at.end = at.counts + size.rows;
  return at;
}

UniteBlock::Header& UniteBlock::header() const { return *at<Header>(block_, 0); }
UniteBlock::Places UniteBlock::places() const {
  const Header& it = header();
  return places(it.size, it.links);
}

std::size_t UniteBlock::bytes(const Size& size, std::size_t links) {
  return places(size, links).end;
}

void UniteBlock::write(std::byte* block, const Size& size, std::size_t links, std::size_t united) {
  new (block) Header{size, {size.rows, 0, 0}, links, united, {0}};
  std::fill_n(at<std::uint32_t>(block, places(size, links).firsts), size.rows, kNone);
}

std::span<LinkEntry> UniteBlock::add(std::size_t row, std::size_t count) {
  Header& it = header();
  VEC_ASSERT(row < it.size.rows && it.used.lists < it.size.lists &&
             it.used.entries + count <= it.size.entries);
  const Places to = places();
  std::uint32_t& first = at<std::uint32_t>(block_, to.firsts)[row];
  at<List>(block_, to.lists)[it.used.lists] = {it.used.entries, static_cast<std::uint32_t>(count),
                                               first};
  first = static_cast<std::uint32_t>(it.used.lists++);
  LinkEntry* const entries = at<LinkEntry>(block_, to.entries) + it.used.entries;
  it.used.entries += count;
  return {entries, count};
}

void UniteBlock::work(const std::function<void()>& interrupt) {
  Header& it = header();
  const Places from = places();
  const auto* const firsts = at<const std::uint32_t>(block_, from.firsts);
  const auto* const lists = at<const List>(block_, from.lists);
  const auto* const entries = at<const LinkEntry>(block_, from.entries);
  auto* const results = at<LinkEntry>(block_, from.results);
  auto* const counts = at<std::uint8_t>(block_, from.counts);
  // A table of one row.
  std::vector<LinkEntry> row_entries(it.united);
  std::vector<std::atomic<std::uint32_t>> locks(LinkTable::kLocks);
  std::uint8_t row_count = 0;
  LinkTable table({row_entries.data(), &row_count, locks.data(), nullptr}, it.united);
  std::vector<LinkEntry> chosen;
  for (;;) {
    const std::size_t start = std::size_t{it.next.fetch_add(1)} * kChunk;
    if (start >= it.size.rows) return;
    interrupt();
    const std::size_t end = std::min<std::size_t>(start + kChunk, it.size.rows);
    for (std::size_t row = start; row < end; ++row) {
      row_count = 0;
      for (std::uint32_t list = firsts[row]; list != kNone; list = lists[list].next) {
        table.merge(0, {entries + lists[list].first, lists[list].count});
      }
      choose_spread(table.list(0), it.links, chosen);
      std::ranges::copy(chosen, results + row * it.links);
      counts[row] = static_cast<std::uint8_t>(chosen.size());
    }
  }
}

std::span<const LinkEntry> UniteBlock::list(std::size_t row) const {
  const Places from = places();
  return {at<const LinkEntry>(block_, from.results) + row * header().links,
          at<const std::uint8_t>(block_, from.counts)[row]};
}

}  // namespace vec::hnsw::bulk

#include "core/hnsw/bulk/choose_best.h"

namespace vec::hnsw::bulk {

namespace {

constexpr std::size_t kSpreadShare = 8;

}  // namespace

void choose_nearest(std::span<const LinkEntry> list, std::size_t limit,
                    std::vector<LinkEntry>& chosen) {
  std::size_t others = std::min(limit, list.size()) - std::min(limit, marked_in(list));
  chosen.clear();
  for (const LinkEntry& entry : list) {
    if (chosen.size() == limit) return;
    const bool kept = is_marked(entry);
    if (!kept) {
      if (others == 0) continue;
      --others;
    }
    chosen.push_back({entry.distance, make_link(node_of(entry.link), kept, false)});
  }
}

void choose_spread(std::span<const LinkEntry> list, std::size_t limit,
                   std::vector<LinkEntry>& chosen) {
  const std::size_t marked = marked_in(list);
  if (marked <= limit) {
    choose_nearest(list, limit, chosen);
    return;
  }
  chosen.clear();
  const std::size_t spread = (limit + kSpreadShare - 1) / kSpreadShare;
  const std::size_t near = limit - spread;
  std::size_t seen = 0;
  std::size_t taken = 0;  // of those that are not near
  for (const LinkEntry& entry : list) {
    if (!is_marked(entry)) continue;
    const std::size_t place = seen++;
    if (place >= near) {
      // Of the other ones, marked - near, the last is taken, and so many evenly before it.
      if (place - near + 1 != (taken + 1) * (marked - near) / spread) continue;
      ++taken;
    }
    chosen.push_back({entry.distance, make_link(node_of(entry.link), true, false)});
  }
}

}  // namespace vec::hnsw::bulk

#include "core/hnsw/bulk/choose_best.h"

#include <algorithm>

#include "core/hnsw/select_neighbors.h"

namespace vec::hnsw::bulk {

void choose_best(std::span<const LinkEntry> list, std::size_t limit,
                 const std::function<float(NodeId, NodeId)>& between,
                 std::vector<LinkEntry>& chosen) {
  const auto kept = static_cast<std::size_t>(
      std::ranges::count_if(list, [](const LinkEntry& entry) { return kept_by_rule(entry.link); }));
  chosen.clear();
  if (kept <= limit || !between) {
    std::size_t others = std::min(limit, list.size()) - std::min(limit, kept);
    for (const LinkEntry& entry : list) {
      if (chosen.size() == limit) break;
      if (!kept_by_rule(entry.link)) {
        if (others == 0) continue;
        --others;
      }
      chosen.push_back(entry);
    }
    return;
  }
  std::vector<LinkCandidate> candidates;
  for (std::size_t i = 0; i < list.size(); ++i) candidates.push_back({list[i].distance, i, false});
  const auto selected = select_neighbors(candidates, limit, [&](std::size_t a, std::size_t b) {
    return between(node_of(list[a].link), node_of(list[b].link));
  });
  for (const LinkCandidate& candidate : selected) {
    const LinkEntry& entry = list[candidate.index];
    chosen.push_back({entry.distance, make_link(node_of(entry.link), candidate.kept, false)});
  }
}

}  // namespace vec::hnsw::bulk

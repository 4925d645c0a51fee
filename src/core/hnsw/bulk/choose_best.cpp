#include "core/hnsw/bulk/choose_best.h"

namespace vec::hnsw::bulk {

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

}  // namespace vec::hnsw::bulk

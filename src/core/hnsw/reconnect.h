// core/hnsw/reconnect.h
//
// Seeing to it that every living node can be reached from the entry point on layer 0.
//
// Inserting and repairing look at a node's neighbourhood only; between them a small group of nodes
// can come to know nobody but one another.  Here the whole graph is walked once, about 0.1 us a
// node, and each group that the walk did not come to is linked from the nearest node that it did
// come to: found by a search from the entry point, which cannot end inside the group.

#ifndef VEC_CORE_HNSW_RECONNECT_H_
#define VEC_CORE_HNSW_RECONNECT_H_

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "core/hnsw/insert.h"

namespace vec::hnsw {

/// Links every group that cannot be reached, if the metric keeps_everyone().  Nodes numbered after
/// it began are not looked at. Returns how many links were added.
template <WriteStore Store>
std::size_t reconnect(Store& store, std::pmr::memory_resource* memory) {
  // A link made by force can cut off somebody else; a second round finds that.
  constexpr int kRounds = 3;
  const codes::Format& format = store.format();
  if (!keeps_everyone(format)) return 0;
  InsertScratch scratch;
  CodeBatch batch;
  LinkList list;
  std::vector<float> floats;
  std::size_t added = 0;
  for (int round = 0; round < kRounds; ++round) {
    const NodeId count = store.node_count();
    std::vector<bool> seen(count);
    std::vector<NodeId> todo;
    const auto walk_from = [&](NodeId start) {
      if (start >= count || seen[start]) return;
      seen[start] = true;
      todo.assign(1, start);
      while (!todo.empty()) {
        const NodeId node = todo.back();
        todo.pop_back();
        store.check_interrupts();
        store.links(node, 0, list);
        for (const Link link : list.view()) {
          const NodeId other = node_of(link);
          if (other >= count || seen[other]) continue;
          seen[other] = true;
          todo.push_back(other);
        }
      }
    };
    walk_from(store.entry().node);

    std::vector<NodeId> lost;
    store.for_each_live([&](NodeId node, int, const LinkList&) {
      if (node < count && !seen[node]) lost.push_back(node);
    });
    if (lost.empty()) break;
    for (const NodeId node : lost) {
      if (seen[node]) continue;  // of a group that was linked meanwhile
      const EntryPoint entry = store.entry();
      if (!entry.exists()) break;
      store.fetch_codes({&node, 1}, batch);
      if (batch.codes[0] == nullptr) continue;
      const std::vector<std::byte> code(batch.codes[0],
                                        batch.codes[0] + codes::code_size(format, batch.codes[0]));
      const codes::Query query(format, codes::decode(format, code.data(), floats));
      const Candidate start = entry_candidate(store, query, entry);
      LayerSearch<Store> search(
          store, query, 0, static_cast<std::size_t>(store.params().ef_construction), false, memory);
      search.start({&start, 1});
      const auto found = search.sorted_results();
      NodeId dropped = kNoNode;
      bool linked = false;
      for (const Candidate& near : found) {
        if (near.id == node) continue;
        const Connected done =
            connect(store, 0, near.id, node, code.data(), Adding::kMustStay, scratch);
        linked = done.there;
        dropped = done.dropped;
        if (linked) break;
      }
      if (!linked && !found.empty() && found.front().id != node) {
        dropped = connect(store, 0, found.front().id, node, code.data(), Adding::kByForce, scratch)
                      .dropped;
      }
      if (dropped != kNoNode) rescue(store, 0, dropped, scratch);
      ++added;
      walk_from(node);
    }
  }
  return added;
}

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_RECONNECT_H_

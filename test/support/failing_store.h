// test/support/failing_store.h
//
// A Store of HNSW any call of which can fail.

#ifndef VEC_TEST_SUPPORT_FAILING_STORE_H_
#define VEC_TEST_SUPPORT_FAILING_STORE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/hnsw/memory_graph.h"

namespace vec::test {

/// Passes calls on to a MemoryGraph until the n-th, which throws.
class FailingStore {
 public:
  static constexpr int kNever = -1;

  FailingStore(hnsw::MemoryGraph& graph, int calls) : graph_(graph), left_(calls) {}

  const codes::Format& format() const { return graph_.format(); }
  const hnsw::Params& params() const { return graph_.params(); }
  hnsw::EntryPoint entry() { return step(), graph_.entry(); }
  void links(hnsw::NodeId node, int layer, hnsw::LinkList& out) {
    step(), graph_.links(node, layer, out);
  }
  void score(const codes::Query& query, std::span<const hnsw::NodeId> nodes, float limit,
             hnsw::NodeScore* out) {
    step(), graph_.score(query, nodes, limit, out);
  }
  void fetch_codes(std::span<const hnsw::NodeId> nodes, hnsw::CodeBatch& batch) {
    step(), graph_.fetch_codes(nodes, batch);
  }
  void prefetch_links(hnsw::NodeId node) const { graph_.prefetch_links(node); }
  void check_interrupts() { step(); }
  void begin_insert(bool) { step(); }
  void end_insert() { step(); }
  hnsw::NodeId create_node(int level, std::span<const std::byte> code, hnsw::RowId row,
                           std::span<const hnsw::LinkList> lists) {
    return step(), graph_.create_node(level, code, row, lists);
  }
  bool replace_links(hnsw::NodeId node, int layer, std::span<const hnsw::Link> expected,
                     std::span<const hnsw::Link> desired) {
    return step(), graph_.replace_links(node, layer, expected, desired);
  }
  bool add_row(hnsw::NodeId node, std::uint16_t generation, hnsw::RowId row) {
    return step(), graph_.add_row(node, generation, row);
  }
  bool replace_entry(hnsw::NodeId old, hnsw::EntryPoint entry) {
    return step(), graph_.replace_entry(old, entry);
  }
  hnsw::NodeId node_count() { return step(), graph_.node_count(); }
  template <class IsDead>
  void mark_dead(IsDead is_dead, std::vector<hnsw::NodeId>& dying) {
    step(), graph_.mark_dead(is_dead, dying);
  }
  void wait_for_inserts() { step(); }
  template <class Visit>
  void for_each_live(Visit visit) {
    step();
    graph_.for_each_live(visit);
  }
  void free_nodes(std::span<const hnsw::NodeId> nodes) { step(), graph_.free_nodes(nodes); }

 private:
  void step() {
    if (left_-- == 0) throw Error(ErrorCode::kInternal, "the store failed");
  }

  hnsw::MemoryGraph& graph_;
  int left_;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_FAILING_STORE_H_

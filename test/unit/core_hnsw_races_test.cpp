#include <gtest/gtest.h>

#include <algorithm>
#include <memory_resource>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_data.h"

namespace vec::hnsw {
namespace {

using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

RowId row_of(std::size_t number) { return {0, static_cast<std::uint16_t>(number), 1}; }

/// A graph, and one insert at a time that stops halfway while somebody else goes on.
class TwoHands : public MemoryGraph {
 public:
  TwoHands(const codes::Format& format, const Values& values, std::uint64_t seed)
      : MemoryGraph(format, {2, 16}, heap()), values_(values), rng_(seed) {}
  ~TwoHands() { finish_insert(); }
  TwoHands(const TwoHands&) = delete;
  TwoHands& operator=(const TwoHands&) = delete;

  template <class Store>
  void insert_next(Store& store) {
    const std::size_t i = next_++;
    // What would change the entry point is inserted alone: not halfway.
    const int most = is_busy ? std::max(entry().level, 0) : kMaxLevel;
    const int level = std::min(draw_level(rng_.uniform(), params().m), most);
    InsertScratch scratch;
    insert(store, codes::Query(format(), values_[i]), values_.code(i), row_of(i), level, scratch,
           heap());
  }

  void links(NodeId node, int layer, LinkList& out) {
    MemoryGraph::links(node, layer, out);
    take_turns();
  }
  bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                     std::span<const Link> desired) {
    take_turns();
    return MemoryGraph::replace_links(node, layer, expected, desired);
  }
  template <class Visit>
  void for_each_live(Visit visit) {
    if (is_busy && !inserter_.joinable() && rng_.below(2) == 0) begin_insert_halfway();
    MemoryGraph::for_each_live(visit);
  }
  void wait_for_inserts() { finish_insert(); }

  /// Lets the insert that is under way go on to its end.
  void finish_insert() {
    if (!inserter_.joinable()) return;
    if (is_paused_) inserter_turn_.release();
    is_paused_ = false;
    inserter_.join();
  }

  bool has_next() const { return next_ < values_.size(); }
  bool is_busy = false;

 private:
  static constexpr int kNever = -1;

  /// The insert's view.
  class View {
   public:
    explicit View(TwoHands& graph) : it_(graph) {}
    const codes::Format& format() const { return it_.format(); }
    const Params& params() const { return it_.params(); }
    EntryPoint entry() const { return it_.entry(); }
    void links(NodeId node, int layer, LinkList& out) {
      it_.pause();
      it_.MemoryGraph::links(node, layer, out);
    }
    void score(const codes::Query& query, std::span<const NodeId> nodes, NodeScore* out) const {
      it_.score(query, nodes, out);
    }
    void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) const {
      it_.fetch_codes(nodes, batch);
    }
    void prefetch_links(NodeId node) const { it_.prefetch_links(node); }
    void check_interrupts() const {}
    void begin_insert(bool) const {}
    void end_insert() const {}
    NodeId create_node(int level, std::span<const std::byte> code, RowId row,
                       std::span<const LinkList> lists) {
      if (it_.pause_in_ != kNever) it_.pause_in_ = static_cast<int>(it_.rng_.below(8));
      return it_.create_node(level, code, row, lists);
    }
    bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                       std::span<const Link> desired) {
      it_.pause();
      return it_.MemoryGraph::replace_links(node, layer, expected, desired);
    }
    bool add_row(NodeId node, std::uint16_t generation, RowId row) {
      return it_.add_row(node, generation, row);
    }
    bool replace_entry(NodeId old, EntryPoint entry) { return it_.replace_entry(old, entry); }

   private:
    TwoHands& it_;
  };

  /// Called by the insert.
  void pause() {
    if (pause_in_ == kNever || pause_in_-- > 0) return;
    is_paused_ = true;
    main_turn_.release();
    inserter_turn_.acquire();
  }

  /// Called by who is not the insert.
  void take_turns() {
    if (!is_busy || rng_.below(10) != 0) return;
    if (inserter_.joinable()) {
      if (rng_.below(8) == 0) finish_insert();
      return;
    }
    begin_insert_halfway();
  }

  void begin_insert_halfway() {
    if (next_ == values_.size()) return;
    pause_in_ = static_cast<int>(rng_.below(200));
    inserter_ = std::thread([this] {
      View view(*this);
      insert_next(view);
      if (pause_in_ != kNever) main_turn_.release();  // was not paused
    });
    main_turn_.acquire();
  }

  const Values& values_;
  Rng rng_;
  std::size_t next_ = 0;
  std::thread inserter_;
  bool is_paused_ = false;
  int pause_in_ = kNever;  // so many calls of the insert's
  std::binary_semaphore main_turn_{0};
  std::binary_semaphore inserter_turn_{0};
};

TEST(HnswRaces, AVacuumGivesNoSecondParentToWhatIsBeingInserted) {
#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
  constexpr std::uint64_t kSeeds = 10;
#else
  constexpr std::uint64_t kSeeds = 200;
#endif
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(format, 500, seed);
    TwoHands graph(format, values, seed);
    for (std::size_t i = 0; i < 200; ++i) graph.insert_next(static_cast<MemoryGraph&>(graph));
    for (int round = 0; round < 3; ++round) {
      graph.is_busy = true;
      remove_dead(
          graph, [&](RowId row) { return (row.block_low * seed + round) % 5 < 2; }, heap());
      graph.is_busy = false;
      graph.finish_insert();
      EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
    }
  }
}

TEST(HnswRaces, InsertsBesideOthersKeepTheTree) {
#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
  constexpr std::uint64_t kSeeds = 5;
#else
  constexpr std::uint64_t kSeeds = 100;
#endif
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(format, 400, seed);
    TwoHands graph(format, values, seed);
    for (int i = 0; i < 40; ++i) graph.insert_next(static_cast<MemoryGraph&>(graph));
    graph.is_busy = true;
    while (graph.has_next()) graph.insert_next(graph);
    graph.is_busy = false;
    graph.finish_insert();
    EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace vec::hnsw

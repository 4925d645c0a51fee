// Inserts and vacuums that take turns at any call of the Store.  Each insert has a thread, but only
// one thread runs at a time, and a seed says which: what fails fails again.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <list>
#include <memory_resource>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/hnsw_checks.h"
#include "support/hnsw_data.h"

namespace vec::hnsw {
namespace {

using test::row_of;
using test::Values;

std::pmr::memory_resource* heap() { return std::pmr::new_delete_resource(); }

/// Whose turn it is.
class Turn {
 public:
  void give() {
    const std::lock_guard lock(mutex_);
    is_given_ = true;
    given_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [this] { return is_given_; });
    is_given_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  bool is_given_ = false;
};

/// A graph, and inserts that are under way while somebody else reads and changes it.
class Workshop : public MemoryGraph {
 public:
  Workshop(const codes::Format& format, Params params, const Values& values, std::uint64_t seed)
      : MemoryGraph(format, params, heap()), values_(values), rng_(seed) {}
  ~Workshop() { finish_inserts(); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  bool has_next() const { return next_ < values_.size(); }
  void insert_next() { insert_next(static_cast<MemoryGraph&>(*this)); }

  // The view of who is no insert under way.  The others have their turns between its calls.
  void links(NodeId node, int layer, LinkList& out) {
    MemoryGraph::links(node, layer, out);
    take_turns();
  }
  bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                     std::span<const Link> desired) {
    take_turns();
    return MemoryGraph::replace_links(node, layer, expected, desired);
  }
  bool replace_entry(NodeId old, EntryPoint entry) {
    take_turns();
    return MemoryGraph::replace_entry(old, entry);
  }
  template <class Visit>
  void for_each_live(Visit visit) {
    // It takes long; nodes that have just been made are of interest.
    for (int i = 0; i < 8 && most_hands > 0; ++i) give_turn();
    MemoryGraph::for_each_live(visit);
  }
  void wait_for_inserts() {
    take_turns();
    finish_inserts();
  }

  void go_on_inserting() {
    while (has_next()) give_turn();
    finish_inserts();
  }
  void finish_inserts() {
    while (!hands_.empty()) go_on(hands_.begin());
  }

  std::size_t most_hands = 0;                    // inserts under way at once
  std::uint64_t calls_a_turn = 8;                // between turns of theirs, on average
  std::uint64_t calls_left = ~std::uint64_t{0};  // then a vacuum fails

 private:
  /// Somebody who inserts.
  struct Hand {
    Turn turn;
    bool is_done = false;
    std::thread thread;
  };

  /// The graph as an insert sees it.  After any call it may be another's turn.
  class View {
   public:
    View(Workshop& graph, Hand& hand) : it_(graph), hand_(hand) {}
    const codes::Format& format() const { return it_.format(); }
    const Params& params() const { return it_.params(); }
    EntryPoint entry() {
      const EntryPoint entry = it_.entry();
      rest();
      return entry;
    }
    void links(NodeId node, int layer, LinkList& out) {
      it_.MemoryGraph::links(node, layer, out);
      rest();
    }
    void score(const codes::Query& query, std::span<const NodeId> nodes, float limit,
               NodeScore* out) {
      it_.score(query, nodes, limit, out);
      rest();
    }
    void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) {
      it_.fetch_codes(nodes, batch);
      rest();
    }
    void prefetch_links(NodeId) const {}
    void check_interrupts() const {}
    void begin_insert(bool exclusive) {
      while (it_.is_exclusive_ || (exclusive && it_.sharers_ > 0)) it_.pause(hand_);
      exclusive_ = exclusive;
      exclusive ? it_.is_exclusive_ = true : ++it_.sharers_;
    }
    void end_insert() { exclusive_ ? it_.is_exclusive_ = false : --it_.sharers_; }
    NodeId create_node(int level, std::span<const std::byte> code, RowId row,
                       std::span<const LinkList> lists) {
      const NodeId node = it_.create_node(level, code, row, lists);
      rest(2);
      return node;
    }
    bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                       std::span<const Link> desired) {
      const bool done = it_.MemoryGraph::replace_links(node, layer, expected, desired);
      rest(10);
      return done;
    }
    bool add_row(NodeId node, std::uint16_t generation, RowId row) {
      return it_.add_row(node, generation, row);
    }
    bool replace_entry(NodeId old, EntryPoint entry) {
      const bool done = it_.MemoryGraph::replace_entry(old, entry);
      rest(2);
      return done;
    }

   private:
    /// One call in so many ends with a pause.
    void rest(std::uint64_t odds = 200) {
      if (it_.rng_.below(odds) == 0) it_.pause(hand_);
    }

    Workshop& it_;
    Hand& hand_;
    bool exclusive_ = false;
  };

  template <class Store>
  void insert_next(Store&& store) {
    const std::size_t i = next_++;
    const int level = draw_level(rng_.uniform(), params().m);
    InsertScratch scratch;
    insert(store, codes::Query(format(), values_[i]), values_.code(i), row_of(i), level, scratch,
           heap());
  }

  /// Called by a hand.
  void pause(Hand& hand) {
    main_turn_.give();
    hand.turn.wait();
  }

  void go_on(std::list<Hand>::iterator hand) {
    hand->turn.give();
    main_turn_.wait();
    if (!hand->is_done) {
      // The next time it is somebody else's turn: this one may wait for him.
      hands_.splice(hands_.end(), hands_, hand);
      return;
    }
    hand->thread.join();
    hands_.erase(hand);
  }

  void begin_insert_by_hand() {
    Hand& hand = hands_.emplace_back();
    hand.thread = std::thread([this, &hand] {
      hand.turn.wait();
      insert_next(View(*this, hand));
      hand.is_done = true;
      main_turn_.give();
    });
  }

  /// Called by who is no hand.
  void take_turns() {
    if (most_hands == 0) return;
    if (calls_left == 0) throw Error(ErrorCode::kInternal, "the vacuum was interrupted");
    --calls_left;
    if (rng_.below(calls_a_turn) == 0) give_turn();
  }

  void give_turn() {
    if (hands_.size() < most_hands && has_next() && rng_.below(4) == 0) begin_insert_by_hand();
    if (hands_.empty()) return;
    go_on(std::next(hands_.begin(), static_cast<std::ptrdiff_t>(rng_.below(hands_.size()))));
  }

  const Values& values_;
  Rng rng_;
  std::size_t next_ = 0;
  std::list<Hand> hands_;
  int sharers_ = 0;  // of the lock of inserts
  bool is_exclusive_ = false;
  Turn main_turn_;
};

codes::Format small_format() {
  return codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
}

#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSeeds = 6;
#else
constexpr std::uint64_t kSeeds = 100;
#endif

TEST(HnswRaces, InsertsKeepTheTree) {
  for (std::uint64_t seed = 1; seed <= kSeeds / 2; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(small_format(), 150, seed);
    Workshop graph(small_format(), {2 + static_cast<int>(seed % 2), 16}, values, seed);
    graph.insert_next();
    graph.most_hands = 1 + seed % 4;
    graph.go_on_inserting();
    EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
  }
}

TEST(HnswRaces, VacuumsAndInsertsKeepTheTree) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(small_format(), 700, seed);
    Workshop graph(small_format(), {2, 16}, values, seed);
    for (std::size_t i = 0; i < 200; ++i) graph.insert_next();
    Rng rng(seed * 7);
    std::vector<bool> is_dead(values.size());
    const auto dead = [&](RowId row) { return static_cast<bool>(is_dead[row.block_low]); };
    for (int round = 0; round < 4; ++round) {
      for (std::size_t i = 0; i < is_dead.size(); ++i) {
        is_dead[i] = is_dead[i] || (i < 200 * (round + 1U) && rng.below(10) < 1 + seed % 9);
      }
      graph.most_hands = 1 + seed % 3;
      graph.calls_a_turn = std::array{10U, 60U, 300U}[rng.below(3)];
      // All but the last may end early.
      const bool ends = round == 3 || rng.below(2) == 0;
      graph.calls_left = ends ? ~std::uint64_t{0} : rng.below(1500);
      bool ended = false;
      try {
        remove_dead(graph, dead, heap());
        ended = true;
      } catch (const Error&) {
      }
      graph.most_hands = 0;
      graph.finish_inserts();
      EXPECT_EQ(test::cut_off(graph), 0U) << "round " << round;
      if (!ended) continue;
      EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
    }
  }
}

}  // namespace
}  // namespace vec::hnsw

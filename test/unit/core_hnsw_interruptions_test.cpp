// Inserts and vacuums that end before their time, and inserts in the middle of a vacuum.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/hnsw/check.h"
#include "core/hnsw/insert.h"
#include "core/hnsw/memory_graph.h"
#include "core/hnsw/reconnect.h"
#include "core/hnsw/vacuum.h"
#include "core/rng.h"
#include "support/failing_store.h"
#include "support/hnsw_fixture.h"

namespace vec::hnsw {
namespace {

using test::cut_off;
using test::expect_sound;
using test::FailingStore;
using test::Fixture;
using test::heap;
using test::number_of;
using test::row_of;
using test::Values;

/// A graph in which an insert, which has begun with the entry point that a vacuum is about to
/// replace, goes on afterwards.
class LateInsert : public MemoryGraph {
 public:
  LateInsert(Fixture& fixture, std::size_t value)
      : MemoryGraph(fixture.format, {4, 16}, heap()), fixture_(fixture), value_(value) {}

  /// The insert's view: what it took for the entry point stays that for it.
  class Late : public FailingStore {
   public:
    Late(MemoryGraph& graph, EntryPoint entry) : FailingStore(graph, kNever), entry_(entry) {}
    EntryPoint entry() { return entry_; }

   private:
    EntryPoint entry_;
  };

  bool replace_entry(NodeId old, EntryPoint entry) {
    const EntryPoint before = this->entry();
    const bool replaced = MemoryGraph::replace_entry(old, entry);
    if (replaced && old != kNoNode && !done_) {
      done_ = true;
      Late late(*this, before);
      const codes::Query query(fixture_.format, fixture_.values[value_]);
      insert(late, query, fixture_.values.code(value_), row_of(value_), before.level,
             fixture_.scratch, heap());
    }
    return replaced;
  }
  bool is_done() const { return done_; }

 private:
  Fixture& fixture_;
  std::size_t value_;
  bool done_ = false;
};

TEST(Hnsw, KnowsAnEntryPointThatWasInsertedWhileAVacuumReplacedTheLast) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 200);
  LateInsert graph(fixture, 199);
  for (std::size_t i = 0; i < 199; ++i) {
    const codes::Query query(fixture.format, fixture.values[i]);
    // One node is higher than the others.
    insert(static_cast<MemoryGraph&>(graph), query, fixture.values.code(i), row_of(i),
           i == 50 ? 2 : static_cast<int>(i % 7 == 0), fixture.scratch, heap());
  }
  ASSERT_EQ(graph.entry().level, 2);
  remove_dead(
      graph, [](RowId row) { return number_of(row) == 50; }, heap());
  EXPECT_TRUE(graph.is_done());
  EXPECT_EQ(graph.entry().level, 2);
  EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
}

/// A graph into which values are inserted as soon as a vacuum has noted the live nodes.
class BusyGraph : public MemoryGraph {
 public:
  BusyGraph(Fixture& fixture, std::size_t first)
      : MemoryGraph(fixture.format, {2, 16}, heap()), fixture_(fixture), next_(first) {}

  void insert_next(int level) {
    const codes::Query query(fixture_.format, fixture_.values[next_]);
    insert(static_cast<MemoryGraph&>(*this), query, fixture_.values.code(next_), row_of(next_),
           level, fixture_.scratch, heap());
    ++next_;
  }
  template <class Visit>
  void for_each_live(Visit visit) {
    MemoryGraph::for_each_live(visit);
    const std::size_t count = is_busy ? fixture_.values.size() : next_;
    while (next_ < count) insert_next(static_cast<int>(next_ % 4 == 0));
  }

  bool is_busy = false;

 private:
  Fixture& fixture_;
  std::size_t next_;
};

TEST(Hnsw, VacuumFindsParentsBelowNodesThatWereInsertedMeanwhile) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 1200);
  BusyGraph graph(fixture, 0);
  for (std::size_t i = 0; i < 400; ++i) graph.insert_next(static_cast<int>(i % 4 == 0));
  // A node may have two children, and the new ones take the places near the root.
  graph.is_busy = true;
  remove_dead(
      graph, [](RowId row) { return number_of(row) % 10 != 0 && number_of(row) < 400; }, heap());
  EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
}

TEST(Hnsw, InsertsAfterAnInterruptedVacuumCutNobodyOff) {
#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
  constexpr std::uint64_t kSeeds = 40;
#else
  constexpr std::uint64_t kSeeds = 400;
#endif
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::uint64_t dead_of_100 = std::array{70U, 50U, 90U, 98U}[seed % 4];
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(format, 400, seed);
    MemoryGraph graph(format, {2, 16}, heap());
    InsertScratch scratch;
    Rng rng(seed);
    const auto insert_until = [&](std::size_t end) {
      for (std::size_t i = graph.node_count(); i < end; ++i) {
        insert(graph, codes::Query(format, values[i]), values.code(i), row_of(i),
               draw_level(rng.uniform(), 2), scratch, heap());
      }
    };
    const auto is_dead = [&](RowId) { return rng.below(100) < dead_of_100; };
    insert_until(200);
    std::vector<NodeId> dying;
    graph.mark_dead(is_dead, dying);
    ASSERT_EQ(cut_off(graph), 0U);
    insert_until(300);
    EXPECT_EQ(cut_off(graph), 0U);
    // Once more, and the vacuum comes further.
    FailingStore store(graph, static_cast<int>(rng.below(400)));
    try {
      remove_dead(store, is_dead, heap());
    } catch (const Error&) {
    }
    EXPECT_EQ(cut_off(graph), 0U) << "after a vacuum that failed";
    insert_until(graph.node_count() + 50);
    EXPECT_EQ(cut_off(graph), 0U) << "after the last inserts";
    remove_dead(graph, is_dead, heap());
    EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
  }
}

TEST(Hnsw, InsertsAfterOneThatFailedCutNobodyOff) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  int failures = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Values values(format, 80, seed);
    MemoryGraph graph(format, {2, 16}, heap());
    InsertScratch scratch;
    Rng rng(seed);
    std::set<std::size_t> failed;
    for (std::size_t i = 0; i < 80; ++i) {
      // Those in between are not disturbed.
      const bool fails = i >= 20 && i % 10 == 0;
      FailingStore store(graph, fails ? static_cast<int>(rng.below(150)) : FailingStore::kNever);
      try {
        insert(store, codes::Query(format, values[i]), values.code(i), row_of(i),
               draw_level(rng.uniform(), 2), scratch, heap());
      } catch (const Error&) {
        failed.insert(i);
      }
    }
    failures += static_cast<int>(failed.size());
    // Who was left in between need not be found, but everybody else.
    std::vector<NodeId> dying;
    graph.mark_dead([&](RowId row) { return failed.contains(number_of(row)); }, dying);
    EXPECT_EQ(cut_off(graph), 0U);
  }
  EXPECT_GT(failures, 1000);
}

/// A graph into which values are inserted now and then while it is read and changed.
class RestlessGraph : public MemoryGraph {
 public:
  /// odds   one call in so many is one that inserts a value
  RestlessGraph(const codes::Format& format, const Values& values, std::uint64_t seed,
                std::uint64_t odds)
      : MemoryGraph(format, {2, 16}, heap()), values_(values), rng_(seed), odds_(odds) {}

  void insert_next() {
    const codes::Query query(format(), values_[next_]);
    const int level = draw_level(rng_.uniform(), params().m);
    insert(static_cast<MemoryGraph&>(*this), query, values_.code(next_), row_of(next_), level,
           scratch_, heap());
    ++next_;
  }
  void links(NodeId node, int layer, LinkList& out) {
    MemoryGraph::links(node, layer, out);
    maybe_insert();
  }
  bool replace_links(NodeId node, int layer, std::span<const Link> expected,
                     std::span<const Link> desired) {
    maybe_insert();
    return MemoryGraph::replace_links(node, layer, expected, desired);
  }
  bool replace_entry(NodeId old, EntryPoint entry) {
    maybe_insert();
    return MemoryGraph::replace_entry(old, entry);
  }

  bool is_busy = false;
  std::uint64_t calls_left = ~std::uint64_t{0};  // then a vacuum fails

 private:
  void maybe_insert() {
    if (!is_busy) return;
    if (calls_left == 0) throw Error(ErrorCode::kInternal, "the vacuum was interrupted");
    --calls_left;
    if (next_ == values_.size() || rng_.below(odds_) != 0) return;
    insert_next();
    EXPECT_EQ(cut_off(*this), 0U) << "after " << next_ << " inserts";
  }

  const Values& values_;
  Rng rng_;
  std::uint64_t odds_;
  std::size_t next_ = 0;
  InsertScratch scratch_;
};

TEST(Hnsw, StaysWholeWhateverIsInsertedDuringAVacuum) {
#if defined(VECTOR_EMULATED) || defined(__SANITIZE_ADDRESS__)
  constexpr std::uint64_t kSeeds = 5;
#else
  constexpr std::uint64_t kSeeds = 120;
#endif
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const std::uint64_t odds : {5U, 40U}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", odds " + std::to_string(odds));
      const Values values(format, 500, seed);
      RestlessGraph graph(format, values, seed, odds);
      for (std::size_t i = 0; i < 300; ++i) graph.insert_next();
      Rng rng(seed * 7);
      std::vector<bool> is_dead(values.size());
      for (std::size_t i = 0; i < 300; ++i) is_dead[i] = rng.below(10) < 1 + seed % 9;
      const auto dead = [&](RowId row) { return static_cast<bool>(is_dead[number_of(row)]); };
      graph.is_busy = true;
      for (bool ends = false; !ends;) {
        // The first ends early, or late.
        graph.calls_left = rng.below(3) == 0 ? ~std::uint64_t{0} : rng.below(1500);
        try {
          remove_dead(graph, dead, heap());
          ends = true;
        } catch (const Error&) {
          EXPECT_EQ(cut_off(graph), 0U);
        }
      }
      EXPECT_EQ(Check<MemoryGraph>(graph).run(), std::vector<std::string>{});
    }
  }
}

/// A graph whose count of nodes leaves out its entry point.
class CutShort : public FailingStore {
 public:
  explicit CutShort(MemoryGraph& graph) : FailingStore(graph, kNever) {}
  NodeId node_count() { return entry().node; }
};

TEST(Hnsw, DoesNotLookForeverForAnEntryPointThatIsNotAmongTheNodes) {
  Fixture fixture(codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8), 100);
  fixture.insert_all();
  CutShort damaged(fixture.graph);
  EXPECT_THROW(reconnect(damaged, heap()), Error);
}

TEST(Hnsw, SurvivesAFailureOfAnyCallDuringAnInsert) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  Fixture fixture(format, 400, {4, 16});
  std::size_t next = 0;
  for (; next < 100; ++next) fixture.insert_into(fixture.graph, next);
  int failures = 0;
  for (int calls = 0; next < 400; ++next) {
    FailingStore store(fixture.graph, calls);
    try {
      fixture.insert_into(store, next);
      calls = 0;
    } catch (const Error&) {
      ++failures;
      calls += 1;
    }
  }
  EXPECT_GT(failures, 200);
  // What failed is as if its transaction had been rolled back: vacuum takes it away.
  const auto half = [](RowId row) { return number_of(row) % 2 == 0; };
  remove_dead(fixture.graph, half, heap());
  expect_sound(fixture.graph);
}

TEST(Hnsw, SurvivesAFailureOfAnyCallDuringAVacuum) {
  const auto format = codes::choose_format(codes::Element::kFloat, codes::Metric::kL2, 8);
  Fixture fixture(format, 300, {4, 16});
  fixture.insert_all();
  const auto dead = [](RowId row) { return number_of(row) % 3 != 0; };
  int calls = 0;
  for (;; ++calls) {
    FailingStore store(fixture.graph, calls);
    try {
      remove_dead(store, dead, heap());
      break;
    } catch (const Error&) {
      // What docs/hnsw.md says may be wrong until the next vacuum.
      for (const std::string& problem : Check<MemoryGraph>(fixture.graph).run()) {
        EXPECT_TRUE(problem.find(" is not reached by the tree") != problem.npos ||
                    problem.find(" is the child of two") != problem.npos ||
                    problem.find(" is the entry point, for layer") != problem.npos)
            << problem << " after call " << calls;
      }
      // Live rows stay to be found.
      EXPECT_EQ(fixture.search(fixture.values[0], 40).front(), 0U) << "after call " << calls;
    }
  }
  EXPECT_GT(calls, 100);
  expect_sound(fixture.graph);
  for (std::size_t i = 0; i < 300; i += 3) {
    const auto found = fixture.search(fixture.values[i], 60);
    EXPECT_EQ(std::count(found.begin(), found.end(), i), 1) << i;
  }
}

}  // namespace
}  // namespace vec::hnsw

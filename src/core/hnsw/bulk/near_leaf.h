// core/hnsw/bulk/near_leaf.h
//
// The nearest others of each member of one leaf, from all distances among them.
//
// How far a member wants to look is known before it is compared with the others: as far as the
// farthest of what other leaves found (LinkTable::bound), or as its own nearest in this leaf seem
// to lie, which takes its distances to all of them.  Then every pair of members is looked at once,
// and goes to the one, to the other, to both or, mostly, to none.
//
// Where points lie in dense regions apart from each other, the nearest of a point are all in its
// own.  So a member is also told of the nearest of a few from all over the leaf, the scouts; the
// rule will say whether they are worth a link (choose_best.h).

#ifndef VEC_CORE_HNSW_BULK_NEAR_LEAF_H_
#define VEC_CORE_HNSW_BULK_NEAR_LEAF_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/bulk/columns.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/scouts.h"

namespace vec::hnsw::bulk {

class NearLeaf {
 public:
  struct Member {
    NodeId node;
    float bound;        // what is farther is not wanted; infinity: the nearest are
    bool wants_scouts;  // in one leaf only, lest a point is told of them again and again
  };

  /// wanted   so many nearest others of each member
  NearLeaf(const codes::Format& format, std::size_t wanted)
      : wanted_(wanted), columns_(format, Columns::Measure::kDistance) {}

  /// Compares `members`, whose codes are `codes`.  interrupt() is called now and then.
  template <class Interrupt>
  void build(std::span<const Member> members, Codes codes, Interrupt interrupt) {
    begin(members, codes);
    for (std::size_t first = 0; first < wide_.size(); first += Columns::kRows) {
      interrupt();
      look_around(first);
    }
    for (std::size_t first = 0; first < members.size(); first += Columns::kRows) {
      interrupt();
      compare(first);
    }
  }

  /// What was found for a member, no node twice: its `wanted` nearest within the bound and maybe a
  /// few more, in no order, and scouts, marked kStays.
  std::span<const LinkEntry> found(std::size_t place) const {
    return {lists_.data() + place * capacity(), counts_[place]};
  }

  /// Bytes that a leaf of so many members takes.
  static std::size_t bytes(std::size_t members, std::size_t wanted) {
    return members * (capacity(wanted) * sizeof(LinkEntry) + Columns::kRows * sizeof(float));
  }

 private:
  /// Entries that there is room for: several times as many as are wanted come before the limit of a
  /// member is good.
  static constexpr std::size_t capacity(std::size_t wanted) {
    return 3 * wanted + Scouts::kTold + 1;
  }
  std::size_t capacity() const { return capacity(wanted_); }
  std::size_t size() const { return members_.size(); }

  void begin(std::span<const Member> members, Codes codes);
  void look_around(std::size_t first);
  float limit_of(std::span<const float> distances);
  void tell_scouts(std::size_t place, std::span<const float> distances, float limit);
  void compare(std::size_t first);
  void tighten(std::size_t place);

  std::size_t wanted_;
  Columns columns_;
  std::span<const Member> members_;
  Codes codes_;
  std::vector<float> rows_;          // distances of a few members to all
  std::vector<float> limits_;        // of each member
  std::vector<std::uint32_t> wide_;  // members whose distances to all are needed
  Scouts scouts_;
  std::vector<float> sorted_;
  std::vector<std::uint32_t> places_;
  std::vector<LinkEntry> lists_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_NEAR_LEAF_H_

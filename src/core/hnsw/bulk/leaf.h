// core/hnsw/bulk/leaf.h
//
// The links among the members of one leaf: all distances, of each member the nearest others, and of
// those the ones that the selection rule keeps (select_neighbors.h).
//
// Where points lie in dense regions apart from each other, the nearest of a point are all in its
// own.  So the rule is also asked about the nearest of a few members from all over the leaf, the
// scouts: those of a region that stand nearest to another one keep such links.  On upper layers,
// whose links are ways into regions, a scout gives way to nearer scouts only: then whoever a search
// meets in a region knows of others.
//
// The rule needs distances between members of the leaf only, which are all there already; that it
// sees one leaf at a time was measured to cost nothing (README, Build).
//
// The matrix of the distances is symmetric: half of it is computed, and copied to the other half.

#ifndef VEC_CORE_HNSW_BULK_LEAF_H_
#define VEC_CORE_HNSW_BULK_LEAF_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/bulk/columns.h"
#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/nearest.h"
#include "core/hnsw/bulk/scouts.h"

namespace vec::hnsw::bulk {

class Leaf {
 public:
  /// candidates   nearest others of each member that become links; at most Nearest::kMost
  /// by_rule      how many of those, the nearest, the rule is asked about
  /// bridges      whether scouts compete among themselves only
  Leaf(const codes::Format& format, std::size_t candidates, std::size_t by_rule, bool bridges)
      : candidates_(candidates),
        by_rule_(by_rule),
        bridges_(bridges),
        columns_(format, Columns::Measure::kDistance) {}

  /// Finds links among `members`, whose codes are `codes`, and the ones back from what the rule
  /// kept.  interrupt() is called now and then.
  template <class Interrupt>
  void build(std::span<const NodeId> members, Codes codes, Interrupt interrupt) {
    begin(members, codes);
    for (std::size_t first = 0; first < members.size(); first += Columns::kRows) {
      interrupt();
      measure(first);
      find_nearest(first);
    }
    for (std::size_t place = 0; place < members.size(); ++place) {
      if (place % kBetweenInterrupts == 0) interrupt();
      prefetch_rule(place + kAhead);
      select(place);
    }
    turn_around();
  }

  /// Bytes that the matrix of so many members takes.
  static std::size_t matrix_bytes(std::size_t members) {
    return members * (members + 2 * kernels::kPanelColumns) * sizeof(float);
  }

  /// The links found of one member, as LinkTable::merge() wants them; until the next call.
  std::span<const LinkEntry> links(std::size_t place);

 private:
  static constexpr std::size_t kBetweenInterrupts = 256;
  static constexpr std::size_t kAhead = 2;
  static constexpr std::size_t kMostScouts = 256;  // on upper layers, so that no region lacks one

  struct BackLink {
    float distance;
    NodeId source;
  };

  /// Where the candidates of a member begin in near_.
  std::size_t start_of(std::size_t place) const { return place * (candidates_ + Scouts::kTold); }
  void begin(std::span<const NodeId> members, Codes codes);
  void measure(std::size_t first);
  void find_nearest(std::size_t first);
  void add_scouts(std::size_t place);
  void select(std::size_t place);
  void prefetch_rule(std::size_t place) const;
  void turn_around();
  NodeId node(std::size_t place) const { return members_[place]; }
  /// Distances of a member to all.
  const float* row_of(std::size_t place) const { return matrix_.data() + place * stride_; }

  std::size_t candidates_;
  std::size_t by_rule_;
  bool bridges_;
  Columns columns_;
  Nearest nearest_;
  std::span<const NodeId> members_;
  Codes codes_;
  std::size_t stride_ = 0;
  std::vector<float> matrix_;
  Scouts scouts_;
  std::vector<Near> near_;            // of each member: the nearest, then scouts, ascending
  std::vector<std::uint16_t> found_;  // how many of them there are
  std::vector<std::uint8_t> kept_;    // whether the rule keeps it
  std::vector<std::uint32_t> back_starts_;
  std::vector<BackLink> back_links_;
  std::vector<LinkEntry> back_;
  std::vector<LinkEntry> links_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LEAF_H_

// core/hnsw/bulk/list_ranges.h
//
// The lists of a layer as they come from its parts, several to a point: in one file for each range
// of points, and united range by range, by the whole team (unite_block.h).

#ifndef VEC_CORE_HNSW_BULK_LIST_RANGES_H_
#define VEC_CORE_HNSW_BULK_LIST_RANGES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/hnsw/bulk/build.h"
#include "core/hnsw/bulk/list_file.h"
#include "core/hnsw/bulk/spilled_layer.h"
#include "core/hnsw/bulk/team.h"

namespace vec::hnsw::bulk {

class ListRanges {
 public:
  struct Settings {
    std::size_t parts;   // that a point is in; in more, where parts were cut again
    std::size_t links;   // of a list that comes out
    std::size_t united;  // that are kept before it is cut
  };
  ListRanges(const SpillContext& context, const SpilledPoints& points, const Settings& settings,
             const Watch& watch, Team* team);

  /// One of the lists of a point, ascending as lists are; it names places.
  void add(std::uint32_t place, std::span<const LinkEntry> list);

  /// Makes one list of all that a point has.  See link_spilled().  Once, and then nothing is left.
  void unite(ListFile* above, const TakeList& take);

 private:
  struct Range {
    SpillFile* file;
    std::size_t lists;
    std::size_t entries;  // of these
  };
  /// Lists that the points of a range have on the layer above.
  struct Above {
    std::vector<std::pair<std::size_t, std::size_t>> lists;  // point and length
    std::vector<LinkEntry> entries;
  };

  void unite_range(const Range& range, std::size_t first, std::size_t end, ListFile* above,
                   const TakeList& take);
  std::pair<Range, Range> halves_of(const Range& range, std::size_t middle);
  Above read_above(ListFile& above, std::size_t first, std::size_t end);
  std::byte* share_without_points(std::size_t bytes);
  std::size_t shared_bytes() const;
  std::size_t memory_of_range() const { return context_.memory_bytes / 4 * 3; }
  static void append(Range& range, std::uint32_t place, std::span<const LinkEntry> list);

  const SpillContext& context_;
  const SpilledPoints& points_;
  Settings settings_;
  const Watch& watch_;
  Team* team_;
  std::size_t range_size_;
  std::vector<Range> ranges_;  // of so many points
  std::vector<LinkEntry> list_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LIST_RANGES_H_

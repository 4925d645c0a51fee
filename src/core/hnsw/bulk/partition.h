// core/hnsw/bulk/partition.h
//
// Cutting a set of points into overlapping leaves of near ones: random leaders, each point with the
// few of them that are nearest.
//
// With many leaders a point looks only at those that stand with the super-leaders nearest to it.
// A leaf that comes out too large is cut again.

#ifndef VEC_CORE_HNSW_BULK_PARTITION_H_
#define VEC_CORE_HNSW_BULK_PARTITION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "core/hnsw/bulk/columns.h"
#include "core/rng.h"

namespace vec::hnsw::bulk {

struct PartitionSettings {
  std::size_t fanout;     // leaves that a point is in
  std::size_t leaf_size;  // wanted on average
  std::size_t most;       // members of a leaf
};

/// Leaves by the places of their points.
struct Partition {
  std::pmr::vector<std::uint32_t> members;
  std::pmr::vector<std::size_t> starts;  // of each leaf, and the end of the last
  /// All points, those with one nearest leader together and near leaders near each other.
  std::pmr::vector<std::uint32_t> order;

  std::size_t leaves() const { return starts.size() - 1; }
  std::span<const std::uint32_t> leaf(std::size_t i) const {
    return {members.data() + starts[i], starts[i + 1] - starts[i]};
  }
};

/// Who leads: places of points, and of those the ones that lead leaders.
struct LeaderPlaces {
  std::vector<std::uint32_t> leaders;
  std::vector<std::uint32_t> supers;  // places in `leaders`
};

/// `count` of so many points, and of those some that lead them, at random.
LeaderPlaces choose_leaders(std::size_t points, std::size_t count, Rng& rng);

inline constexpr std::uint32_t kNoLeader = 0xFFFFFFFF;

/// Finds the nearest leaders of points.  The same places give the same answers everywhere.
class Leaders {
 public:
  Leaders(const codes::Format& format, Codes points, std::span<const std::uint32_t> leaders,
          std::span<const std::uint32_t> supers, const std::function<void()>& interrupt);
  ~Leaders();

  /// choices[i * count + k] = the number of the k-th nearest leader of points[i], or kNoLeader;
  /// there always is a first one.  Leaders are numbered so that near ones have near numbers.
  void assign(Codes points, std::size_t count, std::uint32_t* choices);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Does what Leaders::assign() does for all points at once.
using AssignAll = std::function<void(const LeaderPlaces& places, std::size_t count,
                                     std::pmr::vector<std::uint32_t>& choices)>;

/// interrupt   called often; may throw
/// assign_all  who assigns the points to the first leaders; null: this process
Partition make_partition(const codes::Format& format, Codes points,
                         const PartitionSettings& settings, Rng& rng,
                         std::pmr::memory_resource* memory, const std::function<void()>& interrupt,
                         const AssignAll& assign_all = nullptr);

/// All points, those with one nearest leader together and near leaders near each other, about
/// `together` to a leader.
std::pmr::vector<std::uint32_t> order_by_leader(const codes::Format& format, Codes points,
                                                std::size_t together, Rng& rng,
                                                std::pmr::memory_resource* memory,
                                                const std::function<void()>& interrupt);

/// Sorts an order of nodes by their levels, the highest first, and leaves it as it is otherwise.
/// What every search comes to on its way down is on few pages then.
template <class LevelOf>
void put_upper_first(std::span<std::uint32_t> order, LevelOf level_of) {
  // Few are above layer 0: only they are sorted.
  std::vector<std::uint32_t> upper;
  std::size_t to = order.size();
  for (std::size_t from = order.size(); from-- > 0;) {
    if (level_of(order[from]) > 0) {
      upper.push_back(order[from]);
    } else {
      order[--to] = order[from];
    }
  }
  std::ranges::reverse(upper);
  std::ranges::stable_sort(upper, std::greater<>{}, level_of);
  std::ranges::copy(upper, order.begin());
}

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_PARTITION_H_

// core/hnsw/bulk/leaves_block.h
//
// The lists of all points, in memory that a team shares, and the tasks that fill them: the links
// that the leaves find; if the rule comes last, those that it keeps, and links back from whom it
// gave one; of all that the best.
//
// Rows and links are places in the partition's order: what is near is near in memory, too, and near
// ones have links in common whose codes are at hand.

#ifndef VEC_CORE_HNSW_BULK_LEAVES_BLOCK_H_
#define VEC_CORE_HNSW_BULK_LEAVES_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/partition.h"
#include "core/hnsw/bulk/team.h"

namespace vec::hnsw::bulk {

class LeavesBlock {
 public:
  struct Settings {
    std::uint32_t links;  // see LinkSettings
    std::uint32_t held;
    std::uint32_t candidates;  // see Leaf
    std::uint32_t by_rule;
    std::uint32_t bridges;    // not 0: there are
    std::uint32_t rule_last;  // not 0: so it is
  };
  static std::size_t bytes(std::size_t points, const Partition& partition,
                           const Settings& settings);
  static void write(std::byte* block, std::size_t points, const Partition& partition,
                    const Settings& settings);

  explicit LeavesBlock(std::byte* block) : block_(block) {}

  /// The tasks, each to be begun when all are through with the one before.
  static std::span<const Task> tasks(const Settings& settings);
  /// Takes part in one until nothing of it is left.
  /// rows   the codes, in that order
  void work(Task task, const codes::Format& format, Codes rows,
            const std::function<void()>& interrupt);
  LinkTable table() const;

 private:
  struct Header;
  struct Places;
  Header& header() const;
  static Places places(std::size_t points, std::size_t leaves, std::size_t members,
                       std::size_t held);
  Places places() const;
  void find_links(const codes::Format& format, Codes rows, const std::function<void()>& interrupt);
  void find_nearest(const codes::Format& format, Codes rows,
                    const std::function<void()>& interrupt);
  /// Calls each(members) for all leaves that no one else takes: rows, maybe with kFirstTime.
  template <class Each>
  void each_leaf(Each each);
  void link_back(const std::function<void()>& interrupt);
  /// Calls each(row) for all rows that no one else takes.
  template <class Each>
  void each_row(std::atomic<std::uint32_t>& next, const std::function<void()>& interrupt,
                Each each);

  std::byte* block_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LEAVES_BLOCK_H_

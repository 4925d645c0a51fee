// core/hnsw/bulk/team.h
//
// Several processes at work on one build.  The leader puts what a task needs into blocks of memory
// that all of them see; all take pieces of it until none is left.
//
// A block holds no pointers, as it may be mapped at different addresses.

#ifndef VEC_CORE_HNSW_BULK_TEAM_H_
#define VEC_CORE_HNSW_BULK_TEAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/hnsw/bulk/columns.h"
#include "core/hnsw/bulk/partition.h"

namespace vec::hnsw::bulk {

enum class Task : std::uint32_t {
  kNone,
  kAssign,
  kFindLinks,
  kAskRule,
  kLinkBack,
  kChoose,
  kUnite
};

/// The others, as the leader sees them.
class Team {
 public:
  virtual ~Team() = default;

  /// Memory that all see, zeroed and aligned as by malloc; null if it cannot be had.  The first
  /// block is that of the points.  free_task_block() gives back the newest of those after it,
  /// free_points() all that there are: then the next is that of other points.
  virtual std::byte* share(std::size_t bytes) = 0;
  virtual void free_task_block() = 0;
  virtual void free_points() = 0;
  /// Up to `bytes` at a time of what is shared from now on are to come out of one piece of memory,
  /// which all keep until release(): there are many points' blocks to come.  Only a hint; nothing
  /// is shared at the time of either call.
  virtual void reserve(std::size_t bytes) = 0;
  virtual void release() = 0;
  /// Has the others call help() with the newest block; returns at once.
  virtual void start(Task task) = 0;
  /// Returns when all the others are through with the task.
  virtual void wait() = 0;
};

/// The parts of a block begin at multiples of this.
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
template <class T>
T* at(std::byte* block, std::size_t offset) {
  return reinterpret_cast<T*>(block + offset);
}

/// The codes of all points: what every task is about.
class PointsBlock {
 public:
  static std::size_t bytes(const codes::Format& format, std::size_t points);
  /// Fills a block.
  static void write(std::byte* block, const codes::Format& format, Codes points);
  /// Fills a block but for the codes, and returns where those belong, one behind the other.
  static std::byte* begin(std::byte* block, const codes::Format& format, std::size_t points);
  /// Brings the codes of a block into another order: the i-th will be the one that is order[i]-th.
  static void reorder(std::byte* block, std::span<const std::uint32_t> order);

  explicit PointsBlock(const std::byte* block);
  const codes::Format& format() const { return format_; }
  Codes codes() const { return codes_; }

 private:
  codes::Format format_;
  std::vector<const std::byte*> codes_;
};

/// The nearest leaders of all points.
class AssignBlock {
 public:
  static std::size_t bytes(std::size_t points, const LeaderPlaces& places, std::size_t fanout);
  static void write(std::byte* block, std::size_t points, const LeaderPlaces& places,
                    std::size_t fanout);

  explicit AssignBlock(std::byte* block) : block_(block) {}
  void work(const codes::Format& format, Codes points, const std::function<void()>& interrupt);
  std::span<const std::uint32_t> choices() const;

 private:
  struct Header;
  Header& header() const;
  std::uint32_t* numbers() const;  // leaders, supers, choices

  std::byte* block_;
};

/// What the others do when the leader starts a task.
void help(Task task, const PointsBlock& points, std::byte* block,
          const std::function<void()>& interrupt);

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_TEAM_H_

// pg/hnsw/row_queue.h
//
// Rows on their way from the workers of a build to its leader: place and code of each, many to a
// message.

#ifndef VEC_PG_HNSW_ROW_QUEUE_H_
#define VEC_PG_HNSW_ROW_QUEUE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "core/hnsw/graph.h"
#include "pg/boundary.h"
#include "pg/pg.h"

namespace vec::pg::hnsw {

/// A worker's end.
class RowSender {
 public:
  explicit RowSender(shm_mq_handle* queue) : queue_(queue) {}

  void put(vec::hnsw::RowId row, std::span<const std::byte> code);
  /// Sends what is left, and says that there is no more.
  void finish();

 private:
  void flush();

  shm_mq_handle* queue_;
  std::vector<std::byte> batch_;
};

/// The leader's end of all queues.
class RowReceiver {
 public:
  explicit RowReceiver(std::span<shm_mq_handle* const> queues)
      : queues_(queues.begin(), queues.end()) {}

  /// Calls take(row, code) for every row that has arrived.  Returns false when no more will come.
  template <class Take>
  bool receive(Take take) {
    for (std::size_t i = 0; i < queues_.size();) {
      std::span<const std::byte> message;
      const Status status = next(queues_[i], message);
      if (status == Status::kEnd) {
        queues_.erase(queues_.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (status == Status::kEmpty) {
        ++i;
      } else {
        while (!message.empty()) {
          const Row row = first(message);
          take(row.row, row.code);
        }
      }
    }
    return !queues_.empty();
  }

  /// Returns when something may have arrived.
  static void wait();

 private:
  enum class Status { kMessage, kEmpty, kEnd };
  struct Row {
    vec::hnsw::RowId row;
    std::span<const std::byte> code;
  };

  static Status next(shm_mq_handle* queue, std::span<const std::byte>& message);
  /// The first row of a message, which is cut off.
  static Row first(std::span<const std::byte>& message);

  std::vector<shm_mq_handle*> queues_;
};

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_ROW_QUEUE_H_

#include "pg/hnsw/row_queue.h"

namespace vec::pg::hnsw {

namespace {

constexpr std::size_t kBatchBytes = std::size_t{32} * 1024;

struct RowHeader {
  vec::hnsw::RowId row;
  std::uint32_t code_bytes;
};

}  // namespace

void RowSender::put(vec::hnsw::RowId row, std::span<const std::byte> code) {
  const RowHeader header{row, static_cast<std::uint32_t>(code.size())};
  const auto* const bytes = reinterpret_cast<const std::byte*>(&header);
  batch_.insert(batch_.end(), bytes, bytes + sizeof header);
  batch_.insert(batch_.end(), code.begin(), code.end());
  if (batch_.size() >= kBatchBytes) flush();
}

void RowSender::flush() {
  if (batch_.empty()) return;
  const void* const data = batch_.data();
  const Size size = batch_.size();
  // A leader that is gone has raised an error, which ends this process, too.
  pg_call([=, this] {
#if PG_VERSION_NUM >= 150000
    shm_mq_send(queue_, size, data, false, true);
#else
    shm_mq_send(queue_, size, data, false);
#endif
  });
  batch_.clear();
}

void RowSender::finish() {
  flush();
  pg_call([this] { shm_mq_detach(queue_); });
}

RowReceiver::Status RowReceiver::next(shm_mq_handle* queue, std::span<const std::byte>& message) {
  struct Received {
    shm_mq_result result;
    Size size;
    void* data;
  };
  const Received received = pg_call([queue] {
    Received it{};
    it.result = shm_mq_receive(queue, &it.size, &it.data, true);
    return it;
  });
  if (received.result == SHM_MQ_WOULD_BLOCK) return Status::kEmpty;
  if (received.result == SHM_MQ_DETACHED) return Status::kEnd;
  message = {static_cast<const std::byte*>(received.data), received.size};
  return Status::kMessage;
}

RowReceiver::Row RowReceiver::first(std::span<const std::byte>& message) {
  RowHeader header;
  std::memcpy(&header, message.data(), sizeof header);
  const Row row{header.row, message.subspan(sizeof header, header.code_bytes)};
  message = message.subspan(sizeof header + header.code_bytes);
  return row;
}

void RowReceiver::wait() {
  pg_call([] {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, 0, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  });
}

}  // namespace vec::pg::hnsw

// test/support/threads_team.h
//
// Helpers of a build in bulk, without a server.

#ifndef VEC_TEST_SUPPORT_THREADS_TEAM_H_
#define VEC_TEST_SUPPORT_THREADS_TEAM_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "core/hnsw/bulk/team.h"

namespace vec::test {

/// Threads, where the server has processes.
class Threads final : public hnsw::bulk::Team {
 public:
  explicit Threads(std::size_t count, std::size_t blocks) : count_(count), left_(blocks) {}

  std::byte* share(std::size_t bytes) override {
    if (left_ == 0) return nullptr;
    --left_;
    blocks_.push_back(std::make_unique<std::byte[]>(bytes));  // zeroed
    return blocks_.back().get();
  }
  void free_task_block() override { blocks_.pop_back(); }
  void free_points() override { blocks_.clear(); }
  void reserve(std::size_t bytes) override {
    EXPECT_TRUE(blocks_.empty() && reserved == 0);
    reserved = bytes;
  }
  void release() override {
    EXPECT_TRUE(blocks_.empty());
    reserved = 0;
  }
  void start(hnsw::bulk::Task task) override {
    ++tasks;
    for (std::size_t i = 0; i < count_; ++i) {
      threads_.emplace_back([this, task] {
        hnsw::bulk::help(task, hnsw::bulk::PointsBlock(blocks_.front().get()), blocks_.back().get(),
                         [] {});
      });
    }
  }
  void wait() override {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::size_t blocks() const { return blocks_.size(); }

  int tasks = 0;
  std::size_t reserved = 0;

 private:
  std::size_t count_, left_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::vector<std::thread> threads_;
};

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_THREADS_TEAM_H_

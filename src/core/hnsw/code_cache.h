// core/hnsw/code_cache.h
//
// Codes that were fetched once, near at hand for the next time.
//
// A vacuum looks at the same codes again and again: those around a dying node once for each of the
// lists that have it.  Nobody changes the code of a node that is live or dying, and only vacuums,
// which are one at a time, make a live node dying and a dying one free (HNSW README, "Locking").
// So from the moment that a vacuum has marked the dying ones to the moment that it frees them, what
// was fetched stays true.  Free nodes are not kept: an insert may take them.

#ifndef VEC_CORE_HNSW_CODE_CACHE_H_
#define VEC_CORE_HNSW_CODE_CACHE_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "core/codes/query.h"
#include "core/hnsw/store.h"

namespace vec::hnsw {

/// Each node has one place, which it may share with others; who comes first has it.
class CodeCache {
 public:
  /// Keeps nothing.
  CodeCache() = default;

  /// For nodes below `nodes`, in `most_bytes` bytes at most.  Memory is in use only from when codes
  /// are put there.  Keeps nothing if the system does not give that much.
  CodeCache(const codes::Format& format, NodeId nodes, std::size_t most_bytes)
      : format_(&format), stride_((std::size_t{format.code_bytes} + 7) / 8 * 8) {
    const std::size_t places = std::min<std::size_t>(nodes, most_bytes / (stride_ + sizeof(Place)));
    codes_.reset(new (std::nothrow) std::byte[places * stride_]);
    if (codes_ != nullptr) places_.resize(places);
  }

  std::size_t bytes() const { return places_.size() * (stride_ + sizeof(Place)); }

  /// So many nodes were turned away that those to come had better have the places.
  bool crowded() const { return turned_away_ > places_.size() / 2; }

  void clear() {
    std::fill(places_.begin(), places_.end(), Place{});
    turned_away_ = 0;
  }

  /// What Store::fetch_codes(nodes, batch) does, by fetch(nodes, batch) for those that are not
  /// here; keeps what that brings.  Codes stay where they are until the next call with the same
  /// batch or to clear().
  template <class Fetch>
  void fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch, Fetch fetch) {
    if (places_.empty()) return fetch(nodes, batch);
    batch.codes.resize(nodes.size());
    batch.states.resize(nodes.size());
    batch.generations.resize(nodes.size());
    missing_.clear();
    missing_at_.clear();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t at = nodes[i] % places_.size();
      const Place& place = places_[at];
      if (place.node != nodes[i]) {
        missing_.push_back(nodes[i]);
        missing_at_.push_back(i);
        continue;
      }
      const std::byte* const code = codes_.get() + at * stride_;
      for (std::size_t line = 0; line < std::min(stride_, kAhead); line += kLine) {
        __builtin_prefetch(code + line);
      }
      batch.codes[i] = code;
      batch.states[i] = place.state;
      batch.generations[i] = place.generation;
    }
    if (!missing_.empty()) take_missing(batch, fetch);
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kAhead = 8 * kLine;  // the processor foresees the rest

  struct Place {
    NodeId node = kNoNode;
    std::uint16_t generation = 0;
    NodeState state = NodeState::kFree;
  };

  template <class Fetch>
  void take_missing(CodeBatch& batch, Fetch fetch) {
    fetch(std::span<const NodeId>(missing_), fetched_);
    batch.room.resize(missing_.size() * stride_);
    for (std::size_t i = 0; i < missing_.size(); ++i) {
      const std::size_t at = missing_at_[i];
      batch.codes[at] = nullptr;
      batch.states[at] = fetched_.states[i];
      batch.generations[at] = fetched_.generations[i];
      if (fetched_.codes[i] == nullptr) continue;
      const std::size_t place = missing_[i] % places_.size();
      const bool has_room = places_[place].node == kNoNode;
      std::byte* const to =
          has_room ? codes_.get() + place * stride_ : batch.room.data() + i * stride_;
      std::memcpy(to, fetched_.codes[i], codes::code_size(*format_, fetched_.codes[i]));
      batch.codes[at] = to;
      if (has_room) {
        places_[place] = {missing_[i], fetched_.generations[i], fetched_.states[i]};
      } else {
        ++turned_away_;
      }
    }
  }

  const codes::Format* format_ = nullptr;
  std::size_t stride_ = 0;
  std::vector<Place> places_;
  std::unique_ptr<std::byte[]> codes_;
  std::size_t turned_away_ = 0;
  std::vector<NodeId> missing_;
  std::vector<std::size_t> missing_at_;  // in the batch
  CodeBatch fetched_;
};

}  // namespace vec::hnsw

#endif  // VEC_CORE_HNSW_CODE_CACHE_H_

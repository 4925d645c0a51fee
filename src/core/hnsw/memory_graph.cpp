#include "core/hnsw/memory_graph.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace vec::hnsw {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kAlignment = alignof(std::uint64_t);

}  // namespace

MemoryGraph::MemoryGraph(const codes::Format& format, Params params,
                         std::pmr::memory_resource* memory, void (*interrupt)())
    : format_(format), params_(params), interrupt_(interrupt), memory_(memory) {}

MemoryGraph::~MemoryGraph() {
  for (const auto& [block, size] : blocks_) memory_->deallocate(block, size, kAlignment);
}

template <class T>
T* MemoryGraph::take(std::size_t count) {
  const std::size_t size = (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  if (size > left_) {
    const std::size_t block_bytes = std::max(size, kBlockBytes);
    blocks_.reserve(blocks_.size() + 1);
    next_ = static_cast<std::byte*>(memory_->allocate(block_bytes, kAlignment));
    blocks_.emplace_back(next_, block_bytes);
    left_ = block_bytes;
  }
  std::byte* taken = next_;
  next_ += size;
  left_ -= size;
  bytes_ += size;
  return reinterpret_cast<T*>(taken);
}

void MemoryGraph::links(NodeId node, int layer, LinkList& out) const {
  out.count = 0;
  out.state = NodeState::kFree;
  if (node >= count_) return;
  const Node& it = at(node);
  out.state = it.state;
  if (it.state == NodeState::kFree || layer > it.level) return;
  const Link* list = list_of(it, layer);
  if (list == nullptr) return;
  const int limit = params_.max_links(layer);
  while (out.count < limit && list[out.count] != kNoLink) {
    out.links[static_cast<std::size_t>(out.count)] = list[out.count];
    ++out.count;
  }
}

void MemoryGraph::score(const codes::Query& query, std::span<const NodeId> nodes, float,
                        NodeScore* out) const {
  if (nodes.empty()) return;
  std::array<const std::byte*, kMaxLinks> codes;
  std::array<codes::Scored, kMaxLinks> scored;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    codes[i] = at(nodes[i]).code;
    __builtin_prefetch(codes[i]);
    __builtin_prefetch(codes[i] + 64);
  }
  query.score(codes.data(), nodes.size(), scored.data());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& it = at(nodes[i]);
    out[i] = {scored[i], it.state, it.generation};
    if (it.state == NodeState::kFree) {
      out[i].scored = {std::numeric_limits<float>::infinity(), 0};
    }
  }
}

void MemoryGraph::fetch_codes(std::span<const NodeId> nodes, CodeBatch& batch) const {
  batch.codes.resize(nodes.size());
  batch.states.resize(nodes.size());
  batch.generations.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& it = at(nodes[i]);
    batch.states[i] = it.state;
    batch.generations[i] = it.generation;
    batch.codes[i] = it.state == NodeState::kFree ? nullptr : it.code;
  }
}

void MemoryGraph::prefetch_links(NodeId node) const {
  const Node& it = at(node);
  __builtin_prefetch(it.base);
  __builtin_prefetch(it.base + 16);
}

void MemoryGraph::write_list(Link* list, int layer, std::span<const Link> links) const {
  std::copy(links.begin(), links.end(), list);
  std::fill(list + links.size(), list + params_.max_links(layer), kNoLink);
}

NodeId MemoryGraph::create_node(int level, std::span<const std::byte> code, RowId row,
                                std::span<const LinkList> lists) {
  const NodeId node = add_unlinked(level, code, row);
  Node& it = at(node);
  it.base = take<Link>(static_cast<std::size_t>(params_.max_links(0)));
  for (int layer = 0; layer <= level; ++layer) {
    write_list(list_of(it, layer), layer, lists[static_cast<std::size_t>(layer)].view());
  }
  return node;
}

NodeId MemoryGraph::add_unlinked(int level, std::span<const std::byte> code, RowId row) {
  NodeId node = count_;
  std::uint16_t generation = 0;
  if (!free_.empty()) {
    node = free_.back();
    free_.pop_back();
    generation = at(node).generation;
  } else {
    if (count_ == kMaxNodes) throw Error(ErrorCode::kProgramLimitExceeded, "too many elements");
    if (node % kChunk == 0) chunks_.push_back(take<Node>(kChunk));
    ++count_;
  }
  // What a freed node had is not taken back: builds free nothing, and tests are small.
  Node& it = at(node);
  it = Node{};
  it.code = take<std::byte>(code.size());
  if (level > 0) {
    const std::size_t room =
        static_cast<std::size_t>(level) * static_cast<std::size_t>(params_.max_links(1));
    it.upper = take<Link>(room);
    std::fill_n(it.upper, room, kNoLink);
  }
  it.code_bytes = static_cast<std::uint32_t>(code.size());
  it.generation = generation;
  it.level = static_cast<std::uint8_t>(level);
  it.state = NodeState::kLive;
  it.rows[0] = row;
  std::memcpy(it.code, code.data(), code.size());
  return node;
}

void MemoryGraph::renumber(std::span<const NodeId> order) {
  VEC_ASSERT(order.size() == count_ && free_.empty());
  std::pmr::vector<Node> old(count_, memory_);
  std::pmr::vector<NodeId> number(count_, memory_);
  for (NodeId node = 0; node < count_; ++node) {
    old[node] = at(node);
    number[order[node]] = node;
  }
  const auto rename = [&](Link* list, int length) {
    for (int i = 0; list != nullptr && i < length && list[i] != kNoLink; ++i) {
      list[i] = make_link(number[node_of(list[i])], kept_by_rule(list[i]), in_tree(list[i]));
    }
  };
  for (NodeId node = 0; node < count_; ++node) {
    Node& it = at(node);
    it = old[order[node]];
    for (int layer = 0; layer <= it.level; ++layer) {
      rename(list_of(it, layer), params_.max_links(layer));
    }
  }
  if (entry_.exists()) entry_.node = number[entry_.node];
}

void MemoryGraph::set_links(NodeId node, int layer, std::span<const Link> links) {
  Node& it = at(node);
  VEC_ASSERT(layer <= it.level);
  if (it.base == nullptr) it.base = take<Link>(static_cast<std::size_t>(params_.max_links(0)));
  write_list(list_of(it, layer), layer, links);
}

bool MemoryGraph::replace_links(NodeId node, int layer, std::span<const Link> expected,
                                std::span<const Link> desired) {
  LinkList now;
  links(node, layer, now);
  if (now.state != NodeState::kLive || layer > at(node).level) return false;
  if (!std::ranges::equal(now.view(), expected)) return false;
  write_list(list_of(at(node), layer), layer, desired);
  return true;
}

bool MemoryGraph::add_row(NodeId node, std::uint16_t generation, RowId row) {
  Node& it = at(node);
  if (it.state != NodeState::kLive || it.generation != generation) return false;
  for (RowId& place : it.rows) {
    if (place.valid()) continue;
    place = row;
    return true;
  }
  return false;
}

bool MemoryGraph::replace_entry(NodeId old, EntryPoint entry) {
  if (entry_.node != old) return false;
  entry_ = entry;
  return true;
}

void MemoryGraph::free_nodes(std::span<const NodeId> nodes) {
  for (const NodeId node : nodes) {
    Node& it = at(node);
    VEC_ASSERT(it.state == NodeState::kDying);
    it.state = NodeState::kFree;
    ++it.generation;
    free_.push_back(node);
  }
}

}  // namespace vec::hnsw

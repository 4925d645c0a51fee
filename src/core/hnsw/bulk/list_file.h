// core/hnsw/bulk/list_file.h
//
// Lists of links in a temporary file.

#ifndef VEC_CORE_HNSW_BULK_LIST_FILE_H_
#define VEC_CORE_HNSW_BULK_LIST_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/bulk/link_table.h"
#include "core/hnsw/bulk/spill.h"
#include "core/hnsw/graph.h"

namespace vec::hnsw::bulk {

/// What a list begins with; `count` entries follow.
struct ListHeader {
  std::uint32_t name;
  std::uint32_t count;
};
void append_list(SpillFile& file, std::uint32_t name, std::span<const LinkEntry> list);

/// Lists of nodes in a file, in the order of the nodes.
class ListFile {
 public:
  explicit ListFile(SpillFile* file) : file_(file) {}

  SpillFile* file() const { return file_; }
  void append(NodeId node, std::span<const LinkEntry> list);
  /// Those of the links that the rule kept; no list if there are none.
  void append_kept(NodeId node, std::span<const LinkEntry> list);
  void rewind();
  /// The node's list; empty if there is none.  Nodes are asked for in their order.
  std::span<const LinkEntry> list_of(NodeId node);

 private:
  SpillFile* file_;
  std::size_t lists_ = 0;
  std::size_t unread_ = 0;
  bool has_next_ = false;
  NodeId next_ = 0;  // whose list list_ is
  std::vector<LinkEntry> list_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_LIST_FILE_H_

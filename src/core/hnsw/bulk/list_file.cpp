#include "core/hnsw/bulk/list_file.h"

#include <algorithm>
#include <iterator>

namespace vec::hnsw::bulk {

void append_list(SpillFile& file, std::uint32_t name, std::span<const LinkEntry> list) {
  file.append(bytes_of(ListHeader{name, static_cast<std::uint32_t>(list.size())}));
  file.append(std::as_bytes(list));
}

void ListFile::append(NodeId node, std::span<const LinkEntry> list) {
  append_list(*file_, node, list);
  ++lists_;
}

void ListFile::append_kept(NodeId node, std::span<const LinkEntry> list) {
  list_.clear();
  std::ranges::copy_if(list, std::back_inserter(list_),
                       [](const LinkEntry& entry) { return kept_by_rule(entry.link); });
  if (!list_.empty()) append(node, list_);
}

void ListFile::rewind() {
  file_->rewind();
  unread_ = lists_;
  next_ = 0;
  has_next_ = false;
}

std::span<const LinkEntry> ListFile::list_of(NodeId node) {
  while (!has_next_ || next_ < node) {
    if (unread_ == 0) return {};
    --unread_;
    const auto header = read_value<ListHeader>(*file_);
    list_.resize(header.count);
    file_->read(std::as_writable_bytes(std::span(list_)));
    next_ = header.name;
    has_next_ = true;
  }
  if (next_ != node) return {};
  return list_;
}

}  // namespace vec::hnsw::bulk

// pg/ivf/list_writer.h
//
// Writing an index that is still empty, every page once and in order.  Nothing of the main fork is
// logged: the build logs all pages at its end.

#ifndef VEC_PG_IVF_LIST_WRITER_H_
#define VEC_PG_IVF_LIST_WRITER_H_

#include <span>
#include <vector>

#include "pg/boundary.h"
#include "pg/ivf/index.h"

namespace vec::pg::ivf {

/// Writes meta page and directory of lists that have no entries.
/// centers   side by side; empty if the index has none
void write_head(Relation index, ForkNumber fork, const Shape& shape,
                std::span<const std::byte> centers);

/// Writes the lists one after the other, behind the head.
class ListWriter {
 public:
  ListWriter(Relation index, const Shape& shape);

  /// What follows is of `list`.
  void begin(ListNo list);
  void add(const vec::ivf::Entry& entry);
  /// No more of this list.
  void end();

  /// Enters all lists into the directory.
  void finish();

  std::size_t entry_count() const { return entry_count_; }

 private:
  char* page() { return reinterpret_cast<char*>(page_.data()); }
  void write_page();

  Relation index_;
  Shape shape_;
  std::vector<std::byte> page_;  // made apart, so that no error meets a page half written
  std::vector<ListSlot> slots_;
  ListNo list_ = 0;
  bool open_ = false;  // page_ has entries of list_
  BlockNo next_block_;
  std::size_t entry_count_ = 0;
};

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_LIST_WRITER_H_

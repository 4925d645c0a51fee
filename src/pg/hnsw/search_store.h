// pg/hnsw/search_store.h
//
// The ReadStore of searches: as Store, but looks at pages without pinning or locking them
// (pg/unpinned_page.h) wherever it knows which buffer they are in.
//
// A search bears what it may see then.  Half a list of links before a change and half after it:
// each is the number of a node.  A node's code and another's in one: not as long as the node lives
// and is of the generation that was read with the code, and rows() tells if it is not.  What
// inserts and vacuum decide by they read through Store.

#ifndef VEC_PG_HNSW_SEARCH_STORE_H_
#define VEC_PG_HNSW_SEARCH_STORE_H_

#include "pg/hnsw/store.h"
#include "pg/unpinned_page.h"

namespace vec::pg::hnsw {

class SearchStore : private Store {
 public:
  explicit SearchStore(Relation index)
      : Store(index),
        unpinned_(pg_call([this] { return UnpinnedPages(pages_.index, pages_.remembered); })) {}

  using Store::check_interrupts;
  using Store::entry;
  using Store::fetch_codes;
  using Store::format;
  using Store::rows;

  void links(NodeId node, int layer, LinkList& out);
  void score(const Query& query, std::span<const NodeId> nodes, float limit, NodeScore* out);
  void prefetch_links(NodeId node) const;

  /// Asks the processor for what likely_row() will look at.
  void prefetch_rows(std::span<const vec::hnsw::Candidate> candidates) const;
  /// A hint which row rows() will give first; not valid if that is not known at a glance.
  RowId likely_row(NodeId node);

 private:
  template <class Read>
  bool look(vec::hnsw::Place place, Read read);
  bool look_at_upper_links(NodeId node, int layer, LinkList& out);

  UnpinnedPages unpinned_;
  std::array<const std::byte*, vec::hnsw::kMaxLinks> codes_;  // of score()
};

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_SEARCH_STORE_H_

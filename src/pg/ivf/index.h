// pg/ivf/index.h
//
// What an index of lists is made of: its format, layout and pages.

#ifndef VEC_PG_IVF_INDEX_H_
#define VEC_PG_IVF_INDEX_H_

#include "core/ivf/entries.h"
#include "core/ivf/layout.h"
#include "pg/index/values.h"
#include "pg/pg.h"

namespace vec::pg::ivf {

using vec::ivf::BlockNo;
using vec::ivf::Extent;
using vec::ivf::kNoBlock;
using vec::ivf::Layout;
using vec::ivf::ListNo;
using vec::ivf::ListSlot;
using vec::ivf::MetaPage;
using vec::ivf::Method;
using vec::ivf::PageKind;
using vec::ivf::PageTrailer;

/// WITH (...) of an ivfflat index.  Read by core PostgreSQL by offset.
struct Options {
  int32 vl_len_;
  int lists;
};
inline constexpr int kDefaultLists = 100;

/// As users write it.
const char* name_of(Method method);

/// All of an index but its contents.  Trivially destructible.
struct Shape {
  Method method;
  codes::Format format;
  Layout layout;

  bool has_centers() const { return method == Method::kIvfflat; }
  codes::Format center_format() const { return vec::ivf::center_format(format); }
};

/// What CREATE INDEX is asked to build; checks all that can be checked without looking at a row,
/// and raises what is wrong.  C-like.
Shape shape_for_build(Relation index, Method method);

/// What the meta page says.  Raises an error if the index is not ours or is damaged.  C-like.
Shape shape_of(Relation index, Method method);

/// Copies the meta page.  False, and no error, if the page is not one of ours.  C-like.
bool read_meta(Relation index, Method method, MetaPage* out);

/// The contents of the meta page of such an index.
MetaPage meta_of(const Shape& shape);

/// Makes an empty page.
/// list   whose entries come there, for PageKind::kEntries
void init_page(char* page, PageKind kind, ListNo list);

/// Raises an error if the page is not of that kind.
void check_page(Relation index, Buffer buffer, PageKind kind);

inline PageTrailer trailer_of(const char* page) {
  PageTrailer trailer;
  std::memcpy(&trailer, page + BLCKSZ - sizeof trailer, sizeof trailer);
  return trailer;
}

inline void set_trailer(char* page, const PageTrailer& trailer) {
  std::memcpy(page + BLCKSZ - sizeof trailer, &trailer, sizeof trailer);
}

/// Where a page has entries, for pages of PageKind::kEntries that check_page() has seen.
inline Extent extent_of(const char* page, const Layout& layout) {
  const auto* header = reinterpret_cast<const PageHeaderData*>(page);
  return {layout.begin(), header->pd_lower, header->pd_upper, layout.end()};
}
inline void set_extent(char* page, const Extent& extent) {
  auto* header = reinterpret_cast<PageHeader>(page);
  header->pd_lower = static_cast<LocationIndex>(extent.lower);
  header->pd_upper = static_cast<LocationIndex>(extent.upper);
}

/// Adds an entry to a page that has room for it.
inline void put_entry(char* page, const Shape& shape, const vec::ivf::Entry& entry) {
  Extent extent = extent_of(page, shape.layout);
  vec::ivf::put_entry(shape.format, reinterpret_cast<std::byte*>(page), extent, entry);
  set_extent(page, extent);
}

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_INDEX_H_

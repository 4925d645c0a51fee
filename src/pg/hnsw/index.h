// pg/hnsw/index.h
//
// What an hnsw index is made of: its format, parameters and layout, and its pages.

#ifndef VEC_PG_HNSW_INDEX_H_
#define VEC_PG_HNSW_INDEX_H_

#include "core/hnsw/layout.h"
#include "pg/index/values.h"
#include "pg/pg.h"

namespace vec::pg::hnsw {

using vec::hnsw::Layout;
using vec::hnsw::MetaPage;
using vec::hnsw::PageKind;
using vec::hnsw::PageTrailer;
using vec::hnsw::Params;

/// WITH (...) of an index.  Read by core PostgreSQL by offset.
struct Options {
  int32 vl_len_;
  int m;
  int ef_construction;
};
inline constexpr int kDefaultM = 16;
inline constexpr int kMinM = 2;
inline constexpr int kMaxM = 100;
inline constexpr int kDefaultEfConstruction = 64;
inline constexpr int kMinEfConstruction = 4;
inline constexpr int kMaxEfConstruction = 1000;

/// All of an index but its contents.  Trivially destructible.
struct Shape {
  codes::Format format;
  Params params;
  Layout layout;
};

/// What CREATE INDEX is asked to build; checks all that can be checked without looking at a row,
/// and raises what is wrong.  C-like.
Shape shape_for_build(Relation index);

/// What the meta page says.  Raises an error if the index is not ours or is damaged.  C-like.
Shape shape_of(Relation index);

/// Copies the meta page.  False, and no error, if the page is not one of ours.  C-like.
bool read_meta(Relation index, MetaPage* out);

/// The layout of an index with that format.
Layout layout_for(const codes::Format& format, int m, uint32 item_weight);

/// The contents of a page, or null if the page was never used.  Raises an error if it is not of
/// that kind.
char* page_of_kind(Relation index, Buffer buffer, PageKind kind);

/// Makes an empty page of that kind.
void init_page(char* page, const Layout& layout, PageKind kind);

}  // namespace vec::pg::hnsw

#endif  // VEC_PG_HNSW_INDEX_H_

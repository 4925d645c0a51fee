#include "pg/hnsw/index.h"

#include "vector/sparsevec.h"

namespace vec::pg::hnsw {

namespace {

using codes::Element;

constexpr int kMaxIndexedDims = 2000;

int max_dims(Element element) {
  switch (element) {
    case Element::kFloat:
      return kMaxIndexedDims;
    case Element::kHalf:
      return kMaxIndexedDims * 2;
    case Element::kBit:
      return kMaxIndexedDims * 32;
    case Element::kSparse:
      return SPARSEVEC_MAX_DIM;
  }
  return kMaxIndexedDims;
}

const Options* options_of(Relation index) {
  return reinterpret_cast<const Options*>(index->rd_options);
}

Params params_of_options(Relation index) {
  const Options* options = options_of(index);
  if (options == nullptr) return {kDefaultM, kDefaultEfConstruction};
  return {options->m, options->ef_construction};
}

Shape shape_from(const codes::Format& format, Params params, uint32 item_weight) {
  return {format, params, layout_for(format, params.m, item_weight)};
}

/// Items of unknown length are taken to be eight to a page.
constexpr uint32 kDefaultItemWeight = 8;

}  // namespace

Shape shape_for_build(Relation index) {
  const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);
  if (column->atttypid == VARBITOID) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("type not supported for hnsw index")));
  }
  const OpClass opclass = operator_class(index, "hnsw");
  const int dims = column->atttypmod;
  if (dims < 0) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("column does not have dimensions")));
  }
  if (dims > max_dims(opclass.element)) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("column cannot have more than %d dimensions for hnsw index",
                           max_dims(opclass.element))));
  }
  const Params params = params_of_options(index);
  if (params.ef_construction / 2 < params.m) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("ef_construction must be greater than or equal to 2 * m")));
  }
  return shape_from(
      codes::choose_graph_format(opclass.element, opclass.metric, static_cast<uint32>(dims)),
      params, kDefaultItemWeight);
}

bool read_meta(Relation index, MetaPage* out) {
  if (RelationGetNumberOfBlocks(index) == 0) return false;
  const Buffer buffer = ReadBuffer(index, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const char* page = static_cast<const char*>(BufferGetPage(buffer));
  PageTrailer trailer;
  std::memcpy(&trailer, page + BLCKSZ - sizeof trailer, sizeof trailer);
  std::memcpy(out, page + SizeOfPageHeaderData, sizeof *out);
  UnlockReleaseBuffer(buffer);
  return trailer.page_id == vec::hnsw::kPageId && trailer.kind == PageKind::kMeta &&
         trailer.format_version == vec::hnsw::kFormatVersion &&
         out->magic == vec::hnsw::kMetaMagic && out->version == vec::hnsw::kFormatVersion;
}

Shape shape_of(Relation index) {
  MetaPage meta;
  if (!read_meta(index, &meta)) {
    raise_not_valid(index, "hnsw");
  }
  const OpClass opclass = operator_class(index, "hnsw");
  const codes::Format format =
      codes::choose_graph_format(opclass.element, opclass.metric, meta.dims);
  if (meta.m < kMinM || meta.m > kMaxM || meta.dims < 1 ||
      meta.dims > static_cast<uint32>(max_dims(opclass.element)) || meta.item_weight < 1 ||
      meta.element != format.element || meta.metric != format.metric ||
      meta.code_kind != format.kind || meta.node_count > vec::hnsw::kMaxNodes ||
      static_cast<int64>(meta.dims) != TupleDescAttr(RelationGetDescr(index), 0)->atttypmod) {
    raise_corrupted(index, 0, "meta page");
  }
  const Params params{meta.m, params_of_options(index).ef_construction};
  return shape_from(format, params, meta.item_weight);
}

Layout layout_for(const codes::Format& format, int m, uint32 item_weight) {
  return Layout(format, m, item_weight, BLCKSZ, SizeOfPageHeaderData);
}

char* page_of_kind(Relation index, Buffer buffer, PageKind kind) {
  char* page = static_cast<char*>(BufferGetPage(buffer));
  PageTrailer trailer;
  std::memcpy(&trailer, page + BLCKSZ - sizeof trailer, sizeof trailer);
  if (trailer.page_id == vec::hnsw::kPageId && trailer.kind == kind) return page;
  // Asked last: the page's header would be one more line to wait for.
  if (PageIsNew(reinterpret_cast<Page>(page))) return nullptr;
  raise_corrupted(index, BufferGetBlockNumber(buffer), "page");
}

void init_page(char* page, const Layout& layout, PageKind kind) {
  PageInit(reinterpret_cast<Page>(page), BLCKSZ, sizeof(PageTrailer));
  // WAL leaves out what lies between pd_lower and pd_upper.
  reinterpret_cast<PageHeader>(page)->pd_lower =
      static_cast<LocationIndex>(layout.used_bytes(kind));
  const PageTrailer trailer{kind, 0, vec::hnsw::kFormatVersion, vec::hnsw::kPageId};
  std::memcpy(page + BLCKSZ - sizeof trailer, &trailer, sizeof trailer);
}

}  // namespace vec::pg::hnsw

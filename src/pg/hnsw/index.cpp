#include "pg/hnsw/index.h"

#include "pg/symbols.h"
#include "vector/halfvec.h"
#include "vector/sparsevec.h"
#include "vector/vector.h"

namespace vec::pg::hnsw {

namespace {

using codes::Element;
using codes::Metric;

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

OpClass operator_class(Relation index) {
  const PGFunction distance = index_getprocinfo(index, 1, kDistanceProc)->fn_addr;
  const bool normalized = OidIsValid(index_getprocid(index, 1, kNormProc));
  const Metric product = normalized ? Metric::kCosine : Metric::kInnerProduct;
  if (distance == vector_l2_squared_distance) return {Element::kFloat, Metric::kL2};
  if (distance == vector_negative_inner_product) return {Element::kFloat, product};
  if (distance == l1_distance) return {Element::kFloat, Metric::kL1};
  if (distance == halfvec_l2_squared_distance) return {Element::kHalf, Metric::kL2};
  if (distance == halfvec_negative_inner_product) return {Element::kHalf, product};
  if (distance == halfvec_l1_distance) return {Element::kHalf, Metric::kL1};
  if (distance == hamming_distance) return {Element::kBit, Metric::kHamming};
  if (distance == jaccard_distance) return {Element::kBit, Metric::kJaccard};
  if (distance == sparsevec_l2_squared_distance) return {Element::kSparse, Metric::kL2};
  if (distance == sparsevec_negative_inner_product) return {Element::kSparse, product};
  if (distance == sparsevec_l1_distance) return {Element::kSparse, Metric::kL1};
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("operator class of index \"%s\" has a distance function that hnsw does not know",
                  RelationGetRelationName(index)),
           errhint("Use one of the distance functions of the extension \"vector\".")));
}

Shape shape_for_build(Relation index) {
  const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);
  if (column->atttypid == VARBITOID) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("type not supported for hnsw index")));
  }
  const OpClass opclass = operator_class(index);
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
      codes::choose_format(opclass.element, opclass.metric, static_cast<uint32>(dims)), params,
      kDefaultItemWeight);
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
    ereport(ERROR,
            (errcode(ERRCODE_INDEX_CORRUPTED),
             errmsg("hnsw index \"%s\" is not valid", RelationGetRelationName(index)),
             errdetail("It was built by another version or another extension, or is damaged."),
             errhint("Please REINDEX it.")));
  }
  const OpClass opclass = operator_class(index);
  const codes::Format format = codes::choose_format(opclass.element, opclass.metric, meta.dims);
  if (meta.m < kMinM || meta.m > kMaxM || meta.dims < 1 ||
      meta.dims > static_cast<uint32>(max_dims(opclass.element)) || meta.item_weight < 1 ||
      meta.element != format.element || meta.metric != format.metric ||
      meta.code_kind != format.kind || meta.node_count > vec::hnsw::kMaxNodes) {
    raise_corrupted(index, 0, "meta page");
  }
  const Params params{meta.m, params_of_options(index).ef_construction};
  return shape_from(format, params, meta.item_weight);
}

void raise_corrupted(Relation index, BlockNumber block, const char* what) {
  ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                  errmsg("index \"%s\" contains an unexpected %s at block %u",
                         RelationGetRelationName(index), what, block),
                  errhint("Please REINDEX it.")));
  pg_unreachable();
}

Layout layout_for(const codes::Format& format, int m, uint32 item_weight) {
  return Layout(format, m, item_weight, BLCKSZ, SizeOfPageHeaderData);
}

char* page_of_kind(Relation index, Buffer buffer, PageKind kind) {
  char* page = static_cast<char*>(BufferGetPage(buffer));
  if (PageIsNew(reinterpret_cast<Page>(page))) return nullptr;
  PageTrailer trailer;
  std::memcpy(&trailer, page + BLCKSZ - sizeof trailer, sizeof trailer);
  if (trailer.page_id != vec::hnsw::kPageId || trailer.kind != kind) {
    raise_corrupted(index, BufferGetBlockNumber(buffer), "page");
  }
  return page;
}

void init_page(char* page, const Layout& layout, PageKind kind) {
  PageInit(reinterpret_cast<Page>(page), BLCKSZ, sizeof(PageTrailer));
  // WAL leaves out what lies between pd_lower and pd_upper.
  reinterpret_cast<PageHeader>(page)->pd_lower =
      static_cast<LocationIndex>(layout.used_bytes(kind));
  const PageTrailer trailer{kind, 0, vec::hnsw::kFormatVersion, vec::hnsw::kPageId};
  std::memcpy(page + BLCKSZ - sizeof trailer, &trailer, sizeof trailer);
}

codes::Value value_of(Element element, const void* datum) {
  codes::Value value{};
  switch (element) {
    case Element::kFloat:
      value.floats = static_cast<const Vector*>(datum)->x;
      break;
    case Element::kHalf:
      value.halves = static_cast<const HalfVector*>(datum)->x;
      break;
    case Element::kBit:
      value.bits = VARBITS(static_cast<const VarBit*>(datum));
      break;
    case Element::kSparse: {
      const auto* sparse = static_cast<const SparseVector*>(datum);
      value.sparse = {sparse->indices, SPARSEVEC_VALUES(sparse),
                      static_cast<std::size_t>(sparse->nnz)};
      break;
    }
  }
  return value;
}

int dimensions_of(Element element, const void* datum) {
  switch (element) {
    case Element::kFloat:
      return static_cast<const Vector*>(datum)->dim;
    case Element::kHalf:
      return static_cast<const HalfVector*>(datum)->dim;
    case Element::kBit:
      return VARBITLEN(static_cast<const VarBit*>(datum));
    case Element::kSparse:
      return static_cast<const SparseVector*>(datum)->dim;
  }
  return 0;
}

}  // namespace vec::pg::hnsw

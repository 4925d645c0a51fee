#include "pg/ivf/index.h"

namespace vec::pg::ivf {

namespace {

using codes::Element;
using codes::Metric;

constexpr int kMaxIndexedDims = 2000;
/// An 8-bit code of as many fits into a page.
constexpr int kMaxFlatDims = 8000;

int max_dims(Method method, Element element) {
  const bool flat = method == Method::kFlat;
  switch (element) {
    case Element::kFloat:
      return flat ? kMaxFlatDims : kMaxIndexedDims;
    case Element::kHalf:
      return flat ? kMaxFlatDims : kMaxIndexedDims * 2;
    case Element::kBit:
      return kMaxIndexedDims * 32;
    case Element::kSparse:
      return 1000000000;
  }
  return kMaxIndexedDims;
}

Shape shape_from(Method method, const codes::Format& format, std::uint32_t lists) {
  const bool flat = method == Method::kFlat;
  return {method, format,
          Layout(flat ? 1 : lists, flat ? 0 : vec::ivf::center_format(format).code_bytes, BLCKSZ,
                 SizeOfPageHeaderData)};
}

std::uint32_t lists_option(Relation index) {
  const auto* options = reinterpret_cast<const Options*>(index->rd_options);
  return static_cast<std::uint32_t>(options == nullptr ? kDefaultLists : options->lists);
}

/// Lists need centers, and centers a mean.
bool is_supported(Method method, const OpClass& opclass) {
  return method == Method::kFlat ||
         (opclass.element != Element::kSparse && opclass.metric != Metric::kL1 &&
          opclass.metric != Metric::kJaccard);
}

OpClass checked_operator_class(Relation index, Method method) {
  const OpClass opclass = operator_class(index, name_of(method));
  if (!is_supported(method, opclass)) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("type not supported for %s index", name_of(method))));
  }
  return opclass;
}

}  // namespace

const char* name_of(Method method) { return method == Method::kFlat ? "flat" : "ivfflat"; }

Shape shape_for_build(Relation index, Method method) {
  const char* name = name_of(method);
  const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);
  if (column->atttypid == VARBITOID) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("type not supported for %s index", name)));
  }
  const OpClass opclass = checked_operator_class(index, method);
  const int dims = column->atttypmod;
  if (dims < 0) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("column does not have dimensions")));
  }
  if (dims > max_dims(method, opclass.element)) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("column cannot have more than %d dimensions for %s index",
                           max_dims(method, opclass.element), name)));
  }
  // On a line there are two directions only, and no centers between them.
  if (method == Method::kIvfflat && dims == 1 &&
      (opclass.metric == Metric::kInnerProduct || opclass.metric == Metric::kCosine)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("dimensions must be greater than one for this opclass")));
  }
  return shape_from(
      method, codes::choose_scan_format(opclass.element, opclass.metric, static_cast<uint32>(dims)),
      method == Method::kFlat ? 1 : lists_option(index));
}

bool read_meta(Relation index, Method method, MetaPage* out) {
  if (RelationGetNumberOfBlocks(index) == 0) return false;
  const Buffer buffer = ReadBuffer(index, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const char* page = static_cast<const char*>(BufferGetPage(buffer));
  const PageTrailer trailer = trailer_of(page);
  std::memcpy(out, page + SizeOfPageHeaderData, sizeof *out);
  UnlockReleaseBuffer(buffer);
  return trailer.page_id == vec::ivf::kPageId && trailer.kind == PageKind::kMeta &&
         trailer.format_version == vec::ivf::kFormatVersion && out->magic == vec::ivf::kMetaMagic &&
         out->version == vec::ivf::kFormatVersion && out->method == method;
}

Shape shape_of(Relation index, Method method) {
  MetaPage meta;
  if (!read_meta(index, method, &meta)) raise_not_valid(index, name_of(method));
  const OpClass opclass = checked_operator_class(index, method);
  const codes::Format format =
      codes::choose_scan_format(opclass.element, opclass.metric, meta.dims);
  if (meta.dims < 1 || meta.dims > static_cast<uint32>(max_dims(method, opclass.element)) ||
      meta.lists < static_cast<uint32>(vec::ivf::kMinLists) ||
      meta.lists > static_cast<uint32>(vec::ivf::kMaxLists) || meta.element != format.element ||
      meta.metric != format.metric || meta.code_kind != format.kind ||
      static_cast<int64>(meta.dims) != TupleDescAttr(RelationGetDescr(index), 0)->atttypmod) {
    raise_corrupted(index, 0, "meta page");
  }
  return shape_from(method, format, meta.lists);
}

MetaPage meta_of(const Shape& shape) {
  return {vec::ivf::kMetaMagic, vec::ivf::kFormatVersion, shape.format.dims, shape.layout.lists(),
          shape.format.element, shape.format.metric,      shape.format.kind, shape.method};
}

void init_page(char* page, PageKind kind, ListNo list) {
  PageInit(reinterpret_cast<Page>(page), BLCKSZ, sizeof(PageTrailer));
  set_trailer(page, {kNoBlock, list, kind, 0, vec::ivf::kFormatVersion, vec::ivf::kPageId});
  // WAL leaves out what lies between pd_lower and pd_upper.
  auto* header = reinterpret_cast<PageHeader>(page);
  if (kind == PageKind::kLists) header->pd_lower = header->pd_upper;
  if (kind == PageKind::kMeta) header->pd_lower += sizeof(MetaPage);
}

void check_page(Relation index, Buffer buffer, PageKind kind) {
  const char* page = static_cast<const char*>(BufferGetPage(buffer));
  const PageTrailer trailer = trailer_of(page);
  const auto* header = reinterpret_cast<const PageHeaderData*>(page);
  if (PageIsNew(reinterpret_cast<Page>(const_cast<char*>(page))) ||
      trailer.page_id != vec::ivf::kPageId || trailer.kind != kind ||
      header->pd_lower < SizeOfPageHeaderData || header->pd_lower > header->pd_upper ||
      header->pd_upper > BLCKSZ - sizeof(PageTrailer)) {
    raise_corrupted(index, BufferGetBlockNumber(buffer), "page");
  }
}

}  // namespace vec::pg::ivf

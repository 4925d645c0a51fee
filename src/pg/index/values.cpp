#include "pg/index/values.h"

#include "pg/symbols.h"
#include "vector/halfvec.h"
#include "vector/sparsevec.h"
#include "vector/vector.h"

namespace vec::pg {

using codes::Element;
using codes::Metric;

OpClass operator_class(Relation index, const char* access_method) {
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
           errmsg("operator class of index \"%s\" has a distance function that %s does not know",
                  RelationGetRelationName(index), access_method),
           errhint("Use one of the distance functions of the extension \"vector\".")));
}

void raise_not_valid(Relation index, const char* access_method) {
  ereport(ERROR,
          (errcode(ERRCODE_INDEX_CORRUPTED),
           errmsg("%s index \"%s\" is not valid", access_method, RelationGetRelationName(index)),
           errdetail("It was built by another version or another extension, or is damaged."),
           errhint("Please REINDEX it.")));
  pg_unreachable();
}

void raise_corrupted(Relation index, BlockNumber block, const char* what) {
  ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                  errmsg("index \"%s\" contains an unexpected %s at block %u",
                         RelationGetRelationName(index), what, block),
                  errhint("Please REINDEX it.")));
  pg_unreachable();
}

void raise_corrupted_row(Relation index, const char* what, RowId row) {
  ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                  errmsg("index \"%s\" contains %s for row (%u,%u)", RelationGetRelationName(index),
                         what, std::uint32_t{row.block_high} << 16 | row.block_low, row.position),
                  errhint("Please REINDEX it.")));
  pg_unreachable();
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

void* zero_value(const codes::Format& format) {
  const auto dims = static_cast<int32>(format.dims);
  Size size = 0;
  switch (format.element) {
    case Element::kFloat:
      size = VECTOR_SIZE(dims);
      break;
    case Element::kHalf:
      size = HALFVEC_SIZE(dims);
      break;
    case Element::kBit:
      size = VARBITTOTALLEN(dims);
      break;
    case Element::kSparse:
      size = SPARSEVEC_SIZE(0);
      break;
  }
  void* value = palloc0(size);
  SET_VARSIZE(value, size);
  switch (format.element) {
    case Element::kFloat:
      static_cast<Vector*>(value)->dim = static_cast<int16>(dims);
      break;
    case Element::kHalf:
      static_cast<HalfVector*>(value)->dim = static_cast<int16>(dims);
      break;
    case Element::kBit:
      VARBITLEN(value) = dims;
      break;
    case Element::kSparse:
      static_cast<SparseVector*>(value)->dim = dims;
      break;
  }
  return value;
}

}  // namespace vec::pg

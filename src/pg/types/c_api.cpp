// pg/types/c_api.cpp
//
// The functions of include/vector, for other extensions.  C-like: they may ereport.

#include "core/text/dense_text.h"
#include "pg/types/results.h"

extern "C" {

Vector* InitVector(int dim) {
  const std::size_t bytes = VECTOR_SIZE(static_cast<std::size_t>(dim));
  auto* result = static_cast<Vector*>(palloc0(bytes));
  SET_VARSIZE(result, bytes);
  result->dim = static_cast<int16>(dim);
  return result;
}

HalfVector* InitHalfVector(int dim) {
  const std::size_t bytes = HALFVEC_SIZE(static_cast<std::size_t>(dim));
  auto* result = static_cast<HalfVector*>(palloc0(bytes));
  SET_VARSIZE(result, bytes);
  result->dim = static_cast<int16>(dim);
  return result;
}

SparseVector* InitSparseVector(int dim, int nnz) {
  const std::size_t bytes = SPARSEVEC_SIZE(static_cast<std::size_t>(nnz));
  auto* result = static_cast<SparseVector*>(palloc0(bytes));
  SET_VARSIZE(result, bytes);
  result->dim = dim;
  result->nnz = nnz;
  return result;
}

void PrintVector(char* msg, Vector* vector) {
  auto* digits = static_cast<char*>(palloc(vec::text::dense_text_bytes(vector->dim)));
  vec::text::print_dense(vec::DenseView<float>(vector->x, vector->dim), vec::pg::format_number,
                         digits);
  elog(INFO, "%s = %s", msg, digits);
  pfree(digits);
}

int vector_cmp_internal(Vector* a, Vector* b) {
  return vec::compare(vec::DenseView<float>(a->x, a->dim), vec::DenseView<float>(b->x, b->dim));
}

}  // extern "C"

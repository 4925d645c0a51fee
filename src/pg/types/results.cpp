#include "pg/types/results.h"

namespace vec::pg {

void* allocate(std::size_t bytes) {
  void* memory = MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_NO_OOM);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

SparseVector* new_sparse(int dims, int count) {
  const std::size_t bytes = SPARSEVEC_SIZE(static_cast<std::size_t>(count));
  auto* value = static_cast<SparseVector*>(allocate(bytes));
  SET_VARSIZE(value, bytes);
  value->dim = dims;
  value->nnz = count;
  value->unused = 0;
  return value;
}

bytea* new_bytea(std::size_t bytes) {
  auto* value = static_cast<bytea*>(allocate(VARHDRSZ + bytes));
  SET_VARSIZE(value, VARHDRSZ + bytes);
  return value;
}

}  // namespace vec::pg

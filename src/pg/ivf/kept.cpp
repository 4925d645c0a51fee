#include "pg/ivf/kept.h"

namespace vec::pg::ivf {

Kept* kept_of(Relation index, Method method) {
  if (index->rd_amcache == nullptr) {
    const Shape shape = shape_of(index, method);
    auto* kept = static_cast<Kept*>(MemoryContextAllocZero(index->rd_indexcxt, sizeof(Kept)));
    kept->shape = shape;
    index->rd_amcache = kept;
  }
  return kept_already(index);
}

Kept* keep_centers(Relation index, Method method, std::size_t bytes) {
  const Kept* before = kept_of(index, method);
  auto* kept =
      static_cast<Kept*>(MemoryContextAllocZero(index->rd_indexcxt, sizeof(Kept) + bytes));
  *kept = *before;
  kept->center_bytes = static_cast<uint32>(bytes);
  pfree(index->rd_amcache);
  index->rd_amcache = kept;
  return kept;
}

}  // namespace vec::pg::ivf

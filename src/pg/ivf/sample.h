// pg/ivf/sample.h
//
// Rows of a table for k-means.

#ifndef VEC_PG_IVF_SAMPLE_H_
#define VEC_PG_IVF_SAMPLE_H_

#include "core/ivf/kmeans.h"
#include "pg/ivf/index.h"

namespace vec::pg::ivf {

/// Takes rows from blocks chosen at random.  Raises 54000 if training with them needs more memory
/// than maintenance_work_mem.
void sample_rows(Relation heap, Relation index, IndexInfo* info, const Shape& shape, Rng& rng,
                 vec::ivf::Samples& samples);

}  // namespace vec::pg::ivf

#endif  // VEC_PG_IVF_SAMPLE_H_

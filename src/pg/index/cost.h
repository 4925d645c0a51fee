// pg/index/cost.h
//
// What the cost callbacks have in common.

#ifndef VEC_PG_INDEX_COST_H_
#define VEC_PG_INDEX_COST_H_

#include <limits>

#include "pg/boundary.h"
#include "pg/pg.h"

namespace vec::pg {

/// Where amcostestimate puts its results.
struct CostResults {
  Cost* startup;
  Cost* total;
  Selectivity* selectivity;
  double* correlation;
  double* pages;

  void set(const GenericCosts& costs) const {
    *startup = costs.indexStartupCost;
    *total = costs.indexTotalCost;
    *selectivity = costs.indexSelectivity;
    *correlation = costs.indexCorrelation;
    *pages = costs.numIndexPages;
  }

  /// The planner is to take any other way.
  void forbid([[maybe_unused]] IndexPath* path) const {
    *startup = *total = std::numeric_limits<double>::infinity();
    *selectivity = *correlation = *pages = 0;
#if PG_VERSION_NUM >= 180000
    path->path.disabled_nodes = 2;
#endif
  }
};

/// Calls look(index), which says whether the index can be read, with the index of the path open.
/// An index that is not ours (any more) is not an error before it is used.  C-like.
template <class Look>
bool can_be_read(IndexPath* path, Look look) {
  if (path->indexorderbys == NIL) return false;
  Relation index = index_open(path->indexinfo->indexoid, NoLock);
  const bool usable = look(index);
  index_close(index, NoLock);
  return usable;
}

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_COST_H_

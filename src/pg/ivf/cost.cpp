// pg/ivf/cost.cpp
//
// What a scan costs in the planner's eyes.

#include <limits>

#include "pg/boundary.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/settings.h"

namespace vec::pg::ivf {

void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages) {
  guarded([=] {
    pg_call([=] {
      MetaPage meta;
      bool usable = path->indexorderbys != NIL;
      if (usable) {
        // An index that is not ours (any more) is not an error before it is used.
        Relation index = index_open(path->indexinfo->indexoid, NoLock);
        usable = read_meta(index, Method::kIvfflat, &meta);
        index_close(index, NoLock);
      }
      if (!usable) {
        *startup = *total = std::numeric_limits<double>::infinity();
        *selectivity = 0;
        *correlation = 0;
        *pages = 0;
#if PG_VERSION_NUM >= 180000
        path->path.disabled_nodes = 2;
#endif
        return;
      }

      GenericCosts costs{};
      genericcostestimate(root, path, loop_count, &costs);
      const double lists = std::max<double>(meta.lists, 1);
      const double ratio = std::min(1.0, probes / lists);
      double random_cost = 0;
      double sequential_cost = 0;
      get_tablespace_page_costs(path->indexinfo->reltablespace, &random_cost, &sequential_cost);

      // Half of the pages are taken to be read in order.
      costs.indexTotalCost -= 0.5 * costs.numIndexPages * (random_cost - sequential_cost);
      costs.indexStartupCost = costs.indexTotalCost * ratio;
      // A sequential scan is estimated as if vectors out of line cost nothing to read: allow the
      // index the same, for the pages it visits beyond the table's own.
      const double visited_pages = costs.numIndexPages * ratio;
      const double heap_pages = path->indexinfo->rel->pages;
      if (visited_pages > heap_pages && ratio < 0.5) {
        costs.indexStartupCost -= 0.5 * visited_pages * (random_cost - sequential_cost);
        costs.indexStartupCost -= (visited_pages - heap_pages) * sequential_cost;
      }
      *startup = costs.indexStartupCost;
      *total = costs.indexTotalCost;
      *selectivity = costs.indexSelectivity;
      *correlation = costs.indexCorrelation;
      *pages = costs.numIndexPages;
    });
  });
}

}  // namespace vec::pg::ivf

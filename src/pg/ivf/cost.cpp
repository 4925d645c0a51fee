// pg/ivf/cost.cpp
//
// What a scan costs in the planner's eyes.

#include "pg/index/cost.h"

#include "pg/ivf/access_method.h"
#include "pg/ivf/settings.h"

namespace vec::pg::ivf {

template <>
void estimate_cost<Method::kIvfflat>(PlannerInfo* root, IndexPath* path, double loop_count,
                                     Cost* startup, Cost* total, Selectivity* selectivity,
                                     double* correlation, double* pages) {
  guarded([=] {
    pg_call([=] {
      const CostResults results{startup, total, selectivity, correlation, pages};
      MetaPage meta;
      if (!can_be_read(path,
                       [&](Relation index) { return read_meta(index, Method::kIvfflat, &meta); })) {
        results.forbid(path);
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
      results.set(costs);
    });
  });
}

/// Before the first row the whole index is read; after that each row is one visit to the table,
/// which the planner adds.
template <>
void estimate_cost<Method::kFlat>(PlannerInfo* root, IndexPath* path, double loop_count,
                                  Cost* startup, Cost* total, Selectivity* selectivity,
                                  double* correlation, double* pages) {
  guarded([=] {
    pg_call([=] {
      const CostResults results{startup, total, selectivity, correlation, pages};
      MetaPage meta;
      if (!can_be_read(path,
                       [&](Relation index) { return read_meta(index, Method::kFlat, &meta); })) {
        results.forbid(path);
        return;
      }
      GenericCosts costs{};
      genericcostestimate(root, path, loop_count, &costs);
      double random_cost = 0;
      double sequential_cost = 0;
      get_tablespace_page_costs(path->indexinfo->reltablespace, &random_cost, &sequential_cost);
      // A sequential scan is estimated as if vectors out of line cost nothing to read: no more
      // pages are counted here than there.  Codes are compared in batches, many to a page.
      const double counted_pages =
          std::min<double>(path->indexinfo->pages, path->indexinfo->rel->pages);
      const double tuples = path->indexinfo->tuples;
      costs.indexStartupCost = counted_pages * sequential_cost + tuples * cpu_operator_cost;
      costs.indexTotalCost = costs.indexStartupCost + tuples * cpu_index_tuple_cost;
      results.set(costs);
    });
  });
}

}  // namespace vec::pg::ivf

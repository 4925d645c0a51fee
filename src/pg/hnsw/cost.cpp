// pg/hnsw/cost.cpp
//
// What a scan costs in the planner's eyes.

#include "pg/index/cost.h"

#include "pg/hnsw/access_method.h"
#include "pg/hnsw/index.h"
#include "pg/hnsw/settings.h"

namespace vec::pg::hnsw {

namespace {

/// The share of the index that a search visits before it returns its first row.  Layers are
/// walked with m links each; on the lowest, the nodes visited for ef candidates grow with
/// ln(tuples) / ln(m), less for a larger ef, whose neighbourhoods overlap more.
double visited_ratio(double tuples, int m) {
  if (tuples <= 0) return 1;
  const double layers = std::floor(std::log(tuples) / std::log(m));
  const double ef = ef_search;
  const double visited =
      layers * m + 2.0 * m * ef * 0.55 * std::log(tuples) / (std::log(m) * (1 + std::log(ef)));
  return std::min(1.0, visited / tuples);
}

}  // namespace

void estimate_cost(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages) {
  guarded([=] {
    pg_call([=] {
      const CostResults results{startup, total, selectivity, correlation, pages};
      MetaPage meta;
      if (!can_be_read(path, [&](Relation index) { return read_meta(index, &meta); })) {
        results.forbid(path);
        return;
      }
      const int m = meta.m >= kMinM && meta.m <= kMaxM ? meta.m : kDefaultM;

      GenericCosts costs{};
      genericcostestimate(root, path, loop_count, &costs);
      const double ratio = visited_ratio(path->indexinfo->tuples, m);
      double random_cost = 0;
      double sequential_cost = 0;
      get_tablespace_page_costs(path->indexinfo->reltablespace, &random_cost, &sequential_cost);

      costs.indexStartupCost = costs.indexTotalCost * ratio;
      // A sequential scan is estimated as if vectors out of line cost nothing to read: allow the
      // index the same, for the pages it visits beyond the table's own.
      const double visited_pages = costs.numIndexPages * ratio;
      const double heap_pages = path->indexinfo->rel->pages;
      if (visited_pages > heap_pages && ratio < 0.5) {
        costs.indexStartupCost -= visited_pages * (random_cost - sequential_cost);
        costs.indexStartupCost -= (visited_pages - heap_pages) * sequential_cost;
      }
      results.set(costs);
    });
  });
}

}  // namespace vec::pg::hnsw

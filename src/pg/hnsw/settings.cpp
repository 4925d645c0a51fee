#include "pg/hnsw/settings.h"

#include "pg/hnsw/index.h"
#include "pg/reloption.h"

namespace vec::pg::hnsw {

int ef_search = 40;
int iterative_scan = kIterativeOff;
int max_scan_tuples = 20000;
double scan_mem_multiplier = 1;

namespace {

relopt_kind options_kind;

const config_enum_entry kIterativeScanValues[] = {
    {"off", kIterativeOff, false},
    {"relaxed_order", kIterativeRelaxed, false},
    {"strict_order", kIterativeStrict, false},
    {nullptr, 0, false},
};

}  // namespace

void define_settings() {
  options_kind = add_reloption_kind();
  add_int_reloption(options_kind, "m",
                    "Links a node has on each layer; twice as many on the lowest", kDefaultM, kMinM,
                    kMaxM, AccessExclusiveLock);
  add_int_reloption(options_kind, "ef_construction",
                    "Candidates that are looked at when a node is linked", kDefaultEfConstruction,
                    kMinEfConstruction, kMaxEfConstruction, AccessExclusiveLock);

  DefineCustomIntVariable("hnsw.ef_search",
                          "Sets the size of the dynamic candidate list for search.",
                          "Valid range is 1..1000.", &ef_search, 40, 1, 1000, PGC_USERSET, 0,
                          nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("hnsw.iterative_scan", "Sets the mode for iterative scans.", nullptr,
                           &iterative_scan, kIterativeOff, kIterativeScanValues, PGC_USERSET, 0,
                           nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "hnsw.max_scan_tuples",
      "Sets the number of elements after which an iterative scan looks no further.", nullptr,
      &max_scan_tuples, 20000, 1, INT_MAX, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomRealVariable(
      "hnsw.scan_mem_multiplier", "Sets the multiple of work_mem that an iterative scan may use.",
      nullptr, &scan_mem_multiplier, 1, 1, 1000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("hnsw");
}

bytea* parse_options(Datum reloptions, bool validate) {
  static constexpr relopt_parse_elt kOptions[] = {
      int_reloption("m", offsetof(Options, m)),
      int_reloption("ef_construction", offsetof(Options, ef_construction)),
  };
  return static_cast<bytea*>(build_reloptions(reloptions, validate, options_kind, sizeof(Options),
                                              kOptions, lengthof(kOptions)));
}

}  // namespace vec::pg::hnsw

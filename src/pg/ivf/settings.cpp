#include "pg/ivf/settings.h"

#include "pg/ivf/index.h"
#include "pg/reloption.h"

namespace vec::pg::ivf {

using vec::ivf::kMaxLists;
using vec::ivf::kMinLists;

int probes = 1;
int iterative_scan = kIterativeOff;
int max_probes = kMaxLists;

namespace {

relopt_kind options_kind;
relopt_kind no_options_kind;

const config_enum_entry kIterativeScanValues[] = {
    {"off", kIterativeOff, false},
    {"relaxed_order", kIterativeRelaxed, false},
    {nullptr, 0, false},
};

}  // namespace

void define_settings() {
  options_kind = add_reloption_kind();
  no_options_kind = add_reloption_kind();
  add_int_reloption(options_kind, "lists", "Lists that the rows are divided among", kDefaultLists,
                    kMinLists, kMaxLists, AccessExclusiveLock);

  DefineCustomIntVariable("ivfflat.probes", "Sets the number of lists that a scan looks at.",
                          "Valid range is 1..lists.", &probes, 1, kMinLists, kMaxLists, PGC_USERSET,
                          0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("ivfflat.iterative_scan", "Sets the mode for iterative scans.", nullptr,
                           &iterative_scan, kIterativeOff, kIterativeScanValues, PGC_USERSET, 0,
                           nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "ivfflat.max_probes",
      "Sets the number of lists after which an iterative scan looks no further.", nullptr,
      &max_probes, kMaxLists, kMinLists, kMaxLists, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("ivfflat");
}

bytea* parse_options(Datum reloptions, bool validate) {
  static constexpr relopt_parse_elt kOptions[] = {
      int_reloption("lists", offsetof(Options, lists)),
  };
  return static_cast<bytea*>(build_reloptions(reloptions, validate, options_kind, sizeof(Options),
                                              kOptions, lengthof(kOptions)));
}

bytea* parse_no_options(Datum reloptions, bool validate) {
  return static_cast<bytea*>(
      build_reloptions(reloptions, validate, no_options_kind, 0, nullptr, 0));
}

}  // namespace vec::pg::ivf

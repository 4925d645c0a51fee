#include "pg/index/order_scan.h"

#include "pg/index/values.h"

namespace vec::pg {

void check_order_scan(IndexScanDesc scan, const char* access_method) {
  pgstat_count_index_scan(scan->indexRelation);
#if PG_VERSION_NUM >= 180000
  if (scan->instrument != nullptr) ++scan->instrument->nsearches;
#endif
  if (scan->numberOfOrderBys == 0) {
    elog(ERROR, "cannot scan %s index without order", access_method);
  }
  if (!IsMVCCSnapshot(scan->xs_snapshot)) {
    elog(ERROR, "non-MVCC snapshots are not supported with %s", access_method);
  }
}

void* order_value(IndexScanDesc scan, const codes::Format& format, MemoryContext context,
                  bool* is_null) {
  const ScanKey key = scan->orderByData;
  *is_null = (key->sk_flags & SK_ISNULL) != 0;
  const MemoryContext before = MemoryContextSwitchTo(context);
  void* value =
      *is_null ? zero_value(format) : static_cast<void*>(PG_DETOAST_DATUM_COPY(key->sk_argument));
  if (dimensions_of(format.element, value) != static_cast<int>(format.dims)) {
    // The operator says it in its own words.
    FunctionCall2Coll(&key->sk_func, key->sk_collation, PointerGetDatum(zero_value(format)),
                      key->sk_argument);
  }
  MemoryContextSwitchTo(before);
  return value;
}

}  // namespace vec::pg

// pg/index/order_scan.h
//
// What every scan of ours does alike: the callbacks around a C++ object, the checks before the
// first row, and the value that rows are ordered by.

#ifndef VEC_PG_INDEX_ORDER_SCAN_H_
#define VEC_PG_INDEX_ORDER_SCAN_H_

#include "core/codes/format.h"
#include "pg/memory.h"
#include "pg/pg.h"

namespace vec::pg {

/// Counts the scan, and raises an error if it is not one that an index of ours can do.  C-like.
void check_order_scan(IndexScanDesc scan, const char* access_method);

/// A copy of the scan's order key, in `context`; a value of zeros if the key is NULL.  Raises what
/// the operator raises if its dimensions are not those of the index.  C-like.
void* order_value(IndexScanDesc scan, const codes::Format& format, MemoryContext context,
                  bool* is_null);

/// The callbacks of a scan whose state is a Scan:
///   Scan(MemoryContext, arguments...)   owns memory only
///   restart()                           forgets what was found
///   next(IndexScanDesc)                 sets the scan's row; false at the end
///   close()                             gives back what is not memory
///   context()
template <class Scan>
struct ScanCallbacks {
  template <class... Arguments>
  static IndexScanDesc begin(Relation index, int keys, int order_keys, Arguments... arguments) {
    return guarded([=] {
      const IndexScanDesc scan =
          pg_call([=] { return RelationGetIndexScan(index, keys, order_keys); });
      const MemoryContext context = pg_call([] {
        return AllocSetContextCreate(CurrentMemoryContext, "index scan", ALLOCSET_DEFAULT_SIZES);
      });
      scan->opaque = make_in_context<Scan>(context, context, arguments...);
      return scan;
    });
  }

  static void rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_keys,
                     int order_key_count) {
    guarded([=] {
      state(scan)->restart();
      if (keys != nullptr && key_count > 0) {
        std::memmove(scan->keyData, keys,
                     sizeof(ScanKeyData) * static_cast<std::size_t>(key_count));
      }
      if (order_keys != nullptr && order_key_count > 0) {
        std::memmove(scan->orderByData, order_keys,
                     sizeof(ScanKeyData) * static_cast<std::size_t>(order_key_count));
      }
    });
  }

  static bool get_tuple(IndexScanDesc scan, ScanDirection) {
    return guarded([=] { return state(scan)->next(scan); });
  }

  static void end(IndexScanDesc scan) {
    guarded([=] {
      state(scan)->close();
      const MemoryContext context = state(scan)->context();
      scan->opaque = nullptr;
      pg_call([context] { MemoryContextDelete(context); });
    });
  }

 private:
  static Scan* state(IndexScanDesc scan) { return static_cast<Scan*>(scan->opaque); }
};

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_ORDER_SCAN_H_

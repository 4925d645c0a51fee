// pg/ivf/insert.cpp

#include "core/ivf/insert.h"

#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"
#include "pg/ivf/access_method.h"
#include "pg/ivf/store.h"

namespace vec::pg::ivf {

template <Method kMethod>
bool insert(Relation index, Datum* values, bool* is_null, ItemPointer tid, Relation,
            IndexUniqueCheck, bool, IndexInfo*) {
  if (is_null[0] && kMethod == Method::kIvfflat) return false;
  guarded([=] {
    // The value's copy goes when this is done.
    const MemoryContext context = pg_call([] {
      return AllocSetContextCreate(CurrentMemoryContext, "index insert", ALLOCSET_SMALL_SIZES);
    });
    const MemoryContext before = MemoryContextSwitchTo(context);
    {
      Store store(index, kMethod);
      RowValue value(store.format(), name_of(kMethod));
      const bool has_code = !is_null[0] && value.set(values[0]);
      if (kMethod == Method::kFlat) {
        // NULL, and what has no distance, are rows, too: the last ones.
        store.append(0, has_code ? value.code() : std::span<const std::byte>(), to_row(tid));
      } else if (has_code) {
        vec::ivf::insert(store, value.value(), value.code(), to_row(tid));
      }
    }
    MemoryContextSwitchTo(before);
    pg_call([context] { MemoryContextDelete(context); });
  });
  return false;
}

template bool insert<Method::kIvfflat>(Relation, Datum*, bool*, ItemPointer, Relation,
                                       IndexUniqueCheck, bool, IndexInfo*);
template bool insert<Method::kFlat>(Relation, Datum*, bool*, ItemPointer, Relation,
                                    IndexUniqueCheck, bool, IndexInfo*);

}  // namespace vec::pg::ivf

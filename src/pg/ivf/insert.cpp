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
  if (is_null[0]) return false;
  guarded([=] {
    // The value's copy goes when this is done.
    const MemoryContext context = pg_call([] {
      return AllocSetContextCreate(CurrentMemoryContext, "ivfflat insert", ALLOCSET_SMALL_SIZES);
    });
    const MemoryContext before = MemoryContextSwitchTo(context);
    {
      Store store(index, kMethod);
      RowValue value(store.format(), name_of(kMethod));
      if (value.set(values[0])) {
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

}  // namespace vec::pg::ivf

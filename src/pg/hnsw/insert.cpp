// pg/hnsw/insert.cpp

#include "core/hnsw/insert.h"

#include "core/rng.h"
#include "pg/hnsw/access_method.h"
#include "pg/hnsw/search_store.h"
#include "pg/index/heap_rows.h"
#include "pg/index/row_value.h"
#include "pg/memory.h"

namespace vec::pg::hnsw {

namespace {

/// Levels need not be secret, only differ from backend to backend.
double random_uniform() {
  static constinit Rng rng(0);
  static constinit bool seeded = false;
  if (!seeded) {
    rng = Rng((static_cast<std::uint64_t>(MyProcPid) << 32) ^
              static_cast<std::uint64_t>(GetCurrentTimestamp()));
    seeded = true;
  }
  return rng.uniform();
}

}  // namespace

bool insert(Relation index, Datum* values, bool* is_null, ItemPointer tid, Relation,
            IndexUniqueCheck, bool, IndexInfo*) {
  if (is_null[0]) return false;
  guarded([=] {
    // The value's copy and the search's memory go when this is done.
    const MemoryContext context = pg_call([] {
      return AllocSetContextCreate(CurrentMemoryContext, "hnsw insert", ALLOCSET_DEFAULT_SIZES);
    });
    const MemoryContext before = MemoryContextSwitchTo(context);
    {
      ContextMemory memory(context);
      Store store(index);
      SearchStore searched(index);
      RowValue value(store.format(), "hnsw");
      if (value.set(values[0])) {
        const codes::Query query = value.query();
        vec::hnsw::InsertScratch scratch;
        const int level = vec::hnsw::draw_level(random_uniform(), store.params().m);
        vec::hnsw::insert(store, searched, query, value.code(), to_row(tid),
                          store.level_with_room(level), scratch, &memory);
      }
    }
    MemoryContextSwitchTo(before);
    pg_call([context] { MemoryContextDelete(context); });
  });
  return false;
}

}  // namespace vec::pg::hnsw

#include "pg/index/toasted_values.h"

#include "pg/recent_values.h"

namespace vec::pg {

namespace {

// Columns of every TOAST table.
constexpr AttrNumber kValueId = 1;
constexpr AttrNumber kChunkNumber = 2;
constexpr AttrNumber kChunk = 3;

}  // namespace

void ToastedValues::open(Oid table) {
  const MemoryContext before = MemoryContextSwitchTo(context_);
  table_ = table_open(table, AccessShareLock);
  const int valid = toast_open_indexes(table_, AccessShareLock, &indexes_, &index_count_);
#if PG_VERSION_NUM >= 180000
  scan_ = index_beginscan(table_, indexes_[valid], get_toast_snapshot(), nullptr, 1, 0);
#else
  init_toast_snapshot(&snapshot_);
  scan_ = index_beginscan(table_, indexes_[valid], &snapshot_, 1, 0);
#endif
  chunk_ = table_slot_create(table_, nullptr);
  MemoryContextSwitchTo(before);
}

void ToastedValues::close() {
  forget_recent_values();
  if (table_ == nullptr) return;
  ExecDropSingleTupleTableSlot(chunk_);
  index_endscan(scan_);
  toast_close_indexes(indexes_, index_count_, AccessShareLock);
  table_close(table_, AccessShareLock);
  *this = ToastedValues(context_);
}

bool ToastedValues::read_chunks(Oid value, char* out, int32 bytes) {
  ScanKeyData key;
  ScanKeyInit(&key, kValueId, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
#if PG_VERSION_NUM < 180000
  init_toast_snapshot(&snapshot_);
#endif
  index_rescan(scan_, &key, 1, nullptr, 0);
  int32 done = 0;
  bool in_order = true;
  for (int32 number = 0; in_order && done < bytes; ++number) {
    if (!index_getnext_slot(scan_, ForwardScanDirection, chunk_)) break;
    bool null_number = false;
    bool null_chunk = false;
    const Datum chunk_number = slot_getattr(chunk_, kChunkNumber, &null_number);
    const Datum datum = slot_getattr(chunk_, kChunk, &null_chunk);
    in_order = !null_number && !null_chunk && DatumGetInt32(chunk_number) == number;
    if (!in_order) break;
    const auto* chunk = reinterpret_cast<const struct varlena*>(DatumGetPointer(datum));
    in_order = !VARATT_IS_EXTENDED(chunk) || VARATT_IS_SHORT(chunk);
    if (!in_order) break;
    const auto size = static_cast<int32>(VARSIZE_ANY_EXHDR(chunk));
    in_order = size > 0 && size <= bytes - done;
    if (!in_order) break;
    std::memcpy(out + done, VARDATA_ANY(chunk), static_cast<std::size_t>(size));
    done += size;
  }
  ExecClearTuple(chunk_);
  index_rescan(scan_, &key, 1, nullptr, 0);  // lets go of the pages: vacuum may want them
  return in_order && done == bytes;
}

Datum ToastedValues::fetch(Datum value) {
  const auto* stored = reinterpret_cast<const struct varlena*>(DatumGetPointer(value));
  if (!VARATT_IS_EXTERNAL_ONDISK(stored)) return value;
  struct varatt_external place;
  VARATT_EXTERNAL_GET_POINTER(place, stored);
  if (VARATT_EXTERNAL_IS_COMPRESSED(place)) return value;
  if (struct varlena* known = find_recent_value(place)) return PointerGetDatum(known);
  if (table_ == nullptr) open(place.va_toastrelid);
  if (RelationGetRelid(table_) != place.va_toastrelid) return value;
  const auto bytes = static_cast<int32>(VARATT_EXTERNAL_GET_EXTSIZE(place));
  struct varlena* whole = new_recent_value(bytes);
  if (!read_chunks(place.va_valueid, VARDATA(whole), bytes)) {
    // Of damage PostgreSQL speaks in its own words, when the value is used.
    pfree(whole);
    return value;
  }
  keep_recent_value(place, whole);
  return PointerGetDatum(whole);
}

}  // namespace vec::pg

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
  if (room_ != nullptr) pfree(room_);
  if (table_ != nullptr) {
    ExecDropSingleTupleTableSlot(chunk_);
    index_endscan(scan_);
    toast_close_indexes(indexes_, index_count_, AccessShareLock);
    table_close(table_, AccessShareLock);
  }
  *this = ToastedValues(context_);
}

void ToastedValues::seek(Oid value, bool and_later) {
  ScanKeyData key;
  if (and_later) {
    ScanKeyInit(&key, kValueId, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(value));
  } else {
    ScanKeyInit(&key, kValueId, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
  }
#if PG_VERSION_NUM < 180000
  init_toast_snapshot(&snapshot_);
#endif
  index_rescan(scan_, &key, 1, nullptr, 0);
}

bool ToastedValues::read_chunks(Oid value, bool at_first, char* out, int32 bytes) {
  int32 done = 0;
  for (int32 number = 0; done < bytes; ++number) {
    if (!(at_first && number == 0) && !index_getnext_slot(scan_, ForwardScanDirection, chunk_)) {
      return false;
    }
    bool null_value = false;
    bool null_number = false;
    bool null_chunk = false;
    const Datum chunk_value = slot_getattr(chunk_, kValueId, &null_value);
    const Datum chunk_number = slot_getattr(chunk_, kChunkNumber, &null_number);
    const Datum datum = slot_getattr(chunk_, kChunk, &null_chunk);
    if (null_value || null_number || null_chunk || DatumGetObjectId(chunk_value) != value ||
        DatumGetInt32(chunk_number) != number) {
      return false;
    }
    const auto* chunk = reinterpret_cast<const struct varlena*>(DatumGetPointer(datum));
    if (VARATT_IS_EXTENDED(chunk) && !VARATT_IS_SHORT(chunk)) return false;
    const auto size = static_cast<int32>(VARSIZE_ANY_EXHDR(chunk));
    if (size <= 0 || size > bytes - done) return false;
    std::memcpy(out + done, VARDATA_ANY(chunk), static_cast<std::size_t>(size));
    done += size;
  }
  return true;
}

bool ToastedValues::can_read(Datum value, struct varatt_external* place) {
  const auto* stored = reinterpret_cast<const struct varlena*>(DatumGetPointer(value));
  if (!VARATT_IS_EXTERNAL_ONDISK(stored)) return false;
  VARATT_EXTERNAL_GET_POINTER(*place, stored);
  return !VARATT_EXTERNAL_IS_COMPRESSED(*place) &&
         (table_ == nullptr || RelationGetRelid(table_) == place->va_toastrelid);
}

// Of damage PostgreSQL speaks in its own words, when the value is used: it is left as it is.

Datum ToastedValues::fetch(Datum value) {
  struct varatt_external place;
  if (!can_read(value, &place)) return value;
  if (struct varlena* known = find_recent_value(place)) return PointerGetDatum(known);
  if (table_ == nullptr) open(place.va_toastrelid);
  const auto bytes = static_cast<int32>(VARATT_EXTERNAL_GET_EXTSIZE(place));
  struct varlena* whole = new_recent_value(bytes);
  seek(place.va_valueid, false);
  const bool done = read_chunks(place.va_valueid, false, VARDATA(whole), bytes);
  ExecClearTuple(chunk_);
  seek(place.va_valueid, false);  // lets go of the pages: vacuum may want them
  if (!done) {
    pfree(whole);
    return value;
  }
  keep_recent_value(place, whole);
  return PointerGetDatum(whole);
}

Datum ToastedValues::fetch_next(Datum value) {
  struct varatt_external place;
  if (!can_read(value, &place)) return value;
  if (table_ == nullptr) open(place.va_toastrelid);
  const auto bytes = static_cast<int32>(VARATT_EXTERNAL_GET_EXTSIZE(place));
  const Size size = static_cast<Size>(bytes) + VARHDRSZ;
  if (size > room_bytes_) {
    if (room_ != nullptr) pfree(room_);
    room_ = nullptr;
    room_ = static_cast<struct varlena*>(MemoryContextAlloc(context_, size));
    room_bytes_ = size;
  }
  bool null = false;
  const bool follows =
      is_ahead_ && DatumGetObjectId(slot_getattr(chunk_, kValueId, &null)) == place.va_valueid;
  if (!follows) seek(place.va_valueid, true);
  is_ahead_ = false;
  if (!read_chunks(place.va_valueid, follows, VARDATA(room_), bytes)) return value;
  is_ahead_ = index_getnext_slot(scan_, ForwardScanDirection, chunk_);
  SET_VARSIZE(room_, size);
  return PointerGetDatum(room_);
}

}  // namespace vec::pg

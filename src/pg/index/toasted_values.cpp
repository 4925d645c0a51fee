#include "pg/index/toasted_values.h"

#include "pg/index/remembered_chunks.h"
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

int32 ToastedValues::take_chunk(Oid value, int32 number, char* out, int32 room) {
  bool null_value = false;
  bool null_number = false;
  bool null_chunk = false;
  const Datum chunk_value = slot_getattr(chunk_, kValueId, &null_value);
  const Datum chunk_number = slot_getattr(chunk_, kChunkNumber, &null_number);
  const Datum datum = slot_getattr(chunk_, kChunk, &null_chunk);
  if (null_value || null_number || null_chunk || DatumGetObjectId(chunk_value) != value ||
      DatumGetInt32(chunk_number) != number) {
    return 0;
  }
  const auto* chunk = reinterpret_cast<const struct varlena*>(DatumGetPointer(datum));
  if (VARATT_IS_EXTENDED(chunk) && !VARATT_IS_SHORT(chunk)) return 0;
  const auto size = static_cast<int32>(VARSIZE_ANY_EXHDR(chunk));
  if (size > room) return 0;
  std::memcpy(out, VARDATA_ANY(chunk), static_cast<std::size_t>(size));
  return size;
}

bool ToastedValues::read_chunks(Oid value, bool at_first, char* out, int32 bytes) {
  int32 done = 0;
  for (int32 number = 0; done < bytes; ++number) {
    if (!(at_first && number == 0) && !index_getnext_slot(scan_, ForwardScanDirection, chunk_)) {
      return false;
    }
    if (number == 0) first_chunk_ = chunk_->tts_tid;
    const int32 size = take_chunk(value, number, out + done, bytes - done);
    if (size <= 0) return false;
    done += size;
  }
  return true;
}

bool ToastedValues::read_remembered(Oid value, char* out, int32 bytes) {
  ItemPointerData place = remembered_chunk(value);
  // The table does not become shorter while it is open.
  if (block_count_ == InvalidBlockNumber) block_count_ = RelationGetNumberOfBlocks(table_);
  const auto take = [&](int32 number, int32 done) {
    if (!ItemPointerIsValid(&place) || ItemPointerGetBlockNumber(&place) >= block_count_ ||
        !table_tuple_fetch_row_version(table_, &place, scan_->xs_snapshot, chunk_)) {
      return 0;
    }
    return take_chunk(value, number, out + done, bytes - done);
  };
  int32 done = 0;
  for (int32 number = 0; done < bytes; ++number) {
    int32 size = take(number, done);
    if (size <= 0 && number > 0) {  // the first one of the next page
      ItemPointerSet(&place, ItemPointerGetBlockNumber(&place) + 1, FirstOffsetNumber);
      size = take(number, done);
    }
    if (size <= 0) return false;
    done += size;
    ItemPointerSetOffsetNumber(&place, OffsetNumberNext(ItemPointerGetOffsetNumber(&place)));
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
  bool done = read_remembered(place.va_valueid, VARDATA(whole), bytes);
  if (!done) {
    seek(place.va_valueid, false);
    done = read_chunks(place.va_valueid, false, VARDATA(whole), bytes);
    if (done) remember_chunk(place.va_valueid, first_chunk_);
    seek(place.va_valueid, false);  // lets go of the pages: vacuum may want them
  }
  ExecClearTuple(chunk_);
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

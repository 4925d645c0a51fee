#include "pg/index/toasted_values.h"

#include "pg/index/remembered_chunks.h"
#include "pg/recent_values.h"

namespace vec::pg {

namespace {

// Columns of every TOAST table.
constexpr AttrNumber kValueId = 1;
constexpr AttrNumber kChunkNumber = 2;
constexpr AttrNumber kChunk = 3;

/// Copies the chunk if it is that one of the value and has at most `room` bytes, and says how many;
/// else 0.
/// column   (number, is null): of the row
template <class Column>
int32 take_chunk(Column column, Oid value, int32 number, char* out, int32 room) {
  bool null_value = false;
  bool null_number = false;
  bool null_chunk = false;
  const Datum chunk_value = column(kValueId, &null_value);
  const Datum chunk_number = column(kChunkNumber, &null_number);
  const Datum datum = column(kChunk, &null_chunk);
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
  remembered_ = remembered_buffers(table_);
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
    if (number == 0) first_chunk_ = chunk_->tts_tid;
    const auto column = [this](AttrNumber attribute, bool* is_null) {
      return slot_getattr(chunk_, attribute, is_null);
    };
    const int32 size = take_chunk(column, value, number, out + done, bytes - done);
    if (size <= 0) return false;
    done += size;
  }
  return true;
}

int32 ToastedValues::read_page(ItemPointerData first, Oid value, int32* number, char* out,
                               int32 bytes) {
  const BlockNumber block = ItemPointerGetBlockNumber(&first);
  // The table does not become shorter while it is open.
  if (block_count_ == InvalidBlockNumber) block_count_ = RelationGetNumberOfBlocks(table_);
  if (block >= block_count_) return 0;
  bool known = false;
  const Buffer buffer = pin(table_, remembered_, block, &known);
  if (!known) remember(remembered_, block, buffer);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const Page page = BufferGetPage(buffer);
  HeapTupleData row;
  row.t_tableOid = RelationGetRelid(table_);
  const auto column = [&](AttrNumber attribute, bool* is_null) {
    return heap_getattr(&row, attribute, RelationGetDescr(table_), is_null);
  };
  int32 done = 0;
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber at = ItemPointerGetOffsetNumber(&first); at <= last && done < bytes; ++at) {
    const ItemId item = PageGetItemId(page, at);
    if (!ItemIdIsNormal(item)) break;
    ItemPointerSet(&row.t_self, block, at);
    row.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    row.t_len = ItemIdGetLength(item);
    if (!HeapTupleSatisfiesVisibility(&row, scan_->xs_snapshot, buffer)) break;
    const int32 size = take_chunk(column, value, *number, out + done, bytes - done);
    if (size <= 0) break;
    done += size;
    ++*number;
  }
  UnlockReleaseBuffer(buffer);
  return done;
}

bool ToastedValues::read_remembered(Oid value, char* out, int32 bytes) {
  ItemPointerData place = remembered_chunk(value);
  // Another access method's pages are its own.
  if (!ItemPointerIsValid(&place) || table_->rd_tableam != GetHeapamTableAmRoutine()) return false;
  int32 number = 0;
  for (int32 done = 0; done < bytes;) {
    const int32 more = read_page(place, value, &number, out + done, bytes - done);
    if (more == 0) return false;
    done += more;
    ItemPointerSet(&place, ItemPointerGetBlockNumber(&place) + 1, FirstOffsetNumber);
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

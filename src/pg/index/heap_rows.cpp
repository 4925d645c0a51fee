#include "pg/index/heap_rows.h"

#include <algorithm>
#include <array>
#include <limits>

namespace vec::pg {

namespace {

/// The page that it holds, if the table is PostgreSQL's own.
Buffer& held_page(IndexFetchTableData* fetch) {
  return reinterpret_cast<IndexFetchHeapData*>(fetch)->xs_cbuf;
}

}  // namespace

void HeapRows::open(IndexScanDesc scan) {
  scan_ = scan;
  per_row_ = AllocSetContextCreate(CurrentMemoryContext, "index row", ALLOCSET_SMALL_SIZES);
  slot_ = table_slot_create(scan->heapRelation, nullptr);
  if (scan->indexRelation->rd_index->indkey.values[0] == 0) {
    info_ = BuildIndexInfo(scan->indexRelation);
    executor_ = CreateExecutorState();
  }
  toasted_ = ToastedValues(CurrentMemoryContext);
  fetch_ = table_index_fetch_begin(scan->heapRelation);
  is_heap_ = scan->heapRelation->rd_tableam == GetHeapamTableAmRoutine();
  remembered_ = remembered_buffers(scan->heapRelation);
  pages_ = UnpinnedPages(scan->heapRelation, remembered_);
}

void HeapRows::expect(std::span<const RowId> rows) {
  std::array<Spot, kExpected> spots{};
  std::array<Buffer, kExpected> buffers{};
  const auto item_at = [](const ItemPointerData& tid) {
    return static_cast<uint32>(SizeOfPageHeaderData + (tid.ip_posid - 1) * sizeof(ItemIdData));
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ItemPointerData tid = to_tid(rows[i]);
    spots[i] = {ItemPointerGetBlockNumberNoCheck(&tid), 0};
  }
  pages_.prefetch(spots.data(), rows.size(), 1, buffers.data());
  for (std::size_t i = 0; i < rows.size(); ++i) spots[i].offset = item_at(to_tid(rows[i]));
  pages_.prefetch(spots.data(), rows.size(), sizeof(ItemIdData), buffers.data());

  std::size_t known = 0;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Spot spot = spots[i];
    if (spot.offset + sizeof(ItemIdData) > BLCKSZ) continue;
    const char* page = pages_.look(buffers[i], spot.block);
    if (page == nullptr) continue;
    ItemIdData item;
    std::memcpy(&item, page + spot.offset, sizeof item);
    if (item.lp_len == 0 || item.lp_off + item.lp_len > BLCKSZ) continue;
    spots[known++] = {spot.block, item.lp_off};
    longest = std::max<std::size_t>(longest, item.lp_len);
  }
  pages_.prefetch(spots.data(), known, longest, buffers.data());
}

void HeapRows::close() {
  table_index_fetch_end(fetch_);
  toasted_.close();
  ExecDropSingleTupleTableSlot(slot_);
  if (executor_ != nullptr) FreeExecutorState(executor_);
  MemoryContextDelete(per_row_);
  *this = HeapRows{};
}

Datum HeapRows::indexed_value(bool* is_null) {
  if (info_ == nullptr) {
    return slot_getattr(slot_, scan_->indexRelation->rd_index->indkey.values[0], is_null);
  }
  Datum values[INDEX_MAX_KEYS];
  bool nulls[INDEX_MAX_KEYS];
  GetPerTupleExprContext(executor_)->ecxt_scantuple = slot_;
  FormIndexDatum(info_, slot_, executor_, values, nulls);
  *is_null = nulls[0];
  return values[0];
}

/// Gives `fetch` the page that it would look for in the table of all buffers, if it is remembered
/// where that is: it asks first for the one that it holds.  True if it is another one than before.
bool HeapRows::hold_page(IndexFetchTableData* fetch, BlockNumber block) const {
  if (!is_heap_) return false;
  Buffer& held = held_page(fetch);
  if (BufferIsValid(held) && BufferGetBlockNumber(held) == block) return false;
  const Buffer buffer = pin_remembered(scan_->heapRelation, remembered_, block);
  if (!BufferIsValid(buffer)) return false;
  if (BufferIsValid(held)) ReleaseBuffer(held);
  held = buffer;
  return true;
}

void HeapRows::pass_on(RowId row) const {
  if (scan_->xs_heapfetch == nullptr) return;
  const ItemPointerData tid = to_tid(row);
  hold_page(scan_->xs_heapfetch, ItemPointerGetBlockNumberNoCheck(&tid));
}

HeapRows::Answer HeapRows::look(RowId row, bool distance_wanted) {
  ItemPointerData tid = to_tid(row);
  bool call_again = false;
  bool all_dead = false;
  if (hold_page(fetch_, ItemPointerGetBlockNumber(&tid))) {
    heap_page_prune_opt(scan_->heapRelation, held_page(fetch_));  // as with each page it reads
  }
  if (!table_index_fetch_tuple(fetch_, &tid, scan_->xs_snapshot, slot_, &call_again, &all_dead)) {
    return {false, false, 0};
  }
  if (TTS_IS_BUFFERTUPLE(slot_)) {
    remember(remembered_, ItemPointerGetBlockNumber(&slot_->tts_tid),
             reinterpret_cast<BufferHeapTupleTableSlot*>(slot_)->buffer);
  }
  if (!distance_wanted) return {true, false, 0};
  const MemoryContext before = MemoryContextSwitchTo(per_row_);
  bool is_null = false;
  const Datum value = indexed_value(&is_null);
  double distance = std::numeric_limits<double>::quiet_NaN();
  if (!is_null) {
    const ScanKey key = scan_->orderByData;
    distance = DatumGetFloat8(
        FunctionCall2Coll(&key->sk_func, key->sk_collation, toasted_.fetch(value), query_));
  }
  MemoryContextSwitchTo(before);
  MemoryContextReset(per_row_);
  if (executor_ != nullptr) ResetPerTupleExprContext(executor_);
  return {true, is_null, distance};
}

}  // namespace vec::pg

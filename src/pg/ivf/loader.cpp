#include "pg/ivf/loader.h"

#include "pg/index/heap_rows.h"

namespace vec::pg::ivf {

using vec::ivf::kRowBlock;

Loader::Loader(const Shape& shape, std::span<const std::byte> centers, std::size_t memory_limit,
               RunFiles files, std::pmr::memory_resource* memory)
    : value_(shape.format, name_of(shape.method)),
      toasted_(CurrentMemoryContext),
      row_memory_(pg_call([] {
        return AllocSetContextCreate(CurrentMemoryContext, "ivfflat build row",
                                     ALLOCSET_DEFAULT_SIZES);
      })),
      assigner_(shape.format, centers, memory),
      code_bytes_(shape.format.code_bytes),
      codes_(kRowBlock * code_bytes_, memory),
      rows_(kRowBlock),
      runs_(code_bytes_, shape.layout.lists(), memory_limit, files, memory) {}

double Loader::load(Relation heap, Relation index, IndexInfo* info, bool progress,
                    TableScanDesc part) {
  const double rows = pg_call([&] {
    const double read =
        table_index_build_scan(heap, index, info, true, progress, add_row, this, part);
    toasted_.close();
    return read;
  });
  assign();
  return rows;
}

void Loader::add_row(Relation, ItemPointer tid, Datum* values, bool* is_null, bool, void* state) {
  if (is_null[0]) return;
  guarded([=] { static_cast<Loader*>(state)->add(tid, values[0]); });
}

void Loader::add(ItemPointer tid, Datum datum) {
  const MemoryContext before = MemoryContextSwitchTo(row_memory_);
  if (value_.set(pg_call([=, this] { return toasted_.fetch_next(datum); }))) {
    const std::size_t at = assigner_.size();
    rows_[at] = to_row(tid);
    std::memcpy(codes_.data() + at * code_bytes_, value_.code().data(), code_bytes_);
    assigner_.add(value_.value());
    if (assigner_.size() == kRowBlock) assign();
  }
  MemoryContextSwitchTo(before);
  MemoryContextReset(row_memory_);
}

void Loader::assign() {
  const std::size_t count = assigner_.size();
  ListNo lists[kRowBlock];
  assigner_.assign(lists);
  for (std::size_t i = 0; i < count; ++i) {
    runs_.add(lists[i], rows_[i], {codes_.data() + i * code_bytes_, code_bytes_});
  }
  entry_count_ += count;
}

}  // namespace vec::pg::ivf

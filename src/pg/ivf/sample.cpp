#include "pg/ivf/sample.h"

#include "core/error.h"
#include "pg/index/row_value.h"
#include "pg/index/toasted_values.h"
#include "pg/memory.h"

namespace vec::pg::ivf {

namespace {

constexpr std::size_t kRowsPerList = 50;
constexpr std::size_t kLeastRows = 10000;

struct Sampling {
  vec::ivf::Samples& samples;
  const Shape& shape;
  Rng& rng;
  std::size_t wanted;
  std::size_t needed;    // bytes, to train with as many
  std::size_t seen = 0;  // rows so far
  ToastedValues toasted;
  MemoryContext row_memory;
  MemoryContext pending_memory;
  std::vector<Datum> pending;  // by place; 0 where the sample has its value
};

/// Puts the value at that place of the sample, or behind the last one.  False if it has none there,
/// because it has no direction and the metric needs one.
bool put(Sampling& sampling, std::size_t place, Datum datum) {
  const MemoryContext before = MemoryContextSwitchTo(sampling.row_memory);
  const codes::Format& format = sampling.shape.format;
  const void* value = pg_call([&] {
    return static_cast<const void*>(PG_DETOAST_DATUM(sampling.toasted.fetch_next(datum)));
  });
  const int dims = dimensions_of(format.element, value);
  if (dims != static_cast<int>(format.dims)) {
    throw Error(ErrorCode::kDataException, "expected %u dimensions, not %d", format.dims, dims);
  }
  const bool done = place < sampling.samples.size()
                        ? sampling.samples.replace(place, value_of(format.element, value))
                        : sampling.samples.add(value_of(format.element, value));
  MemoryContextSwitchTo(before);
  MemoryContextReset(sampling.row_memory);
  return done;
}

/// A copy of where the value is, which says so in a few bytes.
Datum copy_pointer(const Sampling& sampling, Datum datum) {
  return pg_call([&] {
    const MemoryContext before = MemoryContextSwitchTo(sampling.pending_memory);
    const Datum copy = datumCopy(datum, false, -1);
    MemoryContextSwitchTo(before);
    return copy;
  });
}

/// Vitter's algorithm R: every row of the blocks is as likely to be in the sample.
void take(Sampling& sampling, Datum datum) {
  if (sampling.needed > static_cast<std::size_t>(maintenance_work_mem) * 1024) {
    throw Error(ErrorCode::kProgramLimitExceeded,
                "memory required is %zu MB, maintenance_work_mem is %d MB",
                sampling.needed / (1024 * 1024) + 1, maintenance_work_mem / 1024);
  }
  const std::size_t number = sampling.seen++;
  std::size_t place = sampling.samples.size();
  if (place >= sampling.wanted) {
    place = sampling.rng.below(number + 1);
    if (place >= sampling.samples.size()) return;
  }
  // A value out of line is fetched when all rows are drawn: most are replaced by later ones.
  const bool later = VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum));
  if (!later && !put(sampling, place, datum)) return;
  if (place == sampling.samples.size()) sampling.samples.add_place();
  sampling.pending.resize(sampling.samples.size());
  if (sampling.pending[place] != 0) pfree(DatumGetPointer(sampling.pending[place]));
  sampling.pending[place] = later ? copy_pointer(sampling, datum) : 0;
}

Oid stored_value(Datum datum) {
  struct varatt_external place;
  const auto* stored = reinterpret_cast<const struct varlena*>(DatumGetPointer(datum));
  VARATT_EXTERNAL_GET_POINTER(place, stored);
  return place.va_valueid;
}

/// In the order in which the values were stored.
void fetch_pending(Sampling& sampling) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < sampling.pending.size(); ++place) {
    if (sampling.pending[place] != 0) places.push_back(place);
  }
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return stored_value(sampling.pending[a]) < stored_value(sampling.pending[b]);
  });
  std::vector<std::size_t> given_up;
  for (const std::size_t place : places) {
    pg_call([] { CHECK_FOR_INTERRUPTS(); });
    if (!put(sampling, place, sampling.pending[place])) given_up.push_back(place);
  }
  // From the last to the first, so that what is moved to a place given up has its value.
  std::sort(given_up.rbegin(), given_up.rend());
  for (const std::size_t place : given_up) sampling.samples.drop(place);
}

void take_row(Relation, ItemPointer, Datum* values, bool* is_null, bool, void* state) {
  if (is_null[0]) return;
  guarded([=] { take(*static_cast<Sampling*>(state), values[0]); });
}

}  // namespace

void sample_rows(Relation heap, Relation index, IndexInfo* info, const Shape& shape, Rng& rng,
                 vec::ivf::Samples& samples) {
  const std::size_t lists = shape.layout.lists();
  const BlockNumber blocks = pg_call([=] { return RelationGetNumberOfBlocks(heap); });
  const std::size_t wanted = std::min(std::max(kRowsPerList * lists, kLeastRows),
                                      std::size_t{blocks} * MaxHeapTuplesPerPage);
  if (wanted == 0) return;
  samples.reserve(wanted);
  Sampling sampling{samples,
                    shape,
                    rng,
                    wanted,
                    vec::ivf::training_bytes(samples.format(), wanted, lists),
                    0,
                    ToastedValues(CurrentMemoryContext),
                    pg_call([] {
                      return AllocSetContextCreate(CurrentMemoryContext, "ivfflat sample row",
                                                   ALLOCSET_DEFAULT_SIZES);
                    }),
                    pg_call([] {
                      return AllocSetContextCreate(CurrentMemoryContext, "ivfflat sample",
                                                   ALLOCSET_DEFAULT_SIZES);
                    }),
                    {}};
  const auto seed = static_cast<uint32>(rng.next());
  pg_call([&] {
    BlockSamplerData sampler;
    BlockSampler_Init(&sampler, blocks, static_cast<int>(wanted), seed);
    while (BlockSampler_HasMore(&sampler)) {
      CHECK_FOR_INTERRUPTS();
      const BlockNumber block = BlockSampler_Next(&sampler);
      // Rows of transactions under way count, too, but in a concurrent build its snapshot decides.
      table_index_build_range_scan(heap, index, info, false, !info->ii_Concurrent, false, block, 1,
                                   take_row, &sampling, nullptr);
    }
  });
  fetch_pending(sampling);
  pg_call([&] {
    sampling.toasted.close();
    MemoryContextDelete(sampling.row_memory);
    MemoryContextDelete(sampling.pending_memory);
  });
}

}  // namespace vec::pg::ivf

#include "pg/recent_values.h"

namespace vec::pg {

namespace {

constexpr int kMost = 64;
constexpr Size kMostBytes = Size{1} << 20;
constexpr Size kKeptBytes = Size{128} << 10;

struct Recent {
  Oid table;
  Oid number;
  struct varlena* value;
};

// A ring: `count` of them, the oldest at `first`.
Recent ring[kMost];
int first = 0;
int count = 0;
Size bytes_held = 0;
MemoryContext context = nullptr;

Recent& at(int i) { return ring[(first + i) % kMost]; }

void end_of_transaction(XactEvent, void*) { forget_recent_values(); }

}  // namespace

struct varlena* new_recent_value(int32 bytes) {
  if (context == nullptr) {
    RegisterXactCallback(end_of_transaction, nullptr);
    // What a short query keeps stays in hand, or each would get its memory from the kernel anew.
    context = AllocSetContextCreate(TopMemoryContext, "recent values", kKeptBytes, kKeptBytes,
                                    ALLOCSET_DEFAULT_MAXSIZE);
  }
  const Size size = static_cast<Size>(bytes) + VARHDRSZ;
  auto* value = static_cast<struct varlena*>(MemoryContextAlloc(context, size));
  SET_VARSIZE(value, size);
  return value;
}

void keep_recent_value(const struct varatt_external& place, struct varlena* value) {
  const Size size = VARSIZE(value);
  while (count == kMost || (count > 0 && bytes_held + size > kMostBytes)) {
    bytes_held -= VARSIZE(ring[first].value);
    pfree(ring[first].value);
    first = (first + 1) % kMost;
    --count;
  }
  at(count) = {place.va_toastrelid, place.va_valueid, value};
  ++count;
  bytes_held += size;
}

struct varlena* find_recent_value(const struct varatt_external& place) {
  for (int i = count - 1; i >= 0; --i) {
    const Recent& recent = at(i);
    if (recent.number == place.va_valueid && recent.table == place.va_toastrelid) {
      return recent.value;
    }
  }
  return nullptr;
}

void forget_recent_values() {
  count = 0;
  bytes_held = 0;
  if (context != nullptr) MemoryContextReset(context);
}

}  // namespace vec::pg

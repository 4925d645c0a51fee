#include "pg/repeated_arguments.h"

namespace vec::pg {

namespace {

struct KeptArgument {
  Oid table;
  Oid number;
  struct varlena* value;  // null if there is none
  int users;
  uint64 used;  // when it was wanted last
};
constexpr int kMostArguments = 4;
KeptArgument arguments[kMostArguments] = {};
uint64 uses = 0;

// Those that had to be read last, of which one may come again.  Between two uses of an argument
// there are those that the functions have beside it, a few at most.
struct ReadArgument {
  Oid table;
  Oid number;
};
constexpr int kMostRead = 4;
ReadArgument last_read[kMostRead] = {};
int next_read = 0;

MemoryContext context = nullptr;

template <class T>
bool is_at(const T& argument, const struct varatt_external& place) {
  return argument.number == place.va_valueid && argument.table == place.va_toastrelid;
}

void forget(XactEvent, void*) {
  std::memset(arguments, 0, sizeof arguments);
  std::memset(last_read, 0, sizeof last_read);
  MemoryContextReset(context);
}

/// Whether it was read a moment ago; from here on it was.
bool was_read(const struct varatt_external& place) {
  for (const ReadArgument& last : last_read) {
    if (is_at(last, place)) return true;
  }
  last_read[next_read] = {place.va_toastrelid, place.va_valueid};
  next_read = (next_read + 1) % kMostRead;
  return false;
}

/// Keeps a copy instead of the one that has not been wanted for the longest time.
void keep(const struct varatt_external& place, const struct varlena* value) {
  KeptArgument* oldest = nullptr;
  for (KeptArgument& argument : arguments) {
    if (argument.users > 0) continue;
    if (oldest == nullptr || argument.used < oldest->used) oldest = &argument;
  }
  if (oldest == nullptr) return;
  if (context == nullptr) {
    context = AllocSetContextCreate(TopMemoryContext, "repeated arguments", ALLOCSET_DEFAULT_SIZES);
    RegisterXactCallback(forget, nullptr);
  }
  if (oldest->value != nullptr) pfree(oldest->value);
  *oldest = {};
  auto* copy = static_cast<struct varlena*>(MemoryContextAlloc(context, VARSIZE(value)));
  std::memcpy(copy, value, VARSIZE(value));
  *oldest = {place.va_toastrelid, place.va_valueid, copy, 0, ++uses};
}

}  // namespace

Argument read_argument(struct varlena* stored) {
  if (!VARATT_IS_EXTERNAL_ONDISK(stored)) return {pg_detoast_datum(stored), -1};
  struct varatt_external place;
  VARATT_EXTERNAL_GET_POINTER(place, stored);
  for (int i = 0; i < kMostArguments; ++i) {
    KeptArgument& argument = arguments[i];
    if (argument.value == nullptr || !is_at(argument, place)) continue;
    ++argument.users;
    argument.used = ++uses;
    return {argument.value, i};
  }
  struct varlena* value = pg_detoast_datum(stored);
  if (was_read(place)) keep(place, value);
  return {value, -1};
}

void let_go(int kept) {
  if (arguments[kept].users > 0) --arguments[kept].users;
}

}  // namespace vec::pg

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
/// Between two uses of an argument there are those that the functions have beside it.
constexpr int kMostArguments = 8;
KeptArgument arguments[kMostArguments] = {};
uint64 uses = 0;

MemoryContext context = nullptr;

void forget(XactEvent, void*) {
  std::memset(arguments, 0, sizeof arguments);
  MemoryContextReset(context);
}

/// Room for one more, of which nobody has use: that of the one that has not been wanted for the
/// longest time.  Null if all are in use.
KeptArgument* make_room() {
  if (context == nullptr) {
    context = AllocSetContextCreate(TopMemoryContext, "repeated arguments", ALLOCSET_DEFAULT_SIZES);
    RegisterXactCallback(forget, nullptr);
  }
  KeptArgument* oldest = nullptr;
  for (KeptArgument& argument : arguments) {
    if (argument.users > 0) continue;
    if (oldest == nullptr || argument.used < oldest->used) oldest = &argument;
  }
  if (oldest == nullptr) return nullptr;
  if (oldest->value != nullptr) pfree(oldest->value);
  *oldest = {};
  return oldest;
}

}  // namespace

Argument read_argument(struct varlena* stored) {
  if (!VARATT_IS_EXTERNAL_ONDISK(stored)) return {pg_detoast_datum(stored), -1};
  struct varatt_external place;
  VARATT_EXTERNAL_GET_POINTER(place, stored);
  for (int i = 0; i < kMostArguments; ++i) {
    KeptArgument& argument = arguments[i];
    if (argument.number != place.va_valueid || argument.table != place.va_toastrelid ||
        argument.value == nullptr) {
      continue;
    }
    ++argument.users;
    argument.used = ++uses;
    return {argument.value, i};
  }
  KeptArgument* const room = make_room();
  if (room == nullptr) return {pg_detoast_datum(stored), -1};
  const MemoryContext before = MemoryContextSwitchTo(context);
  struct varlena* const value = pg_detoast_datum(stored);
  MemoryContextSwitchTo(before);
  *room = {place.va_toastrelid, place.va_valueid, value, 1, ++uses};
  return {value, static_cast<int>(room - arguments)};
}

void let_go(int kept) {
  if (arguments[kept].users > 0) --arguments[kept].users;
}

}  // namespace vec::pg

#include "pg/index/remembered_chunks.h"

namespace vec::pg {

namespace {

struct Place {
  Oid value;
  ItemPointerData place;
};
static_assert(sizeof(Place) == 12);

// Pairs, the one used last first; 768 kB, of which a process has what it writes to.  Values that
// are stored one after the other have numbers one after the other.
constexpr Oid kPairs = 32768;
Place pairs[kPairs][2];

}  // namespace

ItemPointerData remembered_chunk(Oid value) noexcept {
  Place(&pair)[2] = pairs[value % kPairs];
  if (pair[1].value == value) std::swap(pair[0], pair[1]);
  if (pair[0].value == value) return pair[0].place;
  ItemPointerData nowhere;
  ItemPointerSetInvalid(&nowhere);
  return nowhere;
}

void remember_chunk(Oid value, const ItemPointerData& place) noexcept {
  Place(&pair)[2] = pairs[value % kPairs];
  if (pair[0].value != value) pair[1] = pair[0];
  pair[0] = {value, place};
}

}  // namespace vec::pg

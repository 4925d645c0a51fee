// core/row_id.h
//
// The row of a table that an index entry stands for.

#ifndef VEC_CORE_ROW_ID_H_
#define VEC_CORE_ROW_ID_H_

#include <cstdint>

namespace vec {

/// A heap row's place.  Six bytes, as PostgreSQL's ItemPointerData; zero position means none.
struct RowId {
  std::uint16_t block_high;
  std::uint16_t block_low;
  std::uint16_t position;

  bool valid() const { return position != 0; }
  friend bool operator==(const RowId&, const RowId&) = default;
};
static_assert(sizeof(RowId) == 6);

}  // namespace vec

#endif  // VEC_CORE_ROW_ID_H_

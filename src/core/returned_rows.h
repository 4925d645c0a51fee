// core/returned_rows.h
//
// The rows that a scan has returned and might return again, were the index damaged: a sound one
// names a row once.

#ifndef VEC_CORE_RETURNED_ROWS_H_
#define VEC_CORE_RETURNED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "core/row_id.h"

namespace vec {

/// A scan in exact order need not remember more than the rows at the last distance: a row that is
/// named twice is as far as itself.  Never holds more than kMost, whatever a scan returns: what
/// came long before is forgotten.
class ReturnedRows {
 public:
  static constexpr std::size_t kMost = 65'536;  // some 3 MB

  void clear() {
    few_.clear();
    if (!many_.empty()) many_.clear();
  }

  /// False if `row` is there already.
  bool add(RowId row) {
    if (many_.size() == kMost) clear();
    if (many_.empty()) {
      for (const RowId& other : few_) {
        if (other == row) return false;
      }
      if (few_.size() < kFew) {
        few_.push_back(row);
        return true;
      }
      for (const RowId& other : few_) many_.insert(number_of(other));
    }
    return many_.insert(number_of(row)).second;
  }

 private:
  /// As many are looked through faster than hashed, and need no memory of their own each.
  static constexpr std::size_t kFew = 16;

  static std::uint64_t number_of(RowId row) {
    return std::uint64_t{row.block_high} << 32 | std::uint64_t{row.block_low} << 16 | row.position;
  }

  std::vector<RowId> few_;
  std::unordered_set<std::uint64_t> many_;
};

}  // namespace vec

#endif  // VEC_CORE_RETURNED_ROWS_H_

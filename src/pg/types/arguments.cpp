#include "pg/types/arguments.h"

#include "pg/recent_values.h"
#include "pg/repeated_arguments.h"

namespace vec::pg {

void throw_corrupted(const char* type_name) {
  throw Error(ErrorCode::kDataCorrupted, "stored %s value is damaged", type_name)
      .with_detail("Its length does not agree with the number of its elements.");
}

void VarlenaArg::read_extended(varlena* value) {
  if (VARATT_IS_1B(value) && !VARATT_IS_1B_E(value)) {
    bytes_ = reinterpret_cast<const unsigned char*>(VARDATA_1B(value));
    size_ = VARSIZE_1B(value) - VARHDRSZ_SHORT;
    return;
  }
  if (VARATT_IS_EXTERNAL_ONDISK(value)) {
    struct varatt_external place;
    VARATT_EXTERNAL_GET_POINTER(place, value);
    if (const varlena* recent = find_recent_value(place)) {
      bytes_ = reinterpret_cast<const unsigned char*>(VARDATA_4B(recent));
      size_ = VARSIZE_4B(recent) - VARHDRSZ;
      return;
    }
  }
  const Argument argument = pg_call([value] { return read_argument(value); });
  bytes_ = reinterpret_cast<const unsigned char*>(VARDATA_4B(argument.value));
  size_ = VARSIZE_4B(argument.value) - VARHDRSZ;
  owner_ = argument.kept < 0 ? kThis : argument.kept;
}

void VarlenaArg::give_back() {
  if (owner_ >= 0) {
    let_go(owner_);
  } else {
    pfree(const_cast<unsigned char*>(bytes_) - VARHDRSZ);
  }
}

}  // namespace vec::pg

// pg/types/bit.cpp
//
// Distances of core bit strings.  Their padding bits are zero, so whole bytes are compared.

#include "kernels/kernels.h"
#include "pg/types/arguments.h"

namespace vec::pg {
namespace {

void check_same_length(const BitArg& a, const BitArg& b) {
  if (a.length() != b.length()) [[unlikely]] {
    throw Error(ErrorCode::kDataException, "different bit lengths %u and %u",
                static_cast<unsigned>(a.length()), static_cast<unsigned>(b.length()));
  }
}

}  // namespace
}  // namespace vec::pg

using namespace vec;
using namespace vec::pg;

VEC_FUNCTION(hamming_distance) {
  const BitArg a(fcinfo, 0), b(fcinfo, 1);
  a.fetch_next_row();
  b.fetch_next_row();
  check_same_length(a, b);
  const std::uint64_t different = kernels::active().hamming(a.data(), b.data(), a.byte_count());
  return Float8GetDatum(static_cast<double>(different));
}

/// 1 - |a and b| / |a or b|; 1 if no bit is common, also where there is none at all.
VEC_FUNCTION(jaccard_distance) {
  const BitArg a(fcinfo, 0), b(fcinfo, 1);
  a.fetch_next_row();
  b.fetch_next_row();
  check_same_length(a, b);
  const kernels::BitCounts counts =
      kernels::active().bit_counts(a.data(), b.data(), a.byte_count());
  if (counts.both == 0) return Float8GetDatum(1);
  return Float8GetDatum(1 - static_cast<double>(counts.both) / static_cast<double>(counts.either));
}

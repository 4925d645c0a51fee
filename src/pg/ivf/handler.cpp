// pg/ivf/handler.cpp
//
// What the catalog knows of ivfflat.  The index itself is not there yet: creating one says so.

#include "pg/am_routine.h"
#include "pg/boundary.h"
#include "pg/unsupported_am.h"

namespace vec::pg {
namespace {

constexpr char kName[] = "ivfflat";
constexpr int kSupportFunctions = 5;  // distance, norm, k-means distance, k-means norm, type

}  // namespace
}  // namespace vec::pg

VEC_FUNCTION(ivfflathandler) {
  return vec::pg::pg_call([] {
    return PointerGetDatum(
        vec::pg::unsupported_am_routine<vec::pg::kName>(vec::pg::kSupportFunctions));
  });
}

// The type functions tell an index what it indexes.  Only the index calls them, and only their
// presence in an operator class means anything.
VEC_FUNCTION(ivfflat_halfvec_support) { return PointerGetDatum(nullptr); }
VEC_FUNCTION(ivfflat_bit_support) { return PointerGetDatum(nullptr); }

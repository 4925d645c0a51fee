// pg/types/compare.cpp
//
// The order of each type, which btree, ORDER BY and ANALYZE use.  Values of different dimensions
// compare, too.

#include "core/vec/sparse.h"
#include "pg/types/arguments.h"

namespace vec::pg {
namespace {

template <class Arg>
int compare_args(FunctionCallInfo fcinfo) {
  const Arg a(fcinfo, 0), b(fcinfo, 1);
  return compare(a.view(), b.view());
}

}  // namespace
}  // namespace vec::pg

using namespace vec::pg;

#define VEC_COMPARISONS(type, Arg)                                                 \
  VEC_FUNCTION(type##_lt) { return BoolGetDatum(compare_args<Arg>(fcinfo) < 0); }  \
  VEC_FUNCTION(type##_le) { return BoolGetDatum(compare_args<Arg>(fcinfo) <= 0); } \
  VEC_FUNCTION(type##_eq) { return BoolGetDatum(compare_args<Arg>(fcinfo) == 0); } \
  VEC_FUNCTION(type##_ne) { return BoolGetDatum(compare_args<Arg>(fcinfo) != 0); } \
  VEC_FUNCTION(type##_ge) { return BoolGetDatum(compare_args<Arg>(fcinfo) >= 0); } \
  VEC_FUNCTION(type##_gt) { return BoolGetDatum(compare_args<Arg>(fcinfo) > 0); }  \
  VEC_FUNCTION(type##_cmp) { return Int32GetDatum(compare_args<Arg>(fcinfo)); }

VEC_COMPARISONS(vector, DenseArg<float>)
VEC_COMPARISONS(halfvec, DenseArg<vec::HalfBits>)
VEC_COMPARISONS(sparsevec, SparseArg)

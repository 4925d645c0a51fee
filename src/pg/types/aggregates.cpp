// pg/types/aggregates.cpp
//
// avg() of vector and halfvec.  The state is a float8[] {count, sum 1, sum 2, ...}.  When an
// aggregate calls, the state is its own and is updated in place: a row costs the additions and
// nothing else.  (sum() is `+`: arithmetic.cpp.)

#include "core/vec/moments.h"
#include "pg/types/results.h"

namespace vec::pg {
namespace {

/// A state as an argument.
class StateArg {
 public:
  /// `caller` is the function that the message names.
  StateArg(FunctionCallInfo fcinfo, int i, const char* caller)
      : array_(pg_call([&] { return PG_GETARG_ARRAYTYPE_P(i); })) {
    if (ARR_NDIM(array_) != 1 || ARR_DIMS(array_)[0] < 1 || ARR_HASNULL(array_) ||
        ARR_ELEMTYPE(array_) != FLOAT8OID) {
      throw Error(ErrorCode::kInternal, "%s: expected state array", caller);
    }
  }

  int dims() const { return ARR_DIMS(array_)[0] - 1; }
  double count() const { return values()[0]; }
  const double* sums() const { return values() + 1; }
  Datum datum() const { return PointerGetDatum(array_); }

  /// Where the next state goes: into this array if it belongs to a running aggregate and has the
  /// right size, else into a new one.
  double* next(FunctionCallInfo fcinfo, int dims, Datum* state) const;

 private:
  double* values() const { return reinterpret_cast<double*>(ARR_DATA_PTR(array_)); }

  ArrayType* array_;
};

double* new_state(int dims, Datum* state) {
  const std::size_t n = static_cast<std::size_t>(dims) + 1;
  const std::size_t bytes = ARR_OVERHEAD_NONULLS(1) + n * sizeof(double);
  auto* array = static_cast<ArrayType*>(allocate(bytes));
  std::memset(array, 0, ARR_OVERHEAD_NONULLS(1));
  SET_VARSIZE(array, bytes);
  array->ndim = 1;
  array->elemtype = FLOAT8OID;
  ARR_DIMS(array)[0] = static_cast<int>(n);
  ARR_LBOUND(array)[0] = 1;
  *state = PointerGetDatum(array);
  return reinterpret_cast<double*>(ARR_DATA_PTR(array));
}

double* StateArg::next(FunctionCallInfo fcinfo, int wanted, Datum* state) const {
  if (wanted == dims() && AggCheckCallContext(fcinfo, nullptr) != 0) {
    *state = datum();
    return values();
  }
  return new_state(wanted, state);
}

template <class T>
Datum accumulate(FunctionCallInfo fcinfo, const char* caller) {
  const StateArg state(fcinfo, 0, caller);
  const DenseArg<T> row(fcinfo, 1);
  row.fetch_next_row();
  if (state.dims() != 0) check_expected_dims(state.dims(), row.dims());

  Datum result;
  const double count = state.count() + 1;
  double* next = state.next(fcinfo, row.dims(), &result);
  if (state.dims() == 0) {
    copy_to_sums(row.view(), next + 1);
  } else {
    add_to_sums(state.sums(), row.view(), next + 1);
  }
  next[0] = count;
  return result;
}

template <class T>
Datum average(FunctionCallInfo fcinfo, const char* caller) {
  const StateArg state(fcinfo, 0, caller);
  if (state.count() == 0) PG_RETURN_NULL();
  check_dims<T>(state.dims());
  auto* result = new_dense<T>(state.dims());
  mean(state.sums(), state.count(), state.dims(), result->x, format_number);
  return PointerGetDatum(result);
}

}  // namespace
}  // namespace vec::pg

using namespace vec::pg;

VEC_FUNCTION(vector_accum) { return accumulate<float>(fcinfo, "vector_accum"); }
VEC_FUNCTION(halfvec_accum) { return accumulate<vec::HalfBits>(fcinfo, "halfvec_accum"); }
VEC_FUNCTION(vector_avg) { return average<float>(fcinfo, "vector_avg"); }
VEC_FUNCTION(halfvec_avg) { return average<vec::HalfBits>(fcinfo, "halfvec_avg"); }

/// Also halfvec_combine: the states are the same.
VEC_FUNCTION(vector_combine) {
  const StateArg a(fcinfo, 0, "vector_combine"), b(fcinfo, 1, "vector_combine");
  const int dims = a.dims() != 0 ? a.dims() : b.dims();  // a state without sums fits any other
  if (b.dims() != 0) vec::check_expected_dims(dims, b.dims());

  Datum result;
  const double count = a.count() + b.count();
  double* next = a.next(fcinfo, dims, &result);
  const std::size_t bytes = static_cast<std::size_t>(dims) * sizeof(double);
  if (a.dims() == 0) {
    std::memmove(next + 1, b.sums(), bytes);
  } else if (b.dims() == 0) {
    std::memmove(next + 1, a.sums(), bytes);
  } else {
    vec::add_sums(a.sums(), b.sums(), dims, next + 1);
  }
  next[0] = count;
  return result;
}

// pg/boundary.h
//
// Where C++ exceptions and PostgreSQL errors turn into one another.  No other file may say
// catch, PG_TRY or sigsetjmp.
//
//   PostgreSQL calls us      VEC_FUNCTION / VEC_CALLBACK -> guarded()   C++ exception -> ereport
//   we call PostgreSQL       pg_call()                                  ereport -> PgError thrown
//
// An ereport is a longjmp: destructors of the frames it crosses do not run.  So a function is one
// of two kinds.  A C-like one calls PostgreSQL freely and has only trivially destructible locals.
// A C++ one may have any locals, and calls PostgreSQL only through pg_call.

#ifndef VEC_PG_BOUNDARY_H_
#define VEC_PG_BOUNDARY_H_

#include <new>
#include <type_traits>

#include "core/error.h"
#include "pg/pg.h"

namespace vec::pg {

/// A PostgreSQL error in flight; its data waits on PostgreSQL's own error stack.
struct PgError {};

namespace boundary {

/// What guarded() carries out of its handlers: plain data, because the report longjmps.
struct Failure {
  enum class Kind { kPostgres, kOurs } kind;
  int sqlstate;
  const char* message;
  const char* detail;  // null if there is none
  const char* hint;    // null if there is none
  char room[256];      // the message's place if there is no memory for it
};

/// Runs thunk(argument); false if it ended in a PostgreSQL error, which is then in flight.
bool call_erased(void (*thunk)(void*), void* argument);

/// What the exception being handled says.  Call it inside a handler, and report it next: there is
/// room for one.  The room is not in guarded()'s frame, because an array there would cost every
/// call a check of the stack.
const Failure& capture() noexcept;

/// Raises what capture() saw, with the error context of the entry point.
[[noreturn]] void report(const Failure& failure, ErrorContextCallback* context);

/// The same for an input function, whose caller may have asked not to have the error raised
/// (PostgreSQL 16+, pg_input_is_valid): then the error is saved and this returns.
void report_soft(const Failure& failure, ErrorContextCallback* context, Node* soft_context);

[[noreturn]] void exception_stack_broken();

}  // namespace boundary

/// Runs `body`, which may ereport, below C++ frames that have destructors, and returns what it
/// returns.  Throws PgError after putting back PG_exception_stack, error_context_stack and
/// CurrentMemoryContext.  `body` must not throw and must hold only trivially destructible locals.
/// About 9 ns: once for a page or a batch, not once for a tuple.
template <class Body>
auto pg_call(Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  using Result = std::invoke_result_t<Plain&>;
  if constexpr (std::is_void_v<Result>) {
    auto thunk = [](void* argument) noexcept { (*static_cast<Plain*>(argument))(); };
    if (!boundary::call_erased(thunk, const_cast<std::remove_const_t<Plain>*>(&body))) {
      throw PgError{};
    }
  } else {
    static_assert(std::is_trivially_destructible_v<Result>);
    struct Frame {
      Plain& body;
      Result result;
    } frame{body, {}};
    auto thunk = [](void* argument) noexcept {
      auto& callee = *static_cast<Frame*>(argument);
      callee.result = callee.body();
    };
    if (!boundary::call_erased(thunk, &frame)) throw PgError{};
    return frame.result;
  }
}

/// Runs `body`, which may throw, at a place where PostgreSQL called us.
///   PgError          goes on as the same PostgreSQL error: message, SQLSTATE, detail, hint
///   vec::Error       ereport with its code and texts
///   std::bad_alloc   53200, out of memory
///   anything else    XX000
/// The report is raised after the handler has ended and every C++ frame is gone.
template <class Body>
auto guarded(Body&& body) {
  using Result = std::invoke_result_t<Body&>;
  sigjmp_buf* const stack = PG_exception_stack;
  ErrorContextCallback* const context = error_context_stack;
  const boundary::Failure* failure;
  try {
    if constexpr (std::is_void_v<Result>) {
      body();
      if (PG_exception_stack != stack) boundary::exception_stack_broken();
      return;
    } else {
      static_assert(std::is_trivially_destructible_v<Result>);
      const Result result = body();
      if (PG_exception_stack != stack) boundary::exception_stack_broken();
      return result;
    }
  } catch (...) {
    failure = &boundary::capture();
  }
  PG_exception_stack = stack;
  boundary::report(*failure, context);
}

/// guarded() for an SQL function: `Body` throws, the caller is fmgr.
template <Datum (*Body)(FunctionCallInfo)>
Datum guarded_function(FunctionCallInfo fcinfo) {
  return guarded([fcinfo] { return Body(fcinfo); });
}

/// guarded() for a type's input function, which may be asked for soft errors.
template <Datum (*Body)(FunctionCallInfo)>
Datum guarded_input_function(FunctionCallInfo fcinfo) {
  sigjmp_buf* const stack = PG_exception_stack;
  ErrorContextCallback* const context = error_context_stack;
  const boundary::Failure* failure;
  try {
    return Body(fcinfo);
  } catch (...) {
    failure = &boundary::capture();
  }
  PG_exception_stack = stack;
  boundary::report_soft(*failure, context, fcinfo->context);
  return static_cast<Datum>(0);
}

}  // namespace vec::pg

#define VEC_ENTRY_POINT_(name, guard)                                                 \
  static Datum name##_body(FunctionCallInfo fcinfo);                                  \
  extern "C" {                                                                        \
  PGDLLEXPORT Datum name(FunctionCallInfo fcinfo);                                    \
  PG_FUNCTION_INFO_V1(name);                                                          \
  Datum name(FunctionCallInfo fcinfo) { return vec::pg::guard<name##_body>(fcinfo); } \
  }                                                                                   \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)

/// Defines the SQL-callable function `name`; the body that follows has `fcinfo` and may throw.
///   VEC_FUNCTION(vector_dims) { … return Int32GetDatum(…); }
#define VEC_FUNCTION(name) VEC_ENTRY_POINT_(name, guarded_function)

/// The same for a type's input function.
#define VEC_INPUT_FUNCTION(name) VEC_ENTRY_POINT_(name, guarded_input_function)

#endif  // VEC_PG_BOUNDARY_H_

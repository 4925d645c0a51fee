// SQL functions that fail in every way the boundary has to translate, below C++ frames that own
// things.  sql/boundary.sql calls them and looks at what is left.

#include <malloc.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "pg/boundary.h"
#include "pg/pg.h"

extern "C" {
#include "executor/spi.h"
#include "storage/lwlock.h"

PG_MODULE_MAGIC;
}

namespace {

using vec::Error;
using vec::ErrorCode;
using vec::pg::guarded;
using vec::pg::pg_call;

int live_objects = 0;
int disturbed_frames = 0;

/// Something that only its destructor gives back: the count, and memory that PostgreSQL does not
/// know about.  It also notices whether its frame is left with PostgreSQL's state as it was.
class Counted {
 public:
  Counted() { ++live_objects; }
  ~Counted() {
    --live_objects;
    if (CurrentMemoryContext != memory_context_ || error_context_stack != error_context_ ||
        PG_exception_stack != exception_stack_) {
      ++disturbed_frames;
    }
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::unique_ptr<char[]> memory_{new char[1000]};
  MemoryContext memory_context_ = CurrentMemoryContext;
  ErrorContextCallback* error_context_ = error_context_stack;
  sigjmp_buf* exception_stack_ = PG_exception_stack;
};

/// Like an argument's text, but not a PostgreSQL object: it has to be freed, too.
std::string text_argument(FunctionCallInfo fcinfo, int n) {
  const text* argument = pg_call([=] { return PG_GETARG_TEXT_PP(n); });
  return {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument)};
}

void add_context(void* what) { errcontext("in %s", static_cast<const char*>(what)); }

[[noreturn]] void raise_postgres_error() {
  ereport(ERROR, (errcode(ERRCODE_EXCLUSION_VIOLATION), errmsg("a PostgreSQL error"),
                  errdetail("Its detail."), errhint("Its hint.")));
  pg_unreachable();
}

void raise_with_context() {
  char what[] = "a callback of the function that failed";
  ErrorContextCallback callback{error_context_stack, add_context, what};
  error_context_stack = &callback;
  raise_postgres_error();
}

void raise_in_other_memory_context() {
  MemoryContextSwitchTo(TopMemoryContext);
  raise_postgres_error();
}

/// Leaves its frame without taking back its error context, as a C-like function does that throws.
[[noreturn]] void throw_with_context() {
  char what[] = "a function that is gone";
  ErrorContextCallback callback{error_context_stack, add_context, what};
  error_context_stack = &callback;
  throw std::runtime_error("thrown with a context");
}

void throw_error_code(std::string_view name) {
  const struct {
    std::string_view name;
    ErrorCode code;
  } codes[] = {
      {"data exception", ErrorCode::kDataException},
      {"invalid text representation", ErrorCode::kInvalidTextRepresentation},
      {"numeric value out of range", ErrorCode::kNumericValueOutOfRange},
      {"null value not allowed", ErrorCode::kNullValueNotAllowed},
      {"invalid parameter value", ErrorCode::kInvalidParameterValue},
      {"program limit exceeded", ErrorCode::kProgramLimitExceeded},
      {"feature not supported", ErrorCode::kFeatureNotSupported},
      {"protocol violation", ErrorCode::kProtocolViolation},
      {"data corrupted", ErrorCode::kDataCorrupted},
      {"index corrupted", ErrorCode::kIndexCorrupted},
      {"internal", ErrorCode::kInternal},
  };
  for (const auto& entry : codes) {
    if (entry.name == name) throw Error(entry.code, "%s", entry.name.data());
  }
}

/// Fails as `kind` says; returns if it says "nothing".
void fail(std::string_view kind) {
  const Counted counted;
  if (kind == "nothing") return;
  throw_error_code(kind);
  if (kind == "error") {
    throw Error(ErrorCode::kProgramLimitExceeded, "more than %d %s", 3, "things")
        .with_detail("There are 100% too many.")
        .with_hint("Use fewer.");
  }
  if (kind == "long error") {
    throw Error(ErrorCode::kDataException, "%s", std::string(5000, 'x').c_str());
  }
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "exception") throw std::runtime_error("a std::runtime_error, 100%s");
  if (kind == "unknown") throw 42;
  if (kind == "postgres") pg_call([] { raise_postgres_error(); });
  if (kind == "context") pg_call([] { raise_with_context(); });
  if (kind == "memory context") pg_call([] { raise_in_other_memory_context(); });
  if (kind == "lock, postgres") {
    pg_call([] {
      LWLockAcquire(AddinShmemInitLock, LW_SHARED);
      raise_postgres_error();
    });
  }
  if (kind == "lock, exception") {
    pg_call([] { LWLockAcquire(AddinShmemInitLock, LW_SHARED); });
    throw std::runtime_error("with a lock held");
  }
  if (kind == "cancel") {
    pg_call([] {
      for (;;) CHECK_FOR_INTERRUPTS();
    });
  }
  throw Error(ErrorCode::kInvalidParameterValue, "no such kind: %s", std::string(kind).c_str());
}

/// qsort's comparison: PostgreSQL's C code calls it, so it is an entry point of its own.
int failing_comparison(const void*, const void*, void* argument) {
  return guarded([=] {
    const Counted counted;
    fail(*static_cast<const std::string_view*>(argument));
    return 0;
  });
}

}  // namespace

VEC_FUNCTION(boundary_fail) {
  const std::string kind = text_argument(fcinfo, 0);
  if (kind == "stale context") throw_with_context();
  const Counted counted;
  fail(kind);
  return Int32GetDatum(pg_call([] { return 7; }));
}

/// C++ -> PostgreSQL's fmgr -> C++ -> …, `depth` times, each with something to destroy.
VEC_FUNCTION(boundary_fail_deep) {
  const std::string kind = text_argument(fcinfo, 0);
  const Counted counted;
  const int depth = PG_GETARG_INT32(1);
  if (depth == 0) {
    fail(kind);
    return Int32GetDatum(7);
  }
  const MemoryContext memory = CurrentMemoryContext;
  const Datum result = pg_call([=] {
    return OidFunctionCall2(fcinfo->flinfo->fn_oid, PG_GETARG_DATUM(0), Int32GetDatum(depth - 1));
  });
  if (CurrentMemoryContext != memory) throw Error(ErrorCode::kInternal, "wrong memory context");
  return result;
}

/// C++ -> qsort_arg -> C++.
VEC_FUNCTION(boundary_fail_in_callback) {
  const std::string kind = text_argument(fcinfo, 0);
  const Counted counted;
  std::string_view view = kind;
  char elements[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  pg_call([&] { qsort_arg(elements, sizeof elements, 1, failing_comparison, &view); });
  return Int32GetDatum(7);
}

/// C++ -> SPI -> executor -> C++.
VEC_FUNCTION(boundary_fail_in_sql) {
  const std::string kind = text_argument(fcinfo, 0);
  const Counted counted;
  const std::string query = "SELECT fail('" + kind + "')";
  const char* const text = query.c_str();
  return Int32GetDatum(pg_call([=] {
    SPI_connect();
    const int status = SPI_execute(text, true, 1);
    SPI_finish();
    return status == SPI_OK_SELECT ? 7 : 0;
  }));
}

VEC_FUNCTION(boundary_live_objects) { return Int32GetDatum(live_objects); }

VEC_FUNCTION(boundary_disturbed_frames) { return Int32GetDatum(disturbed_frames); }

VEC_FUNCTION(boundary_interrupt_holdoff) {
  return Int64GetDatum(std::int64_t{InterruptHoldoffCount} + QueryCancelHoldoffCount +
                       CritSectionCount);
}

/// What malloc has handed out: PostgreSQL's contexts and everything C++ has.
VEC_FUNCTION(boundary_heap_bytes) {
  const struct mallinfo2 info = mallinfo2();
  return Int64GetDatum(static_cast<std::int64_t>(info.uordblks + info.hblkhd));
}

VEC_INPUT_FUNCTION(boundary_even_in) {
  const Counted counted;
  const char* const text = PG_GETARG_CSTRING(0);
  const int value = std::atoi(text);
  if (value % 2 != 0) {
    throw Error(ErrorCode::kInvalidTextRepresentation, "%d is odd", value)
        .with_detail("It leaves 1 when divided by 2.")
        .with_hint("Add 1.");
  }
  return Int32GetDatum(value);
}

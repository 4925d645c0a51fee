#include "pg/boundary.h"

#include <exception>

namespace vec::pg::boundary {

namespace {

int sqlstate_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kDataException:
      return ERRCODE_DATA_EXCEPTION;
    case ErrorCode::kInvalidTextRepresentation:
      return ERRCODE_INVALID_TEXT_REPRESENTATION;
    case ErrorCode::kNumericValueOutOfRange:
      return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    case ErrorCode::kNullValueNotAllowed:
      return ERRCODE_NULL_VALUE_NOT_ALLOWED;
    case ErrorCode::kInvalidParameterValue:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorCode::kProgramLimitExceeded:
      return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case ErrorCode::kFeatureNotSupported:
      return ERRCODE_FEATURE_NOT_SUPPORTED;
    case ErrorCode::kProtocolViolation:
      return ERRCODE_PROTOCOL_VIOLATION;
    case ErrorCode::kDataCorrupted:
      return ERRCODE_DATA_CORRUPTED;
    case ErrorCode::kIndexCorrupted:
      return ERRCODE_INDEX_CORRUPTED;
    case ErrorCode::kInternal:
      break;
  }
  return ERRCODE_INTERNAL_ERROR;
}

/// A copy that outlives the exception, or null if there is no memory for it.  Does not ereport:
/// the size is that of a string which fitted into memory once already.
char* copy_text(const char* text, std::size_t length) noexcept {
  auto* copy = static_cast<char*>(MemoryContextAllocExtended(CurrentMemoryContext, length + 1,
                                                             MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE));
  if (copy != nullptr) std::memcpy(copy, text, length + 1);
  return copy;
}

void capture_message(Failure& failure, const char* text) noexcept {
  failure.message = copy_text(text, std::strlen(text));
  if (failure.message == nullptr) {
    strlcpy(failure.room, text, sizeof failure.room);
    failure.message = failure.room;
  }
}

int error_texts(const Failure& failure) {
  errcode(failure.sqlstate);
  errmsg_internal("%s", failure.message);
  if (failure.detail != nullptr) errdetail_internal("%s", failure.detail);
  if (failure.hint != nullptr) errhint("%s", failure.hint);
  return 0;
}

}  // namespace

bool call_erased(void (*thunk)(void*), void* argument) {
  sigjmp_buf* const stack = PG_exception_stack;
  ErrorContextCallback* const context = error_context_stack;
  const MemoryContext memory = CurrentMemoryContext;
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    thunk(argument);
    PG_exception_stack = stack;
    error_context_stack = context;
    return true;
  }
  PG_exception_stack = stack;
  error_context_stack = context;
  MemoryContextSwitchTo(memory);
  return false;
}

const Failure& capture() noexcept {
  static constinit Failure failure{};
  failure = Failure{Failure::Kind::kOurs, ERRCODE_INTERNAL_ERROR, nullptr, nullptr, nullptr, {}};
  try {
    throw;  // cppcheck-suppress rethrowNoCurrentException
  } catch (const PgError&) {
    failure.kind = Failure::Kind::kPostgres;
  } catch (const Error& error) {
    failure.sqlstate = sqlstate_of(error.code());
    capture_message(failure, error.what());
    if (!error.detail().empty()) {
      failure.detail = copy_text(error.detail().c_str(), error.detail().size());
    }
    if (!error.hint().empty()) {
      failure.hint = copy_text(error.hint().c_str(), error.hint().size());
    }
  } catch (const std::bad_alloc&) {
    failure.sqlstate = ERRCODE_OUT_OF_MEMORY;
    capture_message(failure, "out of memory");
  } catch (const std::exception& error) {
    capture_message(failure, error.what());
  } catch (...) {
    capture_message(failure, "unexpected C++ exception");
  }
  return failure;
}

void report(const Failure& failure, ErrorContextCallback* context) {
  error_context_stack = context;
  if (failure.kind == Failure::Kind::kPostgres) PG_RE_THROW();
  ereport(ERROR, (error_texts(failure)));
  pg_unreachable();
}

void report_soft([[maybe_unused]] const Failure& failure, ErrorContextCallback* context,
                 [[maybe_unused]] Node* soft_context) {
#if PG_VERSION_NUM >= 160000
  if (failure.kind == Failure::Kind::kOurs) {
    error_context_stack = context;
    errsave(soft_context, (error_texts(failure)));
    return;
  }
#endif
  report(failure, context);
}

void exception_stack_broken() {
  // Some function returned or threw out of a PG_TRY block.  The saved stack pointer names a dead
  // frame, so that no error can be raised safely any more.
  elog(FATAL, "PostgreSQL's exception stack was left unbalanced by the vector extension");
  pg_unreachable();
}

}  // namespace vec::pg::boundary

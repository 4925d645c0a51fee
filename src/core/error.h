// core/error.h
//
// How core says that something went wrong: it throws one of these.  src/pg turns it into a
// PostgreSQL error with the SQLSTATE that belongs to the code.

#ifndef VEC_CORE_ERROR_H_
#define VEC_CORE_ERROR_H_

#include <cassert>
#include <exception>
#include <string>

namespace vec {

enum class ErrorCode {
  kDataException,              // 22000
  kInvalidTextRepresentation,  // 22P02
  kNumericValueOutOfRange,     // 22003
  kNullValueNotAllowed,        // 22004
  kInvalidParameterValue,      // 22023
  kProgramLimitExceeded,       // 54000
  kFeatureNotSupported,        // 0A000
  kProtocolViolation,          // 08P01
  kDataCorrupted,              // XX001
  kIndexCorrupted,             // XX002
  kInternal,                   // XX000
};

/// A user-visible error.  Texts follow PostgreSQL's message style: the message lower case without
/// a full stop, detail and hint whole sentences.
class Error : public std::exception {
 public:
  /// printf-like.
  Error(ErrorCode code, const char* format, ...) __attribute__((format(printf, 3, 4)));

  Error&& with_detail(std::string detail) &&;
  Error&& with_hint(std::string hint) &&;

  ErrorCode code() const noexcept { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const noexcept { return message_; }
  const std::string& detail() const noexcept { return detail_; }  // empty if there is none
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string detail_;
  std::string hint_;
};

}  // namespace vec

/// For our own mistakes; gone in release builds.
#define VEC_ASSERT(condition) assert(condition)

#endif  // VEC_CORE_ERROR_H_

#include "core/error.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

namespace vec {

Error::Error(ErrorCode code, const char* format, ...) : code_(code) {
  std::va_list arguments;
  va_start(arguments, format);
  std::va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  if (length > 0) {
    message_.resize(static_cast<std::size_t>(length) + 1);  // vsnprintf writes a NUL, too
    std::vsnprintf(message_.data(), message_.size(), format, again);
    message_.resize(static_cast<std::size_t>(length));
  }
  va_end(again);
}

Error&& Error::with_detail(std::string detail) && {
  detail_ = std::move(detail);
  return std::move(*this);
}

Error&& Error::with_hint(std::string hint) && {
  hint_ = std::move(hint);
  return std::move(*this);
}

}  // namespace vec

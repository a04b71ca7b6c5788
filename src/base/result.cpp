#include "base/result.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace croft {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kPrecondition:
      return "precondition";
    case ErrorCode::kTooLarge:
      return "too-large";
    case ErrorCode::kRateLimited:
      return "rate-limited";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kDeployFailed:
      return "deploy-failed";
    case ErrorCode::kFailed:
      return "failed";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

Error&& Error::in(std::string_view context) && {
  message_ = fmt::format("{}: {}", context, message_);
  return std::move(*this);
}

std::string Error::describe() const {
  std::string text = fmt::format("{}: {}", to_string(code_), message_);
  if (!detail_.empty()) text += fmt::format(" [{}]", detail_);
  for (const FieldError& field : fields_) {
    text += fmt::format("; {}{}:{}:{} {}", field.file, field.pointer, field.line, field.column,
                        field.message);
  }
  return text;
}

Error errno_error(std::string message, int error_number) {
  ErrorCode code = ErrorCode::kFailed;
  switch (error_number) {
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      code = ErrorCode::kExhausted;
      break;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      code = ErrorCode::kUnavailable;
      break;
    case ETIMEDOUT:
      code = ErrorCode::kTimeout;
      break;
    default:
      break;
  }
  const std::string reason = std::strerror(error_number);
  return Error(code, fmt::format("{}: {}", message, reason));
}

}  // namespace croft

// The error type of the whole program, and Result<T>: how every fallible function answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace croft {

// What went wrong, as far as a caller can act on it. Mapped to an HTTP status and to a CLI exit
// code in one place (error_mapping.h).
enum class ErrorCode : std::uint8_t {
  kInvalid,          // the request or file is wrong; `fields` say where
  kUnauthenticated,  // no, wrong or expired credentials
  kForbidden,        // authenticated, but not allowed
  kNotFound,         // no such object in the caller's scope
  kConflict,         // the name is taken, or the state does not allow it now
  kPrecondition,     // the caller's ETag is stale or missing
  kTooLarge,         // over a stated cap
  kRateLimited,      // try later
  kUnsupported,      // understood, but croft does not do this
  kDeployFailed,     // a build or a deployment failed; the running version is untouched
  kFailed,           // an operation failed for a reason outside croft
  kTimeout,          // a deadline passed
  kUnavailable,      // a dependency (engine, store, node) cannot be reached
  kCancelled,        // somebody cancelled it
  kExhausted,        // out of disk, memory, addresses
  kInternal,         // our own bug
};

std::string_view to_string(ErrorCode code);

// One located complaint: in a JSON body by pointer, in a file by line and column.
struct FieldError {
  std::string pointer;  // JSON pointer, such as /services/0/type; empty for the whole document
  std::string message;
  std::string file = {};  // empty when the complaint is about a request body
  int line = 0;           // 1-based; 0 = unknown
  int column = 0;         // 1-based; 0 = unknown

  bool operator==(const FieldError&) const = default;
};

// `message` is for the user: it names the object, what was attempted, and what to do next.
// `detail` is for the operator's log only: it may hold paths, socket names and system messages.
class Error {
 public:
  Error(ErrorCode code, std::string message, std::string detail = {})
      : code_(code), message_(std::move(message)), detail_(std::move(detail)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::vector<FieldError>& fields() const { return fields_; }

  Error&& with_field(FieldError field) && {
    fields_.push_back(std::move(field));
    return std::move(*this);
  }
  Error&& with_fields(std::vector<FieldError> fields) && {
    fields_ = std::move(fields);
    return std::move(*this);
  }
  // Puts what was being attempted in front of the message: "deploy web: no space left".
  Error&& in(std::string_view context) &&;

  // Message, detail and fields on one line, for the log.
  std::string describe() const;

 private:
  ErrorCode code_;
  std::string message_;
  std::string detail_;
  std::vector<FieldError> fields_;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// `return fail(ErrorCode::kNotFound, "service api: no such service");`
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {}) {
  return tl::unexpected<Error>(Error(code, std::move(message), std::move(detail)));
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// errno as an Error: kExhausted for ENOSPC/ENOMEM/EMFILE, kNotFound for ENOENT, else kFailed.
Error errno_error(std::string message, int error_number);

}  // namespace croft

// Returns from the function with the error of `expression`, or goes on.
#define CROFT_TRY(expression)                                    \
  do {                                                           \
    if (auto croft_try_result = (expression); !croft_try_result) \
      return ::croft::fail(std::move(croft_try_result).error()); \
  } while (false)
#define CROFT_CO_TRY(expression)                                    \
  do {                                                              \
    if (auto croft_try_result = (expression); !croft_try_result)    \
      co_return ::croft::fail(std::move(croft_try_result).error()); \
  } while (false)

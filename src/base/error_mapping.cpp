#include "base/error_mapping.h"

#include <array>

namespace croft {
namespace {

struct Row {
  ErrorCode code;
  int http;
  int exit;
  std::string_view title;
};

constexpr std::array kRows{
    Row{ErrorCode::kInvalid, 400, kExitFailure, "Invalid request"},
    Row{ErrorCode::kUnauthenticated, 401, kExitAuth, "Not logged in"},
    Row{ErrorCode::kForbidden, 403, kExitAuth, "Not allowed"},
    Row{ErrorCode::kNotFound, 404, kExitNotFound, "Not found"},
    Row{ErrorCode::kConflict, 409, kExitConflict, "Conflict"},
    Row{ErrorCode::kPrecondition, 412, kExitConflict, "Changed meanwhile"},
    Row{ErrorCode::kTooLarge, 413, kExitFailure, "Too large"},
    Row{ErrorCode::kUnsupported, 422, kExitFailure, "Not supported"},
    Row{ErrorCode::kRateLimited, 429, kExitFailure, "Too many requests"},
    Row{ErrorCode::kInternal, 500, kExitFailure, "Internal error"},
    Row{ErrorCode::kFailed, 500, kExitFailure, "Failed"},
    Row{ErrorCode::kDeployFailed, 500, kExitDeployFailed, "Deployment failed"},
    Row{ErrorCode::kCancelled, 409, kExitFailure, "Cancelled"},
    Row{ErrorCode::kUnavailable, 503, kExitUnreachable, "Not available"},
    Row{ErrorCode::kTimeout, 504, kExitTimeout, "Timed out"},
    Row{ErrorCode::kExhausted, 507, kExitFailure, "Out of resources"},
};

constexpr const Row& row_of(ErrorCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row;
  }
  return kRows[9];  // kInternal: a code without a row is our bug
}

}  // namespace

int http_status(ErrorCode code) {
  return row_of(code).http;
}

std::string_view problem_title(ErrorCode code) {
  return row_of(code).title;
}

int exit_code(ErrorCode code) {
  return row_of(code).exit;
}

std::optional<ErrorCode> error_code_from_string(std::string_view text) {
  for (const Row& row : kRows) {
    if (to_string(row.code) == text) return row.code;
  }
  return std::nullopt;
}

ErrorCode error_code_from_http(int status) {
  if (status == 428) return ErrorCode::kPrecondition;
  if (status == 408) return ErrorCode::kTimeout;
  if (status == 502) return ErrorCode::kUnavailable;
  for (const Row& row : kRows) {
    if (row.http == status) return row.code;
  }
  return status >= 500 ? ErrorCode::kInternal : ErrorCode::kInvalid;
}

}  // namespace croft

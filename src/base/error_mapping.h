// What an ErrorCode is on the wire and on the command line: the one table for all programs.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace croft {

// Exit codes of `croft` (part of its contract).
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitAuth = 3;
inline constexpr int kExitNotFound = 4;
inline constexpr int kExitConflict = 5;
inline constexpr int kExitDeployFailed = 6;
inline constexpr int kExitTimeout = 7;
inline constexpr int kExitUnreachable = 8;
inline constexpr int kExitInterrupted = 130;

// Status of the API's answer, as api/openapi.json says (schema ErrorCode).
int http_status(ErrorCode code);
// The same for every problem of a code: "Not found".
std::string_view problem_title(ErrorCode code);
// The reverse of to_string(ErrorCode); nullopt for a word of a newer server.
std::optional<ErrorCode> error_code_from_string(std::string_view text);
// For answers without a readable problem: what the status alone says.
ErrorCode error_code_from_http(int status);

int exit_code(ErrorCode code);

}  // namespace croft

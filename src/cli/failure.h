// How a command fails: an Error with the exit code of the program and what helps the user on.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "base/error_mapping.h"
#include "base/result.h"

namespace croft::cli {

struct Failure {
  Error error;
  int exit = kExitFailure;
  std::string hint = {};        // the next command to try; empty: none
  std::string request_id = {};  // of the server's answer; empty: none
  bool reported = false;        // everything was said already, only the exit code is left
};

template <class T>
using Outcome = tl::expected<T, Failure>;

inline Failure to_failure(Error error) {
  const int code = exit_code(error.code());
  return {std::move(error), code};
}
inline Failure to_failure(Failure failure) {
  return failure;
}

inline tl::unexpected<Failure> stop(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}
inline tl::unexpected<Failure> stop(Error error) {
  return stop(to_failure(std::move(error)));
}
// The command line itself is wrong (exit 2). `hint` names the flag or command to use.
inline tl::unexpected<Failure> stop_usage(std::string message, std::string hint = {}) {
  return stop(
      Failure{Error(ErrorCode::kInvalid, std::move(message)), kExitUsage, std::move(hint), {}});
}
// Ends with `exit` and says nothing more.
inline tl::unexpected<Failure> stop_quietly(int exit) {
  return stop(Failure{Error(ErrorCode::kFailed, ""), exit, {}, {}, true});
}

}  // namespace croft::cli

// Returns from the function with the failure of `expression`, or goes on.
#define CLI_TRY(expression)                                                                   \
  do {                                                                                        \
    if (auto cli_try_result = (expression); !cli_try_result)                                  \
      return ::croft::cli::stop(::croft::cli::to_failure(std::move(cli_try_result).error())); \
  } while (false)
// The same, and `name` becomes a reference to the value.
#define CLI_LET(name, expression)                                                           \
  auto name##_outcome = (expression);                                                       \
  if (!name##_outcome)                                                                      \
    return ::croft::cli::stop(::croft::cli::to_failure(std::move(name##_outcome).error())); \
  [[maybe_unused]] auto& name = *name##_outcome

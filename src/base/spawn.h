// The one way croft starts a program: an argument array, never a shell (rule S1).
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft {

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it has a slash
  std::optional<std::map<std::string, std::string>> env;  // nullopt: inherit ours
  std::filesystem::path cwd;                              // empty: ours
  std::string input;                                      // fed to standard input
  std::chrono::milliseconds timeout{60'000};              // then SIGKILL to its process group
  std::size_t max_output_bytes = 4u << 20;  // of stdout and of stderr; the rest is dropped
  int niceness = 0;                         // 0-19: how far it steps back for others
  // Called with each piece of output as it comes, on the calling thread; null: only collected.
  std::function<void(std::string_view)> on_output;
  // When a stop is requested (by any thread): SIGTERM to its process group, so that it can put away
  // what it began, and SIGKILL after `stop_grace`. Noticed within 100 ms.
  std::stop_token cancel;
  std::chrono::milliseconds stop_grace{10'000};
};

struct SpawnResult {
  int exit_code = 0;  // 128 + signal number when a signal ended it
  bool timed_out = false;
  bool cancelled = false;
  std::string output;  // standard output
  std::string errors;  // standard error
};

// Runs the program to its end. Blocks: call it on a pool, not on the main thread.
// Fails with kNotFound when the program does not exist; a non-zero exit code is not an error.
Result<SpawnResult> run_program(const SpawnOptions& options);

// The same, and a non-zero exit, a timeout or a cancellation (kCancelled) is an Error with the last
// lines of what it said.
Result<SpawnResult> run_program_checked(const SpawnOptions& options);

}  // namespace croft

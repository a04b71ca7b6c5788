// The container's side of exec-once (docs/architecture.md): asks the core whether to run a command,
// and tells it how that ended.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace croft::init {

struct OnceRequest {
  std::vector<std::string> hosts;  // tried in order: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT
  std::string key;
  bool retry = false;  // a failure is not kept: another run may try again
  Millis connect_limit{60'000};
  bool verbose = false;
};

// One host of OnceRequest; port kOncePort when none is named. kInvalid unless it is a numeric
// address.
struct OnceHost {
  std::string address;
  std::uint16_t port = 0;
};
Result<OnceHost> parse_once_host(std::string_view text);

// What the arbiter says.
struct OnceAnswer {
  enum class Kind : unsigned char { kRun, kWait, kResult } kind = Kind::kRun;
  int result = 0;
};
Result<OnceAnswer> parse_once_answer(std::string_view line);

// Returns the exit code of the command, run here by `run` or elsewhere. Blocks. Lost connections
// are made again; kUnavailable when no host answers for connect_limit.
Result<int> run_once(const OnceRequest& request, const std::function<int()>& run);

}  // namespace croft::init

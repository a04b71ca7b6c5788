#include "node/core_relay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "net/http_client.h"
#include "node/line_reader.h"

namespace croft::node {
namespace {

constexpr Millis kReconnectPause{250};
// A core repeats its report every 2 s.
constexpr Millis kSilenceLimit{6000};
constexpr std::size_t kMaxReportBytes = 16u << 20;
// After this many refused attempts in a row (a minute) nobody listens there any more: the socket of
// a container that is gone. One that hangs does not refuse.
constexpr int kRefusedLimit = 240;

}  // namespace

CoreRelay::CoreRelay(Runtime& runtime, const CoreFiles& files, Signal& changed)
    : runtime_(runtime), files_(files), changed_(changed), group_(runtime) {}

void CoreRelay::scan() {
  std::map<std::string, std::shared_ptr<Follow>> now;
  for (const auto& path : files_.sockets()) {
    const std::string socket = path.string();
    const auto known = followed_.find(socket);
    if (known != followed_.end()) {
      now[socket] = known->second;
      continue;
    }
    now[socket] = std::make_shared<Follow>();
    group_.spawn("core relay", follow(socket, now[socket]));
  }
  for (const auto& [socket, state] : followed_) {
    if (now.contains(socket)) continue;
    state->stopped = true;
    changed_.notify();
  }
  followed_ = std::move(now);
}

std::vector<CoreObserved> CoreRelay::reports() const {
  std::vector<CoreObserved> out;
  for (const auto& [socket, state] : followed_) {
    if (!state->line.empty()) out.push_back(state->report);
  }
  return out;
}

Task<void> CoreRelay::follow(std::string socket, std::shared_ptr<Follow> state) {
  const std::filesystem::path path = socket;
  int refused = 0;
  while (!state->stopped) {
    // By way of its directory: a socket's whole path may have 107 characters only.
    const Fd directory(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const std::string near =
        fmt::format("/proc/self/fd/{}/{}", directory.get(), path.filename().string());
    const bool connected = co_await follow_once(near, state);
    refused = connected ? 0 : refused + 1;
    if (refused == kRefusedLimit) ::unlink(socket.c_str());
    if (!state->line.empty()) changed_.notify();
    state->line.clear();
    if (!state->stopped) co_await sleep_for(kReconnectPause);
  }
}

Task<bool> CoreRelay::follow_once(std::string socket, std::shared_ptr<Follow> state) {
  HttpClient client(runtime_, HttpEndpoint::unix_socket(socket));
  HttpRequest request;
  request.target = "/v1/watch";
  request.idle_limit = kSilenceLimit;
  request.limit = kSilenceLimit;
  auto response = co_await client.open(request);
  if (!response) co_return response.error().code() != ErrorCode::kUnavailable;
  if ((*response)->status() != 200) co_return true;
  LineReader lines(**response, kMaxReportBytes);
  while (!state->stopped) {
    auto line = co_await lines.next();
    if (!line || !*line) co_return true;
    if (**line == state->line) continue;
    auto report = from_json_text<CoreObserved>(**line);
    if (!report) {
      log_warning("a core's report cannot be read",
                  {{"socket", socket}, {"error", report.error().describe()}});
      co_return true;
    }
    state->line = std::move(**line);
    state->report = std::move(*report);
    changed_.notify();
  }
  co_return true;
}

Task<void> CoreRelay::stop() {
  for (const auto& [socket, state] : followed_) state->stopped = true;
  group_.cancel();
  co_await group_.join();
  followed_.clear();
}

}  // namespace croft::node

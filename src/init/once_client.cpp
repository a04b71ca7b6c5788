#include "init/once_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <thread>

#include "base/json_codec.h"
#include "model/init_config.h"

namespace croft::init {
namespace {

constexpr Millis kConnectAttempt{2000};
constexpr Millis kRetryPause{250};
constexpr std::size_t kMaxLine = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

std::optional<Address> to_address(const OnceHost& host) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, host.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(host.port);
    out.length = sizeof *v4;
    return out;
  }
  out.storage = {};
  if (::inet_pton(AF_INET6, host.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(host.port);
    out.length = sizeof *v6;
    return out;
  }
  return std::nullopt;
}

// A core that vanished without a word is noticed within about 20 s.
void keep_alive(int fd) {
  const int on = 1;
  const int idle_s = 10;
  const int interval_s = 3;
  const int count = 3;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

Fd connect_to(const Address& address) {
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {};
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd.get(), raw, address.length) != 0) {
    pollfd polled{fd.get(), POLLOUT, 0};
    int error = 0;
    socklen_t length = sizeof error;
    if (errno != EINPROGRESS ||
        ::poll(&polled, 1, static_cast<int>(kConnectAttempt.count())) != 1 ||
        ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
      return {};
    }
  }
  keep_alive(fd.get());
  return fd;
}

class Conversation {
 public:
  explicit Conversation(const OnceRequest& request) : request_(request) {}

  // Connects to the first host that answers and asks; false when none does within the limit.
  bool open() {
    const SystemClock clock;
    const Millis deadline = clock.steady() + request_.connect_limit;
    for (;;) {
      for (const std::string& text : request_.hosts) {
        const auto host = parse_once_host(text);
        const auto address = host ? to_address(*host) : std::nullopt;
        if (!address) continue;
        fd_ = connect_to(*address);
        received_.clear();
        if (fd_ && ask()) return true;
      }
      if (clock.steady() >= deadline) return false;
      std::this_thread::sleep_for(kRetryPause);
    }
  }

  // The next line, without its end; nullopt when the connection is lost or `limit` passes
  // (negative: never).
  std::optional<std::string> next_line(Millis limit) {
    for (;;) {
      const auto end = received_.find('\n');
      if (end != std::string::npos) {
        std::string line = received_.substr(0, end);
        received_.erase(0, end + 1);
        return line;
      }
      pollfd polled{fd_.get(), POLLIN, 0};
      const int ready = ::poll(&polled, 1, static_cast<int>(limit.count()));
      if (ready < 0 && errno == EINTR) continue;
      std::array<char, 1024> buffer;
      const ssize_t got = ready == 1 ? ::recv(fd_.get(), buffer.data(), buffer.size(), 0) : 0;
      if (got <= 0 || received_.size() > kMaxLine) return std::nullopt;
      received_.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  bool send(const boost::json::object& message) {
    const std::string text = boost::json::serialize(message) + "\n";
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

  // The answer to a result is the arbiter closing, or any line: it has been kept.
  bool report(int exit_code) {
    if (!send({{"exit_code", exit_code}})) return false;
    ::shutdown(fd_.get(), SHUT_WR);
    (void)next_line(Millis(10'000));
    return true;
  }

 private:
  bool ask() { return send({{"key", request_.key}, {"retry", request_.retry}}); }

  const OnceRequest& request_;
  Fd fd_;
  std::string received_;
};

// The connection broke while the command ran: its result is told on a new one, if the arbiter still
// wants it.
void report_late(Conversation& conversation, int exit_code) {
  if (!conversation.open()) return;
  const auto line = conversation.next_line(Millis(10'000));
  const auto answer = line ? parse_once_answer(*line) : fail(ErrorCode::kUnavailable, "");
  if (answer && answer->kind == OnceAnswer::Kind::kRun) conversation.report(exit_code);
}

}  // namespace

Result<OnceHost> parse_once_host(std::string_view text) {
  const std::string whole(text);
  OnceHost host{whole, kOncePort};
  std::string_view port;
  bool good = text.find('\0') == std::string_view::npos;  // inet_pton() would end there
  if (text.starts_with('[')) {
    const auto end = std::min(text.find(']'), text.size());
    host.address = text.substr(1, end - 1);
    const std::string_view rest = text.substr(std::min(end + 1, text.size()));
    good = good && end < text.size() && (rest.empty() || rest.starts_with(':'));
    port = rest.substr(std::min<std::size_t>(1, rest.size()));
  } else if (const auto colon = text.find(':');
             colon != std::string_view::npos && text.find(':', colon + 1) == std::string::npos) {
    host.address = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const char* end = port.data() + port.size();
  if (!port.empty()) {
    const auto parsed = std::from_chars(port.data(), end, host.port);
    good = good && parsed.ec == std::errc() && parsed.ptr == end;
  }
  if (!good || host.port == 0 || !to_address(host)) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a numeric address", whole));
  }
  return host;
}

Result<OnceAnswer> parse_once_answer(std::string_view line) {
  const auto json = parse_json(line);
  const auto* object = json && json->is_object() ? &json->get_object() : nullptr;
  if (object != nullptr) {
    if (const auto* result = object->if_contains("result"); result != nullptr) {
      if (result->is_int64() && result->get_int64() >= 0 && result->get_int64() <= 255) {
        return OnceAnswer{OnceAnswer::Kind::kResult, static_cast<int>(result->get_int64())};
      }
    }
    const auto* action = object->if_contains("do");
    if (action != nullptr && action->is_string()) {
      if (action->get_string() == "run") return OnceAnswer{OnceAnswer::Kind::kRun, 0};
      if (action->get_string() == "wait") return OnceAnswer{OnceAnswer::Kind::kWait, 0};
    }
  }
  return fail(ErrorCode::kFailed, fmt::format("the core answered '{}'", line));
}

Result<int> run_once(const OnceRequest& request, const std::function<int()>& run) {
  Conversation conversation(request);
  const auto note = [&](std::string_view text) {
    if (request.verbose) fmt::print(stderr, "zsc: execOnce {}: {}\n", request.key, text);
  };
  for (;;) {
    if (!conversation.open()) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("execOnce {}: the project's core did not answer for {} s; the "
                              "command was not run",
                              request.key, request.connect_limit.count() / 1000));
    }
    while (const auto line = conversation.next_line(Millis(-1))) {
      const auto answer = parse_once_answer(*line);
      if (!answer) return fail(Error(answer.error()));
      if (answer->kind == OnceAnswer::Kind::kResult) {
        note(fmt::format("ran elsewhere, exit code {}", answer->result));
        return answer->result;
      }
      if (answer->kind == OnceAnswer::Kind::kWait) {
        note("runs elsewhere, waiting for it");
        continue;
      }
      note("runs here");
      const int code = run();
      if (!conversation.report(code)) report_late(conversation, code);
      return code;
    }
    note("lost the core, asking again");
    std::this_thread::sleep_for(kRetryPause);
  }
}

}  // namespace croft::init

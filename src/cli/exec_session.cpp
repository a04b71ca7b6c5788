#include "cli/exec_session.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <csignal>
#include <deque>

#include "base/error_mapping.h"
#include "cli/interrupt.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPiece = 16'384;
constexpr std::size_t kMaxQueued = 4;

// Files and devices such as /dev/null are always readable and unknown to epoll.
bool can_be_waited_for(int fd) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return false;
  return ::isatty(fd) == 1 || S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
}

class ExecSession {
 public:
  ExecSession(Session& session, Api& api, const ExecOptions& options)
      : session_(session),
        api_(api),
        options_(options),
        something_to_send_(api.runtime()),
        queue_has_room_(api.runtime()) {}

  Task<Outcome<int>> run(const HttpRequest& request) {
    WebSocketLimits limits;
    limits.max_message_bytes = 1u << 20;
    auto opened = co_await api_.http().web_socket(request, limits);
    if (!opened) {
      Error error = std::move(opened).error();
      co_return stop(refusal(std::move(error)));
    }
    socket_ = std::move(*opened);
    std::optional<TerminalMode> raw;
    if (options_.tty) raw.emplace(session_.io().in_fd, TerminalInput::kRaw);
    Group group(api_.runtime());
    group.spawn("exec input", send_input());
    group.spawn("exec writer", send_queue());
    if (options_.tty) group.spawn("exec size", send_sizes());
    auto outcome = co_await receive();
    group.cancel();
    socket_->abort();
    co_await group.join();
    co_return outcome;
  }

 private:
  // A server that answers instead of switching has sent a problem; the client quotes it.
  Failure refusal(Error error) const {
    const auto begin = error.message().find('{');
    const auto json = parse_json(
        std::string_view(error.message()).substr(std::min(begin, error.message().size())));
    if (json) {
      const int status = http_status(error.code());
      return failure_from(status, boost::json::serialize(*json), {});
    }
    if (error.code() == ErrorCode::kUnavailable) return api_.transport_failure(std::move(error));
    return to_failure(std::move(error));
  }

  void queue(ExecChannel channel, std::string_view data) {
    std::string message(1, static_cast<char>(channel));
    message += data;
    queue_.push_back(std::move(message));
    something_to_send_.notify();
  }

  Task<void> send_input() {
    if (!options_.input) {
      queue(ExecChannel::kControl, R"({"eof":true})");
      co_return;
    }
    const int fd = session_.io().in_fd;
    // Only waited on, never read through Asio: that would make the terminal non-blocking for the
    // shell, too. A copy, because the end of this coroutine closes it.
    asio::posix::stream_descriptor input(api_.runtime().io());
    const bool waits = can_be_waited_for(fd);
    if (waits) input.assign(::dup(fd));
    std::string buffer(kPiece, '\0');
    for (;;) {
      if (waits) {
        auto [error] = co_await input.async_wait(asio::posix::stream_descriptor::wait_read,
                                                 asio::as_tuple(asio::use_awaitable));
        if (error) break;
      }
      while (queue_.size() >= kMaxQueued) co_await queue_has_room_.wait_for(Millis(60'000));
      const ssize_t n = ::read(fd, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        queue(ExecChannel::kControl, R"({"eof":true})");
        break;
      }
      queue(ExecChannel::kInput, std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    }
  }

  Task<void> send_queue() {
    while (!ended_) {
      if (queue_.empty()) {
        co_await something_to_send_.wait_for(Millis(60'000));
        continue;
      }
      std::string message = std::move(queue_.front());
      queue_.pop_front();
      queue_has_room_.notify();
      const Status sent = co_await socket_->write({true, std::move(message)});
      if (!sent) co_return;  // receive() learns the reason
    }
  }

  Task<void> send_sizes() {
    asio::signal_set signals(api_.runtime().io(), SIGWINCH);
    for (;;) {
      auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      winsize size{};
      if (::ioctl(session_.io().in_fd, TIOCGWINSZ, &size) != 0) continue;
      const boost::json::value resize{{"resize", {{"rows", size.ws_row}, {"cols", size.ws_col}}}};
      queue(ExecChannel::kControl, boost::json::serialize(resize));
    }
  }

  // Passes output on until the exit code comes.
  Task<Outcome<int>> receive() {
    for (;;) {
      auto message = co_await socket_->read();
      if (!message || !*message || (*message)->data.empty()) {
        ended_ = true;
        std::string why = message ? "closed without an exit code" : message.error().message();
        if (message && *message) why = "an empty message";
        if (message && !*message && !socket_->close_reason().empty()) {
          why = socket_->close_reason();
        }
        co_return stop(
            {Error(ErrorCode::kUnavailable, "the connection to the command broke: " + why),
             kExitUnreachable, "whether it still runs: croft ps"});
      }
      const std::string& data = (*message)->data;
      const std::string_view payload = std::string_view(data).substr(1);
      switch (static_cast<ExecChannel>(data[0])) {
        case ExecChannel::kOutput:
          session_.io().out(payload);
          break;
        case ExecChannel::kErrors:
          session_.io().err(payload);
          break;
        case ExecChannel::kControl: {
          auto ended = control(payload);
          if (!ended) break;
          ended_ = true;
          co_return std::move(*ended);
        }
        case ExecChannel::kInput:
          break;
      }
    }
  }

  // The end, when this is it.
  static std::optional<Outcome<int>> control(std::string_view payload) {
    const auto json = parse_json(payload);
    if (!json || !json->is_object()) return std::nullopt;
    const auto& object = json->get_object();
    if (const auto* code = object.if_contains("exit_code")) {
      boost::system::error_code ignored;
      return Outcome<int>(code->to_number<int>(ignored));
    }
    if (const auto* error = object.if_contains("error")) {
      return Outcome<int>(stop(failure_from(500, boost::json::serialize(*error), {})));
    }
    return std::nullopt;
  }

  Session& session_;
  Api& api_;
  ExecOptions options_;
  std::unique_ptr<WebSocket> socket_;
  std::deque<std::string> queue_;
  Signal something_to_send_;
  Signal queue_has_room_;
  bool ended_ = false;
};

}  // namespace

Outcome<int> run_exec_session(Session& session, Api& api, const HttpRequest& request,
                              const ExecOptions& options) {
  ExecSession exec(session, api, options);
  return api.runtime().run_until_done(exec.run(request));
}

}  // namespace croft::cli

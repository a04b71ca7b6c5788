#include "init/probe.h"

#include <fmt/format.h>
#include <signal.h>

#include "init/socket_probe.h"

namespace croft::init {
namespace {

class CommandAttempt final : public ProbeAttempt {
 public:
  CommandAttempt(ChildContext& context, const Probe& probe, const std::string& workdir, Done done)
      : command_(probe.command), done_(std::move(done)), timer_(context.loop) {
    auto child = Child::start(context,
                              {.argv = shell_argv(probe.command),
                               .workdir = workdir,
                               .out = Stream::kNone,
                               .err = Stream::kNone},
                              [this](int wait_status) { ended(wait_status); });
    if (!child) {
      timer_.start(Millis(0), [this, message = child.error().message()] {
        finish(false, fmt::format("{}: {}", command_, message));
      });
      return;
    }
    child_ = std::move(*child);
    timer_.start(Millis(1000) * probe.attempt_timeout_s, [this, limit = probe.attempt_timeout_s] {
      finish(false, fmt::format("{}: did not end within {} s", command_, limit));
    });
  }

 private:
  void ended(int wait_status) {
    std::string detail = fmt::format("{}: {}", command_, describe_end(wait_status));
    const std::string said = child_->last_line();
    if (!said.empty()) detail += fmt::format(": {}", said);
    finish(exit_code_of(wait_status) == 0, std::move(detail));
  }

  void finish(bool ok, std::string detail) {
    timer_.stop();
    const Done done = std::move(done_);
    done({ok, std::move(detail)});  // may destroy this
  }

  std::string command_;
  Done done_;
  Timer timer_;
  std::unique_ptr<Child> child_;
};

}  // namespace

std::unique_ptr<ProbeAttempt> ProbeAttempt::start(ChildContext& context, const Probe& probe,
                                                  const std::string& workdir, Done done) {
  const Millis timeout = Millis(1000) * probe.attempt_timeout_s;
  if (!probe.command.empty()) {
    return std::make_unique<CommandAttempt>(context, probe, workdir, std::move(done));
  }
  if (probe.tcp_port != 0) {
    return std::make_unique<TcpAttempt>(context.loop, probe.tcp_port, timeout, std::move(done));
  }
  HttpTarget target{probe.http_port, probe.scheme == "https", probe.path, probe.host};
  if (target.host.empty()) target.host = "localhost";
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  return std::make_unique<HttpAttempt>(context.loop, std::move(target), timeout, std::move(done));
}

}  // namespace croft::init

#include "base/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/cpu_priority.h"
#include "base/exec_parts.h"
#include "base/fd.h"

extern char** environ;

namespace croft {
namespace {

// In the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void exec_child(const std::array<int, 3>& fds, int error_fd, const char* cwd,
                             int niceness, char* const* argv, char* const* envp) {
  // A session of its own, where also the kernel's sharing among sessions takes it for what it is.
  ::setsid();
  yield_cpu_priority(niceness);
  for (int target = 0; target < 3; ++target) {
    if (::dup2(fds[static_cast<std::size_t>(target)], target) < 0) ::_exit(127);
  }
  // Sockets that a library opened without close-on-exec stay ours (and programs whose shells know
  // only one-digit descriptors, such as mmdebstrap, get low numbers).
  ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (cwd == nullptr || ::chdir(cwd) == 0) ::execvpe(argv[0], argv, envp);
  const int error_number = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(error_fd, &error_number, sizeof error_number);
  ::_exit(127);
}

class Collector {
 public:
  Collector(const SpawnOptions& options, pid_t pid) : options_(options), pid_(pid) {}

  // Feeds input and drains both outputs until the child closes them or the time is up.
  bool pump(Fd& in, Fd& out, Fd& err, SpawnResult& result) {
    auto deadline = std::chrono::steady_clock::now() + options_.timeout;
    const long long longest_wait_ms = options_.cancel.stop_possible() ? 100 : 1000;
    std::string_view input = options_.input;
    if (input.empty()) in.reset();
    while (out || err) {
      if (!result.cancelled && options_.cancel.stop_requested()) {
        result.cancelled = true;
        ::kill(-pid_, SIGTERM);
        deadline = std::min(deadline, std::chrono::steady_clock::now() + options_.stop_grace);
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        ::kill(-pid_, SIGKILL);
        return false;
      }
      std::array<pollfd, 3> polled{{{out ? out.get() : -1, POLLIN, 0},
                                    {err ? err.get() : -1, POLLIN, 0},
                                    {in ? in.get() : -1, POLLOUT, 0}}};
      const int wait_ms = static_cast<int>(std::min<long long>(left.count(), longest_wait_ms));
      if (::poll(polled.data(), polled.size(), wait_ms) < 0 && errno != EINTR) return false;
      if (polled[0].revents != 0) drain(out, result.output);
      if (polled[1].revents != 0) drain(err, result.errors);
      if (polled[2].revents != 0) feed(in, input);
    }
    return true;
  }

 private:
  void drain(Fd& fd, std::string& into) {
    char buffer[16384];
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got <= 0) {
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
      fd.reset();
      return;
    }
    const std::string_view piece(buffer, static_cast<std::size_t>(got));
    if (options_.on_output) options_.on_output(piece);
    const std::size_t room =
        options_.max_output_bytes - std::min(into.size(), options_.max_output_bytes);
    into.append(piece.substr(0, room));
  }

  static void feed(Fd& fd, std::string_view& input) {
    const ssize_t written = ::write(fd.get(), input.data(), input.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 || input.empty()) fd.reset();
  }

  const SpawnOptions& options_;
  pid_t pid_;
};

}  // namespace

Result<SpawnResult> run_program(const SpawnOptions& options) {
  if (options.argv.empty()) return fail(ErrorCode::kInternal, "run_program: empty argv");
  std::array<Pipe, 4> pipes;  // stdin, stdout, stderr, exec error
  for (Pipe& p : pipes) {
    auto made = make_pipe();
    if (!made) return fail(std::move(made).error());
    p = std::move(*made);
  }
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> env;
  if (options.env) {
    for (const auto& [key, value] : *options.env) env.push_back(key + "=" + value);
  }
  const std::vector<char*> argv_pointers = exec_pointers(argv);
  const std::vector<char*> env_pointers = exec_pointers(env);
  const std::string cwd = options.cwd.string();

  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error(fmt::format("start {}", options.argv[0]), errno));
  if (pid == 0) {
    exec_child({pipes[0].read_end.get(), pipes[1].write_end.get(), pipes[2].write_end.get()},
               pipes[3].write_end.get(), cwd.empty() ? nullptr : cwd.c_str(), options.niceness,
               argv_pointers.data(), options.env ? env_pointers.data() : environ);
  }
  pipes[0].read_end.reset();
  pipes[1].write_end.reset();
  pipes[2].write_end.reset();
  pipes[3].write_end.reset();

  // Until it is what it shall be, and has a group to be killed with.
  int exec_errno = 0;
  const bool exec_failed =
      ::read(pipes[3].read_end.get(), &exec_errno, sizeof exec_errno) == sizeof exec_errno;
  SpawnResult result;
  if (!exec_failed) {
    Collector collector(options, pid);
    const bool ended =
        collector.pump(pipes[0].write_end, pipes[1].read_end, pipes[2].read_end, result);
    result.timed_out = !ended && !result.cancelled;
  }
  int wait_status = 0;
  while (::waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  if (exec_failed) return fail(errno_error(fmt::format("start {}", options.argv[0]), exec_errno));
  result.exit_code =
      WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
  return result;
}

Result<SpawnResult> run_program_checked(const SpawnOptions& options) {
  auto result = run_program(options);
  if (!result) return result;
  if (result->cancelled) {
    return fail(ErrorCode::kCancelled, fmt::format("{} was stopped", options.argv[0]));
  }
  if (!result->timed_out && result->exit_code == 0) return result;
  constexpr std::size_t kTail = 2000;
  const std::string& said = result->errors.empty() ? result->output : result->errors;
  const std::string tail = said.size() > kTail ? said.substr(said.size() - kTail) : said;
  const std::string how =
      result->timed_out ? fmt::format("was stopped after {} s", options.timeout.count() / 1000)
                        : fmt::format("exited with {}", result->exit_code);
  return fail(result->timed_out ? ErrorCode::kTimeout : ErrorCode::kFailed,
              fmt::format("{} {}: {}", options.argv[0], how, tail),
              fmt::format("argv: {}", fmt::join(options.argv, " ")));
}

}  // namespace croft

#include "init/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/exec_parts.h"
#include "init/config.h"

namespace croft::init {
namespace {

// What the child tells before exec when it gives up.
struct StartFailure {
  enum class Stage : int { kUser, kWorkdir, kExec } stage;
  int error_number;
};

struct Prepared {
  const User& user;
  const char* workdir;
  char* const* argv;
  char* const* envp;
  int out_fd;
  int err_fd;
  int failure_fd;
};

[[noreturn]] void give_up(int fd, StartFailure::Stage stage, int error_number) {
  const StartFailure failure{stage, error_number};
  [[maybe_unused]] const ssize_t ignored = ::write(fd, &failure, sizeof failure);
  ::_exit(127);
}

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void run_child(const Prepared& p) {
  ::setpgid(0, 0);
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd >= 0) ::dup2(null_fd, STDIN_FILENO);
  ::dup2(p.out_fd, STDOUT_FILENO);
  ::dup2(p.err_fd, STDERR_FILENO);
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (const int error = become_user(p.user); error != 0) {
    give_up(p.failure_fd, StartFailure::Stage::kUser, error);
  }
  if (::chdir(p.workdir) != 0) give_up(p.failure_fd, StartFailure::Stage::kWorkdir, errno);
  ::execvpe(p.argv[0], p.argv, p.envp);
  give_up(p.failure_fd, StartFailure::Stage::kExec, errno);
}

Error start_error(const StartFailure& failure, const ChildSpec& spec, const User& user) {
  switch (failure.stage) {
    case StartFailure::Stage::kUser:
      return errno_error(fmt::format("run as user {}", user.name), failure.error_number);
    case StartFailure::Stage::kWorkdir:
      return errno_error(fmt::format("change to directory {}", spec.workdir), failure.error_number);
    case StartFailure::Stage::kExec:
      break;
  }
  return errno_error(fmt::format("execute {}", spec.argv.front()), failure.error_number);
}

// execvpe looks programs up in the PATH of the caller; the child's counts.
void take_path(const Environment& env) {
  const auto path = env.find("PATH");
  if (path != env.end()) ::setenv("PATH", path->second.c_str(), 1);
}

}  // namespace

int exit_code_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

std::string describe_end(int wait_status) {
  if (WIFEXITED(wait_status)) return fmt::format("exit code {}", WEXITSTATUS(wait_status));
  const int number = WTERMSIG(wait_status);
  const std::string_view name = signal_name(number);
  return name == "signal" ? fmt::format("signal {} ({})", number, ::strsignal(number))
                          : fmt::format("signal {}", name);
}

std::vector<std::string> shell_argv(const std::string& command) {
  return {"/bin/sh", "-c", command};
}

void Reaper::reap() {
  for (;;) {
    int wait_status = 0;
    const pid_t pid = ::waitpid(-1, &wait_status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    const auto found = expected_.find(pid);
    if (found == expected_.end()) continue;
    const OnExit on_exit = std::move(found->second);
    expected_.erase(found);
    on_exit(wait_status);
  }
}

Result<std::unique_ptr<Child>> Child::start(ChildContext& context, const ChildSpec& spec,
                                            OnExit on_exit) {
  std::array<Pipe, 3> pipes;  // stdout, stderr, start failure
  for (Pipe& pipe : pipes) {
    auto made = make_pipe();
    if (!made) return fail(std::move(made).error());
    pipe = std::move(*made);
  }
  const User& user = spec.account != nullptr ? spec.account->user : context.user;
  const Environment& variables = spec.account != nullptr ? spec.account->env : context.env;
  // /dev/stdout opens the pipe anew: it must belong to the user, or nginx and others cannot log.
  for (std::size_t i = 0; i < 2; ++i) {
    (void)!::fchown(pipes[i].write_end.get(), user.uid, user.gid);
  }
  take_path(variables);
  std::vector<std::string> argv = spec.argv;
  std::vector<std::string> env = env_strings(variables);
  const std::vector<char*> argv_pointers = exec_pointers(argv);
  const std::vector<char*> env_pointers = exec_pointers(env);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("start a process", errno));
  if (pid == 0) {
    run_child({user, spec.workdir.c_str(), argv_pointers.data(), env_pointers.data(),
               pipes[0].write_end.get(), pipes[1].write_end.get(), pipes[2].write_end.get()});
  }
  ::setpgid(pid, pid);
  for (Pipe& pipe : pipes) pipe.write_end.reset();
  StartFailure failure{};
  ssize_t got = 0;
  do {
    got = ::read(pipes[2].read_end.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof failure) return fail(start_error(failure, spec, user));

  std::unique_ptr<Child> child(new Child(context));
  child->pid_ = pid;
  child->running_ = true;
  context.output.attach(std::move(pipes[0].read_end), spec.out, child->ring_);
  context.output.attach(std::move(pipes[1].read_end), spec.err, child->ring_);
  context.reaper.expect(pid, [raw = child.get(), on_exit = std::move(on_exit)](int wait_status) {
    raw->ended(wait_status, on_exit);
  });
  return child;
}

Child::~Child() {
  if (!running_) return;
  context_.reaper.forget(pid_);
  signal_group(SIGKILL);
}

void Child::ended(int wait_status, const OnExit& on_exit) {
  running_ = false;
  context_.output.drain(ring_);
  on_exit(wait_status);  // may destroy this
}

void Child::signal(int number) const {
  if (running_) ::kill(pid_, number);
}

void Child::signal_group(int number) const {
  ::kill(-pid_, number);
}

bool Child::group_alive() const {
  return running_ || ::kill(-pid_, 0) == 0 || errno == EPERM;
}

}  // namespace croft::init

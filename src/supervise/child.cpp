#include "supervise/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/check.h"
#include "base/fd.h"

namespace croft::supervise {

Child::Child(std::string name, std::filesystem::path log)
    : name_(std::move(name)), log_(std::move(log)) {}

Child::~Child() {
  if (!runs()) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Status Child::start(const std::vector<std::string>& argv) {
  check(!runs() && !argv.empty(), "a child is started once");
  const Fd log(::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const Fd none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log || !none) return fail(errno_error(fmt::format("open {}", log_.string()), errno));
  std::vector<char*> pointers;
  for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error(fmt::format("start {}", name_), errno));
  if (pid == 0) {
    // A terminal's Ctrl-C is for the supervisor, which stops its children in order.
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::dup2(none.get(), STDIN_FILENO);
    ::dup2(log.get(), STDOUT_FILENO);
    ::dup2(log.get(), STDERR_FILENO);
    ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    sigset_t nothing;
    sigemptyset(&nothing);
    ::sigprocmask(SIG_SETMASK, &nothing, nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  pid_ = pid;
  return {};
}

std::optional<int> Child::take_end() {
  int status = 0;
  if (!runs() || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::signal(int number) const {
  if (runs()) ::kill(pid_, number);
}

}  // namespace croft::supervise

#include "core/supervise.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "base/log.h"
#include "core/kept_sockets.h"

namespace croft {
namespace {

constexpr long kRestartPauseNs = 100'000'000;
constexpr int kStopLimitS = 5;

// Without close-on-exec, for the child to inherit; this process keeps them and never reads.
SocketShelf make_shelf() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) {
    log_warning("no shelf for sockets: DNS is refused while croft-core restarts");
  }
  return {.in = ends[0], .out = ends[1]};
}

pid_t start(std::vector<std::string> argv, const sigset_t& original) {
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::sigprocmask(SIG_SETMASK, &original, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never two of them after the supervisor was killed
  ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

// Reaps everything that ended. True when `child` was among it.
bool reap(pid_t child) {
  bool ended = false;
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid != child) continue;
    ended = true;
    log_warning("croft-core ended", {{"exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : -1},
                                     {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0}});
  }
  return ended;
}

// The next signal of `set`, or 0 when none came in time.
int next_signal(const sigset_t& set, timespec limit) {
  const int number = ::sigtimedwait(&set, nullptr, &limit);
  return number > 0 ? number : 0;
}

int stop_child(pid_t child, const sigset_t& set) {
  ::kill(child, SIGTERM);
  for (int waited = 0; waited < kStopLimitS; ++waited) {
    if (next_signal(set, {.tv_sec = 1, .tv_nsec = 0}) == SIGCHLD && reap(child)) return 0;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return 0;
}

}  // namespace

int supervise(std::vector<std::string> argv) {
  const SocketShelf shelf = make_shelf();
  argv.insert(argv.end(), {"--shelf", fmt::format("{},{}", shelf.in, shelf.out)});
  sigset_t set;
  sigset_t original;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, &original);
  pid_t child = start(argv, original);
  while (true) {
    const int number = next_signal(set, {.tv_sec = 3600, .tv_nsec = 0});
    if (number == SIGTERM || number == SIGINT) return child > 0 ? stop_child(child, set) : 0;
    const bool ended = child <= 0 || reap(child);
    if (!ended) continue;
    child = -1;
    const int meanwhile = next_signal(set, {.tv_sec = 0, .tv_nsec = kRestartPauseNs});
    if (meanwhile == SIGTERM || meanwhile == SIGINT) return 0;
    child = start(argv, original);
  }
}

}  // namespace croft

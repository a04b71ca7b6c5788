#include "keep/keep.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

namespace croft {
namespace {

using SteadyClock = std::chrono::steady_clock;

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD}) {
    sigaddset(&set, number);
  }
  return set;
}

pid_t start(std::vector<std::string>& argv, const sigset_t& mask) {
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never two of them
  ::execvp(pointers[0], pointers.data());
  std::fprintf(stderr, "croft-keep: cannot start %s: %s\n", pointers[0], std::strerror(errno));
  ::_exit(127);
}

// Reaps everything that has ended: the exit code of `child` when it was among it.
std::optional<int> reap(pid_t child) {
  std::optional<int> code;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != child) continue;
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return code;
}

bool stops(int number) {
  return number == SIGTERM || number == SIGINT || number == SIGQUIT;
}

// Waits until `child` has ended and gives its exit code; `stopped` is set when it was told to end.
int wait_for_end(pid_t child, const sigset_t& watched, bool& stopped) {
  for (;;) {
    const int number = ::sigwaitinfo(&watched, nullptr);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      stopped = stopped || stops(number);
      ::kill(child, number);
      continue;
    }
    if (const auto code = reap(child)) return *code;
  }
}

// Whether something told us to stop meanwhile.
bool stopped_during(std::chrono::milliseconds pause, const sigset_t& watched) {
  const auto end = SteadyClock::now() + pause;
  for (auto left = pause; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now())) {
    const timespec limit{.tv_sec = left.count() / 1000,
                         .tv_nsec = (left.count() % 1000) * 1'000'000};
    if (stops(::sigtimedwait(&watched, nullptr, &limit))) return true;
  }
  return false;
}

}  // namespace

int keep(std::vector<std::string> argv, const KeepLimits& limits) {
  const sigset_t watched = watched_signals();
  sigset_t original;
  ::sigprocmask(SIG_BLOCK, &watched, &original);
  bool stopped = false;
  for (int early = 0;;) {
    const auto began = SteadyClock::now();
    const pid_t child = start(argv, original);
    if (child < 0) return 127;
    const int code = wait_for_end(child, watched, stopped);
    if (stopped) return code;
    early = SteadyClock::now() - began < limits.soon ? early + 1 : 0;
    if (early >= limits.early_ends) return code;
    std::fprintf(stderr, "croft-keep: %s ended with %d, starting it again\n", argv[0].c_str(),
                 code);
    if (early > 0 && stopped_during(limits.pause, watched)) return code;
  }
}

}  // namespace croft

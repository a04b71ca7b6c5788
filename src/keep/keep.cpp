#include "keep/keep.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

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

// What runs beside the program.
struct Helper {
  std::function<void()> run;  // empty: there is none
  pid_t pid = -1;
  SteadyClock::time_point began{};
};

void start_helper(Helper& helper, const sigset_t& mask) {
  if (!helper.run || helper.pid > 0) return;
  helper.began = SteadyClock::now();
  helper.pid = ::fork();
  if (helper.pid != 0) return;
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  helper.run();
  ::_exit(1);
}

// Reaps everything that has ended: the exit code of `child` when it was among it.
std::optional<int> reap(pid_t child, Helper& helper) {
  std::optional<int> code;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == helper.pid) helper.pid = -1;
    if (pid != child) continue;
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return code;
}

bool stops(int number) {
  return number == SIGTERM || number == SIGINT || number == SIGQUIT;
}

// The signals that are waited for, and those that were blocked before.
struct Signals {
  sigset_t watched;
  sigset_t original;
};

// Waits until `child` has ended and gives its exit code; `stopped` is set when it was told to end.
int wait_for_end(pid_t child, Helper& helper, const Signals& signals, const KeepLimits& limits,
                 bool& stopped) {
  for (;;) {
    // First: something may have ended while nobody waited for it.
    if (const auto code = reap(child, helper)) return *code;
    if (helper.run && helper.pid <= 0) {
      // The program's signals wait as long, which is not long.
      const bool early = SteadyClock::now() - helper.began < limits.soon;
      if (early) std::this_thread::sleep_for(limits.pause);
      start_helper(helper, signals.original);
    }
    const int number = ::sigwaitinfo(&signals.watched, nullptr);
    if (number < 0 || number == SIGCHLD) continue;
    stopped = stopped || stops(number);
    ::kill(child, number);
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

int keep(std::vector<std::string> argv, const KeepLimits& limits,
         const std::function<void()>& run_helper) {
  Signals signals{.watched = watched_signals(), .original = {}};
  ::sigprocmask(SIG_BLOCK, &signals.watched, &signals.original);
  Helper helper{.run = run_helper};
  start_helper(helper, signals.original);
  bool stopped = false;
  for (int early = 0;;) {
    const auto began = SteadyClock::now();
    const pid_t child = start(argv, signals.original);
    if (child < 0) return 127;
    const int code = wait_for_end(child, helper, signals, limits, stopped);
    if (stopped) return code;
    early = SteadyClock::now() - began < limits.soon ? early + 1 : 0;
    if (early >= limits.early_ends) return code;
    std::fprintf(stderr, "croft-keep: %s ended with %d, starting it again\n", argv[0].c_str(),
                 code);
    if (early > 0 && stopped_during(limits.pause, signals.watched)) return code;
  }
}

}  // namespace croft

#include "core/supervise.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>

#include "base/exec_parts.h"
#include "base/file.h"
#include "base/log.h"
#include "core/kept_sockets.h"
#include "plan/core_pair.h"

namespace croft {
namespace {

namespace fs = std::filesystem;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kRestartPause{100};
// How often it looks for a file that a program waits for.
constexpr long kFilePauseNs = 50'000'000;
constexpr int kFarewellLimitS = 1;
// After the farewell: what is on its way still passes here, and its connections get to the partner.
constexpr long kHandoverNs = 200'000'000;
constexpr int kStopLimitS = 5;
// croft-core says every second that it is alive, on the busiest machine every few seconds.
constexpr std::chrono::seconds kSilenceLimit{10};
constexpr std::chrono::seconds kListenPeriod{1};

struct Program {
  std::string name;
  std::vector<std::string> argv;
  fs::path needs;  // starts once this file is there; empty: at once
  std::vector<fs::path>
      old;  // files of an earlier one, by which a new one would think that it runs
  pid_t pid = -1;
  SteadyTime not_before{};
};

// Without close-on-exec, for the child to inherit; this process keeps them and never reads.
SocketShelf make_shelf() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) {
    log_warning("no shelf for sockets: DNS is refused while croft-core restarts");
  }
  return {.in = ends[0], .out = ends[1]};
}

// What croft-core writes to, and when it last did.
class Heartbeat {
 public:
  Heartbeat() {
    if (::pipe2(ends_, O_NONBLOCK) != 0) log_warning("a croft-core that hangs is not noticed");
  }
  int write_end() const { return ends_[1]; }

  // Call it every second. True when `core` has said nothing for too long.
  bool is_overdue(const Program& core) {
    const SteadyTime now = std::chrono::steady_clock::now();
    char bytes[64];
    const bool heard = ends_[0] >= 0 && ::read(ends_[0], bytes, sizeof bytes) > 0;
    // Another croft-core begins anew, and what did not run itself has heard nobody.
    if (heard || core.pid != pid_ || now - looked_ > 3 * kListenPeriod) heard_ = now;
    pid_ = core.pid;
    looked_ = now;
    return ends_[0] >= 0 && core.pid > 0 && now - heard_ > kSilenceLimit;
  }

 private:
  int ends_[2] = {-1, -1};  // without close-on-exec, as the shelf
  pid_t pid_ = -1;
  SteadyTime heard_{};
  SteadyTime looked_{};
};

std::vector<Program> programs_of(std::vector<std::string> core, const fs::path& run_dir) {
  const std::string keepalived = run_dir / kKeepalivedFile;
  const fs::path pid_file = run_dir / kKeepalivedPidFile;
  const fs::path vrrp_pid_file = run_dir / kVrrpPidFile;
  const std::string conntrackd = run_dir / kConntrackdFile;
  return {{.name = "croft-core", .argv = std::move(core)},
          {.name = "keepalived",
           .argv = {"keepalived", "--dont-fork", "--log-console", "--vrrp", "--use-file",
                    keepalived, "--pid", pid_file, "--vrrp_pid", vrrp_pid_file},
           .needs = keepalived,
           .old = {pid_file, vrrp_pid_file}},
          {.name = "conntrackd",
           .argv = {"conntrackd", "-C", conntrackd},
           .needs = conntrackd,
           .old = {run_dir / kConntrackdLock, run_dir / kConntrackdSocket}}};
}

void start(Program& program, const sigset_t& original) {
  std::error_code ignored;
  for (const fs::path& file : program.old) fs::remove(file, ignored);
  const std::vector<char*> pointers = exec_pointers(program.argv);
  program.pid = ::fork();
  if (program.pid != 0) return;
  ::setpgid(0, 0);  // what it starts ends with it
  ::sigprocmask(SIG_SETMASK, &original, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never two of them after the supervisor was killed
  ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

// Starts what may start. True when all run.
bool start_missing(std::vector<Program>& programs, const sigset_t& original) {
  for (Program& program : programs) {
    if (program.pid > 0 || std::chrono::steady_clock::now() < program.not_before) continue;
    if (program.needs.empty() || fs::exists(program.needs)) start(program, original);
  }
  return std::all_of(programs.begin(), programs.end(),
                     [](const Program& program) { return program.pid > 0; });
}

// Reaps everything that ended.
void reap(std::vector<Program>& programs) {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    const auto it = std::find_if(programs.begin(), programs.end(),
                                 [&](const Program& program) { return program.pid == pid; });
    if (it == programs.end()) continue;
    it->pid = -1;
    it->not_before = std::chrono::steady_clock::now() + kRestartPause;
    ::kill(-pid, SIGKILL);
    log_warning(it->name + " ended", {{"exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : -1},
                                      {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0}});
  }
}

// The next signal of `set`, or 0 when none came in time.
int next_signal(const sigset_t& set, timespec limit) {
  const int number = ::sigtimedwait(&set, nullptr, &limit);
  return number > 0 ? number : 0;
}

void stop(std::vector<Program>& programs, const std::string& only, int limit_s,
          const sigset_t& set) {
  const auto is_left = [&](const Program& program) {
    return program.pid > 0 && (only.empty() || program.name == only);
  };
  for (const Program& program : programs) {
    if (is_left(program)) ::kill(program.pid, SIGTERM);
  }
  const SteadyTime end = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
  while (std::any_of(programs.begin(), programs.end(), is_left) &&
         std::chrono::steady_clock::now() < end) {
    next_signal(set, {.tv_sec = 0, .tv_nsec = kFilePauseNs});
    reap(programs);
  }
  for (const Program& program : programs) {
    if (is_left(program)) ::kill(-program.pid, SIGKILL);
  }
}

int stop_all(std::vector<Program>& programs, const sigset_t& set) {
  const bool paired = programs[1].pid > 0;
  stop(programs, "keepalived", kFarewellLimitS, set);
  if (paired) {
    const timespec handover{.tv_sec = 0, .tv_nsec = kHandoverNs};
    ::nanosleep(&handover, nullptr);
  }
  stop(programs, "", kStopLimitS, set);
  return 0;
}

}  // namespace

int supervise(std::vector<std::string> argv, const fs::path& run_dir) {
  const SocketShelf shelf = make_shelf();
  Heartbeat heartbeat;
  argv.insert(argv.end(),
              {"--kept", fmt::format("{},{},{}", shelf.in, shelf.out, heartbeat.write_end())});
  if (const Status made = make_directories(run_dir, 0700); !made) {
    log_error("cannot run as one of a pair", {{"error", made.error().describe()}});
  }
  std::error_code ignored;
  for (const char* file : {kKeepalivedFile, kConntrackdFile}) fs::remove(run_dir / file, ignored);
  std::vector<Program> programs = programs_of(std::move(argv), run_dir);
  sigset_t set;
  sigset_t original;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, &original);
  while (true) {
    const bool all = start_missing(programs, original);
    const timespec pause{.tv_sec = all ? kListenPeriod.count() : 0,
                         .tv_nsec = all ? 0 : kFilePauseNs};
    const int number = next_signal(set, pause);
    if (number == SIGTERM || number == SIGINT) return stop_all(programs, set);
    reap(programs);
    if (heartbeat.is_overdue(programs[0])) {
      log_warning("croft-core hangs; another one is started");
      ::kill(programs[0].pid, SIGKILL);
    }
  }
}

}  // namespace croft

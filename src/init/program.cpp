#include "init/program.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "init/config.h"
#include "init/report.h"
#include "init/supervisor.h"

namespace croft::init {
namespace {

// Blocked signals are kept for the signalfd; for PID 1 that also makes those count that the kernel
// would drop for want of a handler.
Fd open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD}) {
    sigaddset(&set, number);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

void complain(const std::string& message) {
  const std::string line = fmt::format("croft-init: {}\n", message);
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

int refuse(const Options& options, const Error& error) {
  complain(error.message());
  const ExitReport report{"config", "", kExitConfig, error.message(), {}};
  if (Status written = write_report(options.report, report); !written) {
    complain(written.error().message());
  }
  return kExitConfig;
}

void dispatch_signals(int fd, Reaper& reaper, Supervisor& supervisor) {
  signalfd_siginfo info{};
  while (::read(fd, &info, sizeof info) == sizeof info) {
    const auto number = static_cast<int>(info.ssi_signo);
    if (number == SIGCHLD) {
      reaper.reap();
    } else {
      supervisor.on_signal(number);
    }
  }
}

}  // namespace

int supervise(const Options& options) {
  auto config = load_config(options.config);
  if (!config) return refuse(options, config.error());
  auto user = load_user(config->user);
  if (!user) return refuse(options, user.error());
  // Orphans come to us also when we are not PID 1.
  if (::getpid() != 1) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Fd signals = open_signals();

  const SystemClock clock;
  Loop loop(clock);
  Reaper reaper;
  Output output(loop, STDOUT_FILENO, STDERR_FILENO);
  const Environment env = child_environment(*config, *user, own_environment());
  ChildContext context{loop, reaper, output, std::move(*user), env};
  Supervisor supervisor(context, *config, {options.report, options.health_port});
  const Status watched = loop.watch(signals.get(), EPOLLIN, [&](std::uint32_t) {
    dispatch_signals(signals.get(), reaper, supervisor);
  });
  if (!watched) return refuse(options, watched.error());
  supervisor.start();
  if (!supervisor.finished()) loop.run();
  output.flush(Millis(2000));
  return supervisor.exit_code();
}

int exec_command(const Options& options) {
  auto config = load_config(options.config);
  if (!config) {
    complain(config.error().message());
    return kExitConfig;
  }
  auto user = load_user(options.as_root ? "root" : config->user);
  if (!user) {
    complain(user.error().message());
    return kExitConfig;
  }
  Environment env = child_environment(*config, *user, own_environment());
  if (const auto inherited = own_environment(); inherited.contains("TERM")) {
    env.emplace("TERM", inherited.at("TERM"));
  }
  if (::chdir(config->workdir.c_str()) != 0 && ::chdir("/") != 0) return 126;
  if (const int error = become_user(*user); error != 0) {
    complain(errno_error(fmt::format("run as user {}", user->name), error).message());
    return 126;
  }
  ::clearenv();
  for (const auto& [key, value] : env) ::setenv(key.c_str(), value.c_str(), 1);
  std::vector<std::string> words = options.command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  complain(errno_error(fmt::format("execute {}", options.command[0]), error).message());
  return error == ENOENT ? 127 : 126;
}

}  // namespace croft::init

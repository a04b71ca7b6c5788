#include "init/zsc.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "init/child.h"
#include "init/environment.h"
#include "init/once_client.h"

namespace croft::init {
namespace {

constexpr std::string_view kHelp =
    "zsc execOnce KEY [--retryUntilSuccessful|-r] [-v] [--] COMMAND...\n"
    "    runs the command in one container of the service; the others wait and share its result\n"
    "zsc noop [--silent|-s]   sleeps until it is told to end\n"
    "zsc scale ...            accepted, has no effect yet\n"
    "zsc version\n";

volatile sig_atomic_t running_child = 0;

void pass_on(int number) {
  if (running_child > 0) ::kill(static_cast<pid_t>(running_child), number);
}

// In the foreground, with our own input and output.
int run_command(const std::vector<std::string>& words) {
  std::vector<std::string> argv = command_argv(words);
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execvp(pointers[0], pointers.data());
    const int code = errno == ENOENT ? 127 : 126;
    ::perror(pointers[0]);
    ::_exit(code);
  }
  if (pid < 0) {
    ::perror("zsc: start the command");
    return 1;
  }
  running_child = pid;
  struct sigaction action{};
  action.sa_handler = pass_on;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    ::sigaction(number, &action, nullptr);
  }
  int wait_status = 0;
  while (::waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  running_child = 0;
  return exit_code_of(wait_status);
}

std::vector<std::string> once_hosts() {
  std::vector<std::string> hosts;
  const char* text = ::getenv(kOnceHostsVariable);
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const auto end = rest.find(',');
    hosts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return hosts;
}

int exec_once(const std::vector<std::string>& arguments) {
  const auto once = parse_exec_once(arguments);
  if (!once) {
    fmt::print(stderr, "zsc: {}\n", once.error().message());
    return 2;
  }
  OnceRequest request{
      .hosts = once_hosts(), .key = once->key, .retry = once->retry, .verbose = once->verbose};
  if (request.hosts.empty()) {
    fmt::print(stderr, "zsc: execOnce {}: no core to ask here, the command is just run\n",
               once->key);
    return run_command(once->command);
  }
  const auto code = run_once(request, [&] { return run_command(once->command); });
  if (code) return *code;
  fmt::print(stderr, "zsc: {}\n", code.error().message());
  return 1;
}

int noop(const std::vector<std::string>& arguments) {
  bool silent = false;
  for (const std::string& word : arguments) {
    if (word != "--silent" && word != "-s") {
      fmt::print(stderr, "zsc: noop: '{}' is not understood; it takes --silent\n", word);
      return 2;
    }
    silent = true;
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  if (!silent) fmt::print("zsc: doing nothing until SIGTERM\n");
  std::fflush(stdout);
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  return 0;
}

}  // namespace

Result<ExecOnce> parse_exec_once(const std::vector<std::string>& arguments) {
  ExecOnce once;
  bool have_key = false;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word == "--retryUntilSuccessful" || word == "-r") {
      once.retry = true;
    } else if (word == "-v" || word == "--verbose") {
      once.verbose = true;
    } else if (word.starts_with('-') && word.size() > 1) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("execOnce: '{}' is not an option of it; put -- before the command", word));
    } else if (!have_key) {
      once.key = word;
      have_key = true;
    } else {
      break;
    }
  }
  once.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  if (!have_key) return fail(ErrorCode::kInvalid, "execOnce: a KEY is needed before the command");
  if (once.command.empty()) {
    return fail(ErrorCode::kInvalid, fmt::format("execOnce {}: a command is needed", once.key));
  }
  return once;
}

std::vector<std::string> command_argv(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0].find_first_of(" \t\n") != std::string::npos) {
    return shell_argv(words[0]);
  }
  return words;
}

int zsc_main(const std::vector<std::string>& arguments) {
  const std::string verb = arguments.empty() ? "" : arguments[0];
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1),
                                      arguments.end());
  if (verb == "execOnce") return exec_once(rest);
  if (verb == "noop") return noop(rest);
  if (verb == "scale") {
    fmt::print(stderr, "zsc: scale has no effect: croft does not scale by itself yet\n");
    return 0;
  }
  if (verb == "version" || verb == "--version") {
    fmt::print("zsc of croft\n");
    return 0;
  }
  const bool help = verb == "help" || verb == "--help" || verb == "-h";
  if (!help && !verb.empty()) fmt::print(stderr, "zsc: croft has no '{}'; there is:\n", verb);
  fmt::print(help ? stdout : stderr, "{}", kHelp);
  return help ? 0 : 2;
}

}  // namespace croft::init

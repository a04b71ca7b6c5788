#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/spawn.h"

namespace croft::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string content(const std::filesystem::path& path) {
  auto text = read_file(path);
  return text ? *text : "";
}

}  // namespace

InitRun::InitRun() {
  char name[] = "/tmp/croft_init_XXXXXX";
  dir_ = ::mkdtemp(name);
  std::filesystem::permissions(dir_, std::filesystem::perms(0755));
}

InitRun::~InitRun() {
  if (pid_ > 0) {
    // It is not PID 1 of a container here: what it has started would stay behind.
    ::kill(pid_, SIGSTOP);
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid_));
    for (pid_t child = 0; children >> child;) {
      ::kill(-child, SIGKILL);
      ::kill(child, SIGKILL);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::uint16_t InitRun::free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

void InitRun::start(const InitConfig& config, const std::vector<std::string>& prefix) {
  start_text(to_json_text(config), prefix);
}

void InitRun::start_text(const std::string& config, const std::vector<std::string>& prefix) {
  ASSERT_TRUE(write_file_atomically(dir_ / "init.json", config, 0400));
  health_port_ = free_port();
  std::vector<std::string> argv = prefix;
  for (const std::string& word :
       {std::string(CROFT_INIT_PROGRAM), std::string("--config"), (dir_ / "init.json").string(),
        std::string("--report"), (dir_ / "exit.json").string(), std::string("--health-port"),
        std::to_string(health_port_)}) {
    argv.push_back(word);
  }
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const Fd out(::open((dir_ / "out").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644));
  const Fd err(::open((dir_ / "err").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644));
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out.get(), STDOUT_FILENO);
    ::dup2(err.get(), STDERR_FILENO);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
}

void InitRun::signal(int number) const {
  ::kill(pid_, number);
}

bool InitRun::running() {
  siginfo_t info{};
  return pid_ > 0 &&
         ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

int InitRun::wait(Millis limit) {
  if (!eventually([this] { return !running(); }, limit)) {
    ADD_FAILURE() << "croft-init still runs; it said: " << errors();
    ::kill(pid_, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string InitRun::output() const {
  return content(dir_ / "out");
}

std::string InitRun::errors() const {
  return content(dir_ / "err");
}

ExitReport InitRun::report() const {
  auto report = from_json_text<ExitReport>(content(dir_ / "exit.json"));
  if (report) return *report;
  ADD_FAILURE() << "no exit report; croft-init said: " << errors();
  return {};
}

HealthLine InitRun::health() const {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(health_port_);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {};
  }
  std::string text;
  char c = 0;
  while (::recv(fd.get(), &c, 1, 0) == 1 && c != '\n') text.push_back(c);
  return from_json_text<HealthLine>(text).value_or(HealthLine{});
}

bool InitRun::eventually(const std::function<bool()>& condition, Millis limit) {
  const SystemClock clock;
  const Millis deadline = clock.steady() + limit;
  while (!condition()) {
    if (clock.steady() > deadline) return false;
    std::this_thread::sleep_for(Millis(10));
  }
  return true;
}

bool InitRun::reaches(InstanceState state, Millis limit) const {
  return eventually([&] { return health().state == state; }, limit);
}

InitConfig config_for(const std::string& command) {
  InitConfig config;
  config.user = ::getpwuid(::geteuid())->pw_name;
  config.workdir = "/tmp";
  config.processes = {{.command = command}};
  config.drain_delay_ms = 0;
  config.stop_timeout_s = 5;
  return config;
}

Ran run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env) {
  SpawnOptions options{.argv = argv};
  options.env = env;
  options.env->emplace("PATH", "/usr/bin:/bin");
  options.timeout = Millis(30'000);
  auto result = run_program(options);
  if (!result) {
    ADD_FAILURE() << result.error().describe();
    return {};
  }
  EXPECT_FALSE(result->timed_out);
  return {result->exit_code, result->output, result->errors};
}

}  // namespace croft::test

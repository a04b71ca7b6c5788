// Runs the real croft-init as a child of the test, with a configuration and a port of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/time.h"
#include "model/init_config.h"

namespace croft::test {

class InitRun {
 public:
  // A folder under /tmp that goes with the run; config.workdir may be put into it.
  InitRun();
  InitRun(const InitRun&) = delete;
  InitRun& operator=(const InitRun&) = delete;
  ~InitRun();

  const std::filesystem::path& dir() const { return dir_; }
  // A TCP port that nobody had a moment ago.
  static std::uint16_t free_port();

  // Writes the configuration and starts the program, after `prefix` (such as {"unshare", …}).
  void start(const InitConfig& config, const std::vector<std::string>& prefix = {});
  void start_text(const std::string& config, const std::vector<std::string>& prefix = {});
  void signal(int number) const;
  pid_t pid() const { return pid_; }

  // Waits for its end; the exit code as a shell shows it. Fails the test and kills it after limit.
  int wait(Millis limit = Millis(20'000));
  bool running();
  std::string output() const;  // its stdout so far
  std::string errors() const;  // its stderr so far
  ExitReport report() const;

  // The newest line of the health channel; state kUnknown when it cannot be had.
  HealthLine health() const;
  // Polls until `condition` holds; false after `limit`.
  static bool eventually(const std::function<bool()>& condition, Millis limit = Millis(10'000));
  bool reaches(InstanceState state, Millis limit = Millis(10'000)) const;

 private:
  std::filesystem::path dir_;
  std::uint16_t health_port_ = 0;
  pid_t pid_ = -1;
};

// A configuration that runs `command` by the shell as the test's own user.
InitConfig config_for(const std::string& command);

// Runs argv to its end; stdout, stderr and exit code.
struct Ran {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
Ran run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env = {});

}  // namespace croft::test

// One throw-away container in which commands of a user run one after the other, with limits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/cpu_shares.h"
#include "net/deadline.h"

namespace croft::build {

struct BuildLimits {
  std::int64_t nano_cpus = 2'000'000'000;
  std::int64_t memory_bytes = 4ll << 30;
  std::int64_t pids = 4096;
  std::int64_t cpu_shares = kBuildCpuShares;
  Millis wall_time{60 * 60'000};             // of all commands together (A8.2)
  std::uint64_t output_bytes = 50ull << 20;  // of all commands together
};

// How the machine reaches registries and mirrors, given to build containers and to nothing that is
// kept: HostSettings of image_host.h says it.
struct HostAccess {
  std::map<std::string, std::string> env;  // proxies, NPM_CONFIG_REGISTRY, PIP_INDEX_URL, GOPROXY…
  std::string ca_certificates;             // PEM, all that is to be trusted; empty: the image's own
  std::string apt_conf;                    // lines of apt.conf
};

struct HostSettings;
HostAccess host_access(const HostSettings& settings);

// What the process log shows when a command fails.
struct StepFailure {
  std::string step;  // "buildCommands[1]"
  std::string command;
  std::optional<int> exit_code;         // none: it was stopped
  std::string reason;                   // for people
  std::vector<std::string> last_lines;  // at most 20
};

// Where a build tells what goes on.
struct BuildTrace {
  // One line of output, as UTF-8 without its end; `step` as in StepFailure.
  std::function<void(std::string_view step, std::string_view line)> on_line;
  std::optional<StepFailure> failure;

  void say(std::string_view step, std::string_view line) const {
    if (on_line) on_line(step, line);
  }
};

struct BuildContainerSpec {
  std::string name;  // one that has it already is removed first: left over from a crash
  std::string image;
  engine::Labels labels;
  BuildLimits limits;
  std::string network_mode;  // when `networks` is empty
  std::vector<engine::NetworkAttachment> networks;
  engine::Dns dns;
  HostAccess host;
};

struct BuildCommand {
  std::string step;
  engine::Strings argv;
  std::string text;  // of the command, for people
  std::string user = "zerops";
  std::string workdir;
  std::map<std::string, std::string> env;
};

class BuildContainer {
 public:
  // The references outlive it.
  BuildContainer(engine::ContainerEngine& engine, BuildContainerSpec spec, BuildTrace& trace);

  // Creates and starts it, and puts the host's settings into it.
  Task<Status> start();
  // One command line in a shell of its own. kDeployFailed, kTimeout or kTooLarge when it fails; the
  // trace then knows the details. kCancelled after cancel().
  Task<Status> run(BuildCommand command);
  // A command of croft's own; its stdout. kFailed when it exits with something else than 0.
  Task<Result<std::string>> query(engine::Strings argv, std::string user);
  // The host's certificates and apt settings are put in by start(); they are to be taken out before
  // a commit.
  Task<Status> put_host_settings();
  Task<Status> remove_host_settings();
  // Removes it with all in it; errors are logged only.
  Task<void> remove();
  // Ends what runs in it at once: run() fails with kCancelled.
  Task<void> cancel();

  const std::string& id() const { return id_; }
  bool cancelled() const { return cancelled_; }

 private:
  struct Ended;
  Task<Result<Ended>> follow(const BuildCommand& command, engine::ExecSession& session);
  std::map<std::string, std::string> seen_by(const BuildCommand& command) const;
  Task<Status> judge(const BuildCommand& command, Ended ended);
  Task<std::string> outer_cause(bool killed);
  Task<bool> new_oom_kills();

  engine::ContainerEngine& engine_;
  BuildContainerSpec spec_;
  BuildTrace& trace_;
  std::string id_;
  std::optional<Deadline> deadline_;
  std::uint64_t output_left_;
  std::uint64_t oom_kills_ = 0;
  bool cancelled_ = false;
};

// {"/bin/sh", "-c", text}: a user's command line, in their own container.
engine::Strings shell_line(const std::string& text);

// Cuts output into lines of at most 8 KiB.
class LineCutter {
 public:
  using OnLine = std::function<void(std::string_view line)>;
  void feed(std::string_view piece, const OnLine& on_line);
  void finish(const OnLine& on_line);

 private:
  std::string open_;
};

}  // namespace croft::build

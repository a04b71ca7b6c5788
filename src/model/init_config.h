// What croft-init, PID 1 of every service container, is told. Written by the control plane as one
// Swarm secret per instance set and mounted at kInitConfigPath (0400, root); never in the
// container's engine-visible environment, so that values arrive byte for byte and `docker inspect`
// shows no secret.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"

namespace croft {

inline constexpr const char* kInitConfigPath = "/run/croft/init.json";
// Written by croft-init into the container's own layer just before it exits: ExitReport.
inline constexpr const char* kExitReportPath = "/croft/exit.json";
// TCP, on every address of the container: the health channel (docs/architecture.md).
inline constexpr std::uint16_t kHealthPort = 65442;
// TCP, on the core's gateway addresses: exec-once arbiter.
inline constexpr std::uint16_t kOncePort = 65443;

// Exactly one of http_port, tcp_port, command is set.
struct Probe {
  std::uint16_t http_port = 0;
  std::string path = "/";
  std::string host;             // Host header; empty: localhost
  std::string scheme = "http";  // http | https (certificate not verified)
  std::uint16_t tcp_port = 0;   // ready when it accepts
  std::string command;          // ready when it exits 0; run by /bin/sh -c inside the container
  int attempt_timeout_s = 5;
};
BOOST_DESCRIBE_STRUCT(Probe, (),
                      (http_port, path, host, scheme, tcp_port, command, attempt_timeout_s))

struct ReadinessConfig {
  Probe probe;
  int failure_timeout_s = 300;  // not ready within: the container exits, the deployment fails
  int retry_period_s =
      1;  // zerops default 5; croft asks more often so that a deploy is not slower than the app
};
BOOST_DESCRIBE_STRUCT(ReadinessConfig, (), (probe, failure_timeout_s, retry_period_s))

struct HealthConfig {
  Probe probe;
  int disconnect_timeout_s = 10;  // failing for: out of the balancer
  int failure_timeout_s = 60;     // failing for: restart of the processes
  int recovery_timeout_s = 5;     // good for: back into the balancer
  int period_s = 5;
};
BOOST_DESCRIBE_STRUCT(HealthConfig, (),
                      (probe, disconnect_timeout_s, failure_timeout_s, recovery_timeout_s,
                       period_s))

struct InitProcess {
  std::string name;     // "" for the only one
  std::string command;  // /bin/sh -c, or argv when that is not empty
  std::vector<std::string> argv;
  std::string workdir;                     // empty: InitConfig::workdir
  std::vector<std::string> init_commands;  // before this process, after InitConfig::init_commands
  std::string user = {};                   // name or uid, for both; empty: InitConfig::user
};
BOOST_DESCRIBE_STRUCT(InitProcess, (), (name, command, argv, workdir, init_commands, user))

struct EnvReplace {
  std::vector<std::string>
      targets;  // files, or directories (their direct files), relative to workdir
  std::vector<std::string> delimiters;
};
BOOST_DESCRIBE_STRUCT(EnvReplace, (), (targets, delimiters))

struct InitFile {
  std::string path;  // absolute; will belong to `user`
  std::string content;
  unsigned mode = 0644;
};
BOOST_DESCRIBE_STRUCT(InitFile, (), (path, content, mode))

struct InitCron {
  std::string timing;  // five fields, UTC
  std::string command;
  std::string workdir;
  bool all_containers = false;  // false: only in the instance the core calls leader
};
BOOST_DESCRIBE_STRUCT(InitCron, (), (timing, command, workdir, all_containers))

struct InitConfig {
  std::string user = "zerops";  // name in the image's passwd; "root" allowed
  std::string workdir = "/var/www";
  std::map<std::string, std::string> env;
  std::vector<InitFile> files;          // written before anything runs
  std::vector<EnvReplace> env_replace;  // at every start, before init_commands
  std::vector<std::string> init_commands;
  std::vector<InitProcess> processes;        // one ends: the container ends with its exit code
  std::optional<ReadinessConfig> readiness;  // none: ready when every port of `ports` accepts TCP
  std::vector<std::uint16_t> ports;
  std::optional<HealthConfig> health;
  std::vector<InitCron> crontab;
  int drain_delay_ms =
      2500;  // SIGTERM -> announce "draining" -> wait this long -> SIGTERM to processes
  int stop_timeout_s = 30;              // then SIGKILL
  std::string stop_signal = "SIGTERM";  // for the processes; PostgreSQL wants SIGINT
  std::vector<std::string> once_hosts;  // core gateway addresses (IPv6 first) for exec-once
};
BOOST_DESCRIBE_STRUCT(InitConfig, (),
                      (user, workdir, env, files, env_replace, init_commands, processes, readiness,
                       ports, health, crontab, drain_delay_ms, stop_timeout_s, stop_signal,
                       once_hosts))

BOOST_DEFINE_ENUM_CLASS(InstanceState, kUnknown, kInitializing, kStarting, kReady, kUnhealthy,
                        kDraining, kFailed)

// One line of the health channel, container to core: on every change and every second.
struct HealthLine {
  InstanceState state = InstanceState::kUnknown;
  std::string detail;  // for people: "initCommands[0]: npm run migrate", "GET / answered 503"
};
BOOST_DESCRIBE_STRUCT(HealthLine, (), (state, detail))

// One line of the health channel, core to container.
struct CoreLine {
  bool leader = false;  // run the crontab lines that are not for all containers
};
BOOST_DESCRIBE_STRUCT(CoreLine, (), (leader))

// Why a container ended; read by the control plane from the stopped container.
struct ExitReport {
  // config, files, envReplace, initCommands[0], start, start:NAME, start:NAME.initCommands[0],
  // readiness, health, stop
  std::string step;
  std::string command;
  int exit_code = 0;                    // 128 + n for signal n
  std::string reason;                   // for people
  std::vector<std::string> last_lines;  // at most 20, of the failed command's output
};
BOOST_DESCRIBE_STRUCT(ExitReport, (), (step, command, exit_code, reason, last_lines))

}  // namespace croft

// The model of croft.yml and zerops.yml: how services are built, deployed and run. Plain values;
// what a file leaves out stays empty here, and what the platform does then is decided by its users.
// Source of every rule: Zerops' documentation and schemas, three generations of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/type_ref.h"

namespace croft::spec {

using EnvVariables = std::map<std::string, std::string>;

// `cache:` false = nothing below the source folder (the default), true = the whole container state,
// patterns = Go's filepath.Match below the source folder (path_match.h).
using Cache = std::variant<bool, std::vector<std::string>>;

struct Build {
  std::string os;  // deprecated `os:`; "alpine", "ubuntu", "debian" or empty
  std::vector<TypeUse> bases;
  std::vector<std::string> prepare_commands;  // each runs in a shell of its own
  std::vector<std::string> build_commands;
  std::vector<std::string> deploy_files;  // tilde rule: deploy_files.h
  Cache cache = false;
  std::vector<std::string> add_to_run_prepare;
  EnvVariables env_variables;
  Places env_places;
};

// Asked on the container itself. Exactly one of HttpGet and Exec.
struct HttpGet {
  int port = 0;
  std::string path;    // begins with a slash
  std::string host;    // of the Host header; empty: localhost
  std::string scheme;  // "http" or "https"
};
struct Exec {
  std::string command;
};
using Probe = std::variant<HttpGet, Exec>;

// Seconds, all of them; nullopt: the platform's default.
struct ReadinessCheck {
  Probe probe;
  std::optional<int> failure_timeout;
  std::optional<int> retry_period;
};
struct HealthCheck {
  Probe probe;
  std::optional<int> failure_timeout;     // failing so long: restart
  std::optional<int> disconnect_timeout;  // failing so long: out of the balancer
  std::optional<int> recovery_timeout;    // good so long: back into the balancer
  std::optional<int> exec_period;         // between two checks
};

struct Deploy {
  std::optional<ReadinessCheck> readiness_check;
  bool temporary_shutdown = false;  // the old containers go before the new ones come
};

struct StartCommand {
  std::string command;
  std::string name;         // letters and digits; empty: numbered
  std::string working_dir;  // empty: /var/www
  std::string user;         // name or uid, for its init commands too; empty: the container's user
  std::vector<std::string> init_commands;
};

enum class Protocol : unsigned char { kTcp, kUdp };
std::string_view to_string(Protocol protocol);

struct Port {
  int port = 0;
  Protocol protocol = Protocol::kTcp;
  bool http = false;  // `httpSupport`
  std::string description;
};

struct EnvReplace {
  std::vector<std::string> targets;
  std::vector<std::string> delimiters;
};

struct CronJob {
  std::string timing;  // five fields, checked by cron.h
  std::string command;
  bool all_containers = false;
  std::string working_dir;  // empty: /var/www
};

struct Redirect {
  std::string from;
  std::string to;
  std::optional<int> status;  // nullopt: internal rewrite
  bool preserve_path = false;
  bool preserve_query = false;
};
struct HeaderRule {
  std::string for_path;
  std::map<std::string, std::string> values;
};
struct Routing {
  std::string root;
  std::string cors;
  std::vector<Redirect> redirects;
  std::vector<HeaderRule> headers;
};

struct VolumeMount {
  std::string hostname;
  std::string mount_path;  // empty: /mnt/HOSTNAME
  bool read_only = false;
};

struct Run {
  std::string os;
  std::optional<TypeUse> base;  // nullopt: the service's own type
  std::vector<std::string> prepare_commands;
  std::vector<std::string> init_commands;
  std::string start;
  std::vector<StartCommand> start_commands;
  std::string document_root;
  std::string site_config_path;
  std::optional<EnvReplace> env_replace;
  EnvVariables env_variables;
  Places env_places;
  std::vector<Port> ports;
  std::optional<HealthCheck> health_check;
  std::vector<CronJob> crontab;
  std::optional<Routing> routing;
  std::optional<VolumeMount> volume;  // no effect yet: idle_keys.h
  Places web_keys;  // those that only web server types use, for a warning on others
};

struct Setup {
  std::string name;  // empty only in a kSingle file
  Position at;
  std::vector<std::string> extends;  // already applied; kept for display
  std::optional<Build> build;        // nullopt: deploy-only
  Deploy deploy;
  std::optional<Run> run;
};

}  // namespace croft::spec

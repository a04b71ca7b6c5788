#include "init/config.h"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <utility>

#include "base/cron.h"
#include "base/file.h"

namespace croft::init {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 8> kSignals = {{{"SIGTERM", SIGTERM},
                                                                       {"SIGINT", SIGINT},
                                                                       {"SIGQUIT", SIGQUIT},
                                                                       {"SIGHUP", SIGHUP},
                                                                       {"SIGUSR1", SIGUSR1},
                                                                       {"SIGUSR2", SIGUSR2},
                                                                       {"SIGWINCH", SIGWINCH},
                                                                       {"SIGKILL", SIGKILL}}};

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

Status check_probe(const Probe& probe, std::string_view where) {
  const int kinds = (probe.http_port != 0 ? 1 : 0) + (probe.tcp_port != 0 ? 1 : 0) +
                    (probe.command.empty() ? 0 : 1);
  if (kinds != 1) {
    return wrong(fmt::format("{}: exactly one of http_port, tcp_port, command is needed", where));
  }
  if (probe.http_port != 0 && probe.scheme != "http" && probe.scheme != "https") {
    return wrong(fmt::format("{}: scheme '{}' is neither http nor https", where, probe.scheme));
  }
  const std::string head = probe.path + probe.host;
  if (head.find_first_of(std::string_view("\r\n\0 ", 4)) != std::string::npos) {
    return wrong(fmt::format("{}: path and host may not hold spaces or line ends", where));
  }
  if (probe.attempt_timeout_s < 1) {
    return wrong(fmt::format("{}: attempt_timeout_s must be at least 1", where));
  }
  return {};
}

Status check_processes(const InitConfig& config) {
  if (config.processes.empty()) return wrong("processes: at least one is needed");
  for (std::size_t i = 0; i < config.processes.size(); ++i) {
    const InitProcess& process = config.processes[i];
    if (process.command.empty() && process.argv.empty()) {
      return wrong(fmt::format("processes[{}]: command or argv is needed", i));
    }
    bool nul = has_nul(process.command) || has_nul(process.workdir);
    for (const std::string& word : process.argv) nul = nul || has_nul(word);
    for (const std::string& command : process.init_commands) nul = nul || has_nul(command);
    if (nul) return wrong(fmt::format("processes[{}]: a command cannot hold a NUL byte", i));
  }
  return {};
}

Status check_environment(const InitConfig& config) {
  for (const auto& [key, value] : config.env) {
    if (key.empty() || key.find('=') != std::string::npos || has_nul(key)) {
      return wrong(fmt::format("env: '{}' cannot be the name of a variable", key));
    }
    if (has_nul(value)) return wrong(fmt::format("env: {} holds a NUL byte", key));
  }
  return {};
}

}  // namespace

std::optional<int> signal_from_name(std::string_view name) {
  for (const auto& [known, number] : kSignals) {
    if (known == name) return number;
  }
  return std::nullopt;
}

std::string_view signal_name(int signal) {
  for (const auto& [known, number] : kSignals) {
    if (number == signal) return known;
  }
  return "signal";
}

Status check_config(const InitConfig& config) {
  CROFT_TRY(check_processes(config));
  CROFT_TRY(check_environment(config));
  if (config.user.empty()) return wrong("user: a name is needed");
  if (config.workdir.empty() || config.workdir.front() != '/' || has_nul(config.workdir)) {
    return wrong("workdir: an absolute path is needed");
  }
  for (const InitFile& file : config.files) {
    if (file.path.empty() || file.path.front() != '/' || has_nul(file.path)) {
      return wrong(fmt::format("files: '{}' is not an absolute path", file.path));
    }
  }
  for (const std::string& command : config.init_commands) {
    if (has_nul(command)) return wrong("init_commands: a command cannot hold a NUL byte");
  }
  if (config.readiness) CROFT_TRY(check_probe(config.readiness->probe, "readiness"));
  if (config.health) CROFT_TRY(check_probe(config.health->probe, "health"));
  for (std::size_t i = 0; i < config.crontab.size(); ++i) {
    const auto schedule = CronSchedule::parse(config.crontab[i].timing);
    if (!schedule) return wrong(fmt::format("crontab[{}]: {}", i, schedule.error().message()));
    if (has_nul(config.crontab[i].command)) {
      return wrong(fmt::format("crontab[{}]: a command cannot hold a NUL byte", i));
    }
  }
  if (!signal_from_name(config.stop_signal)) {
    return wrong(
        fmt::format("stop_signal: '{}' is not a signal croft-init sends", config.stop_signal));
  }
  return {};
}

Result<InitConfig> load_config(const std::filesystem::path& path) {
  const std::string context = fmt::format("container configuration {}", path.string());
  auto text = read_file(path);
  if (!text) return fail(std::move(text).error().in(context));
  auto config = from_json_text<InitConfig>(*text);
  if (!config) return fail(std::move(config).error().in(context));
  if (Status good = check_config(*config); !good) {
    return fail(std::move(good).error().in(context));
  }
  return config;
}

}  // namespace croft::init

#include "plan/init_plan.h"

#include <fmt/format.h>

#include "plan/site_rules.h"

namespace croft {
namespace {

Probe probe_of(const spec::Probe& probe) {
  Probe out;
  if (const auto* http = std::get_if<spec::HttpGet>(&probe)) {
    out.http_port = static_cast<std::uint16_t>(http->port);
    out.path = http->path;
    out.host = http->host;
    out.scheme = http->scheme.empty() ? "http" : http->scheme;
  } else {
    out.command = std::get<spec::Exec>(probe).command;
  }
  return out;
}

ReadinessConfig readiness_of(const spec::ReadinessCheck& check) {
  ReadinessConfig out;
  out.probe = probe_of(check.probe);
  out.failure_timeout_s = check.failure_timeout.value_or(out.failure_timeout_s);
  out.retry_period_s = check.retry_period.value_or(out.retry_period_s);
  return out;
}

HealthConfig health_of(const spec::HealthCheck& check) {
  HealthConfig out;
  out.probe = probe_of(check.probe);
  out.disconnect_timeout_s = check.disconnect_timeout.value_or(out.disconnect_timeout_s);
  out.failure_timeout_s = check.failure_timeout.value_or(out.failure_timeout_s);
  out.recovery_timeout_s = check.recovery_timeout.value_or(out.recovery_timeout_s);
  out.period_s = check.exec_period.value_or(out.period_s);
  return out;
}

std::vector<InitProcess> processes_of(const spec::Run& run, const catalog::ServiceType& type) {
  std::vector<InitProcess> processes;
  if (!run.start.empty()) processes.push_back({.command = run.start});
  int number = 0;
  for (const spec::StartCommand& start : run.start_commands) {
    ++number;
    processes.push_back({.name = start.name.empty() ? std::to_string(number) : start.name,
                         .command = start.command,
                         .workdir = start.working_dir,
                         .init_commands = start.init_commands,
                         .user = start.user});
  }
  if (processes.empty() && !type.start.empty()) processes.push_back({.argv = type.start});
  return processes;
}

InitConfig common(const catalog::ServiceType& type, Environment environment, OnceHosts once_hosts) {
  InitConfig init;
  init.user = type.user;
  init.workdir = type.workdir;
  init.env = type.env;
  for (auto& [key, value] : environment) init.env[key] = std::move(value);
  init.stop_signal = type.stop_signal;
  init.stop_timeout_s = static_cast<int>(type.stop_grace.count() / 1000);
  init.once_hosts = std::move(once_hosts);
  return init;
}

Status plan_site(const spec::Run& run, const catalog::ServiceType& type, InitConfig& init) {
  if (!type.document_root) return {};
  const bool own = !run.document_root.empty();
  std::string root = own ? run.document_root : *type.document_root;
  if (run.routing && !run.routing->root.empty() && !own) root = run.routing->root;
  init.env["CROFT_DOCUMENT_ROOT"] = root;
  init.env["CROFT_SITE_CONFIG"] = run.site_config_path;
  if (run.routing) {
    auto rules = nginx_rules(*run.routing);
    if (!rules) return fail(std::move(rules).error());
    init.env["CROFT_NGINX_RULES"] = std::move(*rules);
  }
  return {};
}

}  // namespace

std::vector<Port> plan_ports(const spec::Setup& setup, const catalog::ServiceType& type) {
  std::vector<Port> ports;
  if (setup.run) {
    for (const spec::Port& port : setup.run->ports) {
      ports.push_back({.port = static_cast<std::uint16_t>(port.port),
                       .protocol = port.protocol == spec::Protocol::kUdp ? PortProtocol::kUdp
                                                                         : PortProtocol::kTcp,
                       .http = port.http,
                       .description = port.description});
    }
  }
  if (!ports.empty()) return ports;
  for (const catalog::TypePort& port : type.ports) ports.push_back(port.port);
  return ports;
}

Result<InitConfig> plan_runtime_init(const spec::Setup& setup, const catalog::ServiceType& type,
                                     Environment environment, OnceHosts once_hosts) {
  const spec::Run run = setup.run.value_or(spec::Run{});
  InitConfig init = common(type, std::move(environment), std::move(once_hosts));
  CROFT_TRY(plan_site(run, type, init));
  init.init_commands = run.init_commands;
  init.processes = processes_of(run, type);
  if (init.processes.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("setup {}: a {} service needs run.start (the command that starts it)",
                            setup.name, type.name));
  }
  if (run.env_replace) {
    init.env_replace.push_back(
        {.targets = run.env_replace->targets, .delimiters = run.env_replace->delimiters});
  }
  for (const Port& port : plan_ports(setup, type)) {
    if (port.protocol == PortProtocol::kTcp) init.ports.push_back(port.port);
  }
  if (setup.deploy.readiness_check) init.readiness = readiness_of(*setup.deploy.readiness_check);
  if (run.health_check) init.health = health_of(*run.health_check);
  for (const spec::CronJob& job : run.crontab) {
    init.crontab.push_back({.timing = job.timing,
                            .command = job.command,
                            .workdir = job.working_dir,
                            .all_containers = job.all_containers});
  }
  return init;
}

InitConfig plan_managed_init(const catalog::ServiceType& type, Environment environment,
                             OnceHosts once_hosts) {
  InitConfig init = common(type, std::move(environment), std::move(once_hosts));
  init.processes = {{.argv = type.start}};
  init.readiness = type.readiness;
  init.health = type.health;
  for (const catalog::TypePort& port : type.ports) {
    if (port.port.protocol == PortProtocol::kTcp) init.ports.push_back(port.port.port);
  }
  return init;
}

}  // namespace croft

#include "app/environment.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/edge_names.h"
#include "spec/env.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

spec::Isolation isolation_of(EnvIsolation isolation) {
  return isolation == EnvIsolation::kNone ? spec::Isolation::kNone : spec::Isolation::kService;
}

std::uint16_t first_http_port(const spec::Setup* setup) {
  constexpr std::uint16_t kUsual = 80;
  if (setup == nullptr || !setup->run) return kUsual;
  for (const spec::Port& port : setup->run->ports) {
    if (port.http) return static_cast<std::uint16_t>(port.port);
  }
  return kUsual;
}

// What Zerops generates for every service (A3), with our own names beside theirs.
void add_facts(spec::EnvVariables& system, const EnvironmentSubject& subject,
               const PlatformAddress& platform) {
  system["hostname"] = subject.service.hostname;
  system["projectId"] = subject.project.id.str();
  system["projectName"] = subject.project.name;
  system["serviceId"] = subject.service.id.str();
  system["ZEROPS_StackName"] = subject.service.hostname;
  // Always there, also when access by the subdomain is off and before the first deployment says
  // which ports there are.
  auto urls = service_urls(platform, subject.project, subject.service, false);
  if (urls.empty()) {
    Service with_port = subject.service;
    with_port.ports = {{.port = first_http_port(subject.setup), .http = true}};
    urls = service_urls(platform, subject.project, with_port, false);
  }
  if (!urls.empty()) system["zeropsSubdomain"] = urls.front();
  const VersionId version =
      subject.version != nullptr ? subject.version->id : subject.service.active_version_id;
  if (!version.empty()) {
    system["appVersionId"] = version.str();
    system["ZEROPS_appVersionId"] = version.str();
  }
}

void add_variables(spec::ServiceVariables& service, const std::vector<Variable>& all,
                   const ServiceId& id, bool yaml_from_store) {
  for (const Variable& variable : all) {
    if (variable.service_id != id) continue;
    const std::string& value = variable.value.reveal();
    switch (variable.kind) {
      case VariableKind::kUser:
      case VariableKind::kSecret:
        service.user[variable.key] = value;
        break;
      case VariableKind::kGenerated:
      case VariableKind::kSystem:
        service.system[variable.key] = value;
        break;
      case VariableKind::kYaml:
        if (yaml_from_store) service.yaml[variable.key] = value;
        break;
    }
  }
}

Result<spec::ProjectVariables> gather(const Tx& tx, const EnvironmentSubject& subject,
                                      const PlatformAddress& platform) {
  auto variables = all_variables(tx, Scope::platform(), subject.project.id);
  if (!variables) return fail(std::move(variables).error());
  auto services = list_services(tx, Scope::platform(), subject.project.id);
  if (!services) return fail(std::move(services).error());

  spec::ProjectVariables input;
  input.isolation = isolation_of(subject.project.env_isolation);
  for (const Variable& variable : *variables) {
    if (variable.service_id.empty()) input.project[variable.key] = variable.value.reveal();
  }
  input.project["zeropsSubdomainHost"] = subject.project.name + "." + platform.domain;
  input.project["envIsolation"] = enum_to_string(subject.project.env_isolation);
  for (Service& service : *services) {
    const bool self = service.id == subject.service.id;
    spec::ServiceVariables one;
    one.hostname = service.hostname;
    if (service.env_isolation != subject.project.env_isolation) {
      one.isolation = isolation_of(service.env_isolation);
    }
    const EnvironmentSubject whose =
        self ? subject : EnvironmentSubject{.project = subject.project, .service = service};
    add_facts(one.system, whose, platform);
    const bool own_yaml = self && subject.setup != nullptr;
    add_variables(one, *variables, service.id, !own_yaml);
    if (own_yaml && subject.setup->run) one.yaml = subject.setup->run->env_variables;
    input.services.push_back(std::move(one));
  }
  return input;
}

ResolvedEnvironment named(spec::ResolvedEnv resolved) {
  return {.values = std::move(resolved.variables), .warnings = std::move(resolved.warnings)};
}

}  // namespace

std::string warning_text(const spec::EnvWarning& warning) {
  return fmt::format("{}: {}{}{}", warning.key, warning.reference,
                     warning.reference.empty() ? "" : " ", warning.message);
}

std::vector<std::string> service_urls(const PlatformAddress& platform, const Project& project,
                                      const Service& service, bool both) {
  const auto names = edge_names(project.name, service.hostname, service.ports, platform.domain);
  std::vector<std::string> urls;
  if (!names) return urls;
  const std::string tls = platform.https_port == 443 ? "" : fmt::format(":{}", platform.https_port);
  const std::string plain = platform.http_port == 80 ? "" : fmt::format(":{}", platform.http_port);
  for (const EdgeName& name : *names) {
    urls.push_back(fmt::format("https://{}{}", name.host, tls));
    if (both) urls.push_back(fmt::format("http://{}{}", name.host, plain));
  }
  return urls;
}

Result<ResolvedEnvironment> runtime_environment(const Tx& tx, const EnvironmentSubject& subject,
                                                const PlatformAddress& platform) {
  auto input = gather(tx, subject, platform);
  if (!input) return fail(std::move(input).error());
  return named(spec::resolve_env(*input, subject.service.hostname));
}

Result<ResolvedEnvironment> build_environment(const Tx& tx, const EnvironmentSubject& subject,
                                              const PlatformAddress& platform) {
  auto input = gather(tx, subject, platform);
  if (!input) return fail(std::move(input).error());
  const bool has_build = subject.setup != nullptr && subject.setup->build;
  const spec::EnvVariables own =
      has_build ? subject.setup->build->env_variables : spec::EnvVariables{};
  return named(spec::resolve_build_env(*input, subject.service.hostname, own));
}

}  // namespace croft

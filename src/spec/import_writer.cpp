#include <fmt/format.h>

#include "spec/import_config.h"
#include "spec/yaml_writer.h"

namespace croft::spec {
namespace {

void write_text(YamlWriter& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out.text(key, value);
}

void write_flag(YamlWriter& out, std::string_view key, bool value) {
  if (value) out.boolean(key, true);
}

void write_variables(YamlWriter& out, std::string_view key, const EnvVariables& variables) {
  if (variables.empty()) return;
  out.begin(key);
  for (const auto& [name, value] : variables) out.text(name, value);
  out.end();
}

void write_isolation(YamlWriter& out, const std::optional<Isolation>& isolation) {
  if (isolation) out.text("envIsolation", *isolation == Isolation::kNone ? "none" : "service");
}

void write_project(YamlWriter& out, const ImportProject& project) {
  out.begin("project");
  out.text("name", project.name);
  write_text(out, "description", project.description);
  write_text(out, "corePackage", project.core_package);
  out.texts("tags", project.tags);
  write_variables(out, "envVariables", project.env_variables);
  write_isolation(out, project.env_isolation);
  write_text(out, "sshIsolation", project.ssh_isolation);
  out.boolean("sharedIpv4", project.shared_ipv4);
  write_text(out, "location", project.location);
  out.end();
}

bool is_empty(const VerticalAutoscaling& s) {
  return s.cpu_mode.empty() && !s.cpu && !s.min_cpu && !s.max_cpu && !s.start_cpu_core_count &&
         !s.ram && !s.min_ram && !s.max_ram && !s.disk && !s.min_disk && !s.max_disk &&
         !s.min_free_cpu_cores && !s.min_free_cpu_percent && !s.min_free_ram_gb &&
         !s.min_free_ram_percent && !s.swap_enabled;
}

void write_autoscaling(YamlWriter& out, const VerticalAutoscaling& scaling) {
  if (is_empty(scaling)) return;
  out.begin("verticalAutoscaling");
  write_text(out, "cpuMode", scaling.cpu_mode);
  out.integer("cpu", scaling.cpu);
  out.integer("minCpu", scaling.min_cpu);
  out.integer("maxCpu", scaling.max_cpu);
  out.integer("startCpuCoreCount", scaling.start_cpu_core_count);
  out.number("ram", scaling.ram);
  out.number("minRam", scaling.min_ram);
  out.number("maxRam", scaling.max_ram);
  out.number("disk", scaling.disk);
  out.number("minDisk", scaling.min_disk);
  out.number("maxDisk", scaling.max_disk);
  out.number("minFreeCpuCores", scaling.min_free_cpu_cores);
  out.number("minFreeCpuPercent", scaling.min_free_cpu_percent);
  out.number("minFreeRamGB", scaling.min_free_ram_gb);
  out.number("minFreeRamPercent", scaling.min_free_ram_percent);
  out.boolean("swapEnabled", scaling.swap_enabled);
  out.end();
}

void write_ports(YamlWriter& out, const std::vector<Port>& ports) {
  if (ports.empty()) return;
  out.begin("ports");
  for (const Port& port : ports) {
    out.begin_item();
    out.integer("port", port.port);
    if (port.protocol != Protocol::kTcp) out.text("protocol", to_string(port.protocol));
    // The default is true here for tcp, and udp cannot have it.
    if (port.protocol == Protocol::kTcp && !port.http) out.boolean("httpSupport", false);
    write_text(out, "description", port.description);
    out.end();
  }
  out.end();
}

void write_source(YamlWriter& out, const ImportService& service) {
  if (service.build_from_git) {
    const GitSource& git = *service.build_from_git;
    out.text("buildFromGit", git.ref.empty() ? git.url : git.url + "@" + git.ref);
  }
  write_text(out, "zeropsSetup", service.setup);
  if (service.inline_source) out.node("zeropsYaml", *service.inline_source);
  write_flag(out, "startWithoutCode", service.start_without_code);
}

void write_storage(YamlWriter& out, const ImportService& service) {
  out.number("objectStorageSize", service.object_storage_size);
  write_text(out, "objectStoragePolicy", service.object_storage_policy);
  write_text(out, "objectStorageRawPolicy", service.object_storage_raw_policy);
}

void write_service(YamlWriter& out, const ImportService& service) {
  out.begin_item();
  out.text("hostname", service.hostname);
  out.text("type", service.type.type.text());
  if (service.mode) out.text("mode", *service.mode == Mode::kHa ? "HA" : "NON_HA");
  write_text(out, "os", service.os);
  write_text(out, "profile", service.profile);
  write_variables(out, "profileOverrides", service.profile_overrides);
  EnvVariables secrets;
  for (const auto& [key, value] : service.env_secrets) secrets[key] = value.reveal();
  write_variables(out, "envSecrets", secrets);
  write_variables(out, "envVariables", service.env_variables);
  write_text(out, "nginxConfig", service.nginx_config);
  write_storage(out, service);
  write_source(out, service);
  write_flag(out, "enableSubdomainAccess", service.enable_subdomain_access);
  write_flag(out, "override", service.override_existing);
  if (service.priority != 0) out.integer("priority", service.priority);
  write_autoscaling(out, service.vertical_autoscaling);
  out.integer("minContainers", service.min_containers);
  out.integer("maxContainers", service.max_containers);
  out.texts("mount", service.mount);
  out.boolean("enableCdn", service.enable_cdn);
  write_isolation(out, service.env_isolation);
  write_text(out, "sshIsolation", service.ssh_isolation);
  write_ports(out, service.ports);
  write_text(out, "documentRoot", service.document_root);
  out.end();
}

}  // namespace

std::string write_import(const ImportFile& file) {
  YamlWriter out;
  if (file.project) write_project(out, *file.project);
  if (!file.services.empty()) {
    out.begin("services");
    for (const ImportService& service : file.services) write_service(out, service);
    out.end();
  }
  return out.str();
}

}  // namespace croft::spec

#include "spec/model_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace croft::spec {
namespace {

namespace json = boost::json;

// Builds an object without its empty members.
class ObjectBuilder {
 public:
  void add(std::string_view key, const std::string& value) {
    if (!value.empty()) object_[key] = value;
  }
  void add(std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) object_[key] = json::value_from(values);
  }
  void add(std::string_view key, const std::map<std::string, std::string>& values) {
    if (!values.empty()) object_[key] = json::value_from(values);
  }
  void add(std::string_view key, bool value) {
    if (value) object_[key] = true;
  }
  template <class T>
  void add(std::string_view key, const std::optional<T>& value) {
    if (value) object_[key] = *value;
  }
  template <class T, class Convert>
  void add_each(std::string_view key, const std::vector<T>& values, Convert convert) {
    if (values.empty()) return;
    json::array array;
    for (const T& value : values) array.push_back(convert(value));
    object_[key] = std::move(array);
  }
  void set(std::string_view key, json::value value) { object_[key] = std::move(value); }
  json::value done() { return std::move(object_); }

 private:
  json::object object_;
};

json::value type_json(const TypeUse& use) {
  return json::string(use.type.text());
}

json::value port_json(const Port& port) {
  ObjectBuilder out;
  out.set("port", port.port);
  out.set("protocol", json::string(to_string(port.protocol)));
  out.set("http", port.http);
  out.add("description", port.description);
  return out.done();
}

json::value probe_json(const Probe& probe) {
  ObjectBuilder out;
  if (const auto* exec = std::get_if<Exec>(&probe)) {
    out.add("exec", exec->command);
    return out.done();
  }
  const auto& get = std::get<HttpGet>(probe);
  ObjectBuilder http;
  http.set("port", get.port);
  http.add("path", get.path);
  http.add("host", get.host);
  http.add("scheme", get.scheme);
  out.set("httpGet", http.done());
  return out.done();
}

json::value build_json(const Build& build) {
  ObjectBuilder out;
  out.add("os", build.os);
  out.add_each("bases", build.bases, type_json);
  out.add("prepareCommands", build.prepare_commands);
  out.add("buildCommands", build.build_commands);
  out.add("deployFiles", build.deploy_files);
  if (const auto* all = std::get_if<bool>(&build.cache)) {
    out.set("cache", *all);
  } else {
    out.set("cache", json::value_from(std::get<std::vector<std::string>>(build.cache)));
  }
  out.add("addToRunPrepare", build.add_to_run_prepare);
  out.add("envVariables", build.env_variables);
  return out.done();
}

json::value deploy_json(const Deploy& deploy) {
  ObjectBuilder out;
  if (deploy.readiness_check) {
    ObjectBuilder check;
    check.set("probe", probe_json(deploy.readiness_check->probe));
    check.add("failureTimeout", deploy.readiness_check->failure_timeout);
    check.add("retryPeriod", deploy.readiness_check->retry_period);
    out.set("readinessCheck", check.done());
  }
  out.add("temporaryShutdown", deploy.temporary_shutdown);
  return out.done();
}

json::value health_json(const HealthCheck& health) {
  ObjectBuilder out;
  out.set("probe", probe_json(health.probe));
  out.add("failureTimeout", health.failure_timeout);
  out.add("disconnectTimeout", health.disconnect_timeout);
  out.add("recoveryTimeout", health.recovery_timeout);
  out.add("execPeriod", health.exec_period);
  return out.done();
}

json::value start_json(const StartCommand& start) {
  ObjectBuilder out;
  out.add("command", start.command);
  out.add("name", start.name);
  out.add("workingDir", start.working_dir);
  out.add("user", start.user);
  out.add("initCommands", start.init_commands);
  return out.done();
}

json::value cron_json(const CronJob& job) {
  ObjectBuilder out;
  out.add("timing", job.timing);
  out.add("command", job.command);
  out.add("allContainers", job.all_containers);
  out.add("workingDir", job.working_dir);
  return out.done();
}

json::value redirect_json(const Redirect& redirect) {
  ObjectBuilder out;
  out.add("from", redirect.from);
  out.add("to", redirect.to);
  out.add("status", redirect.status);
  out.add("preservePath", redirect.preserve_path);
  out.add("preserveQuery", redirect.preserve_query);
  return out.done();
}

json::value header_json(const HeaderRule& rule) {
  ObjectBuilder out;
  out.add("for", rule.for_path);
  out.add("values", rule.values);
  return out.done();
}

json::value routing_json(const Routing& routing) {
  ObjectBuilder out;
  out.add("root", routing.root);
  out.add("cors", routing.cors);
  out.add_each("redirects", routing.redirects, redirect_json);
  out.add_each("headers", routing.headers, header_json);
  return out.done();
}

json::value run_json(const Run& run) {
  ObjectBuilder out;
  out.add("os", run.os);
  if (run.base) out.set("base", type_json(*run.base));
  out.add("prepareCommands", run.prepare_commands);
  out.add("initCommands", run.init_commands);
  out.add("start", run.start);
  out.add_each("startCommands", run.start_commands, start_json);
  out.add("documentRoot", run.document_root);
  out.add("siteConfigPath", run.site_config_path);
  if (run.env_replace) {
    ObjectBuilder replace;
    replace.add("targets", run.env_replace->targets);
    replace.add("delimiters", run.env_replace->delimiters);
    out.set("envReplace", replace.done());
  }
  out.add("envVariables", run.env_variables);
  out.add_each("ports", run.ports, port_json);
  if (run.health_check) out.set("healthCheck", health_json(*run.health_check));
  out.add_each("crontab", run.crontab, cron_json);
  if (run.routing) out.set("routing", routing_json(*run.routing));
  if (run.volume) {
    ObjectBuilder volume;
    volume.add("hostname", run.volume->hostname);
    volume.add("mountPath", run.volume->mount_path);
    volume.add("readOnly", run.volume->read_only);
    out.set("volume", volume.done());
  }
  return out.done();
}

json::value setup_json(const Setup& setup) {
  ObjectBuilder out;
  out.set("setup", json::string(setup.name));
  out.add("extends", setup.extends);
  if (setup.build) out.set("build", build_json(*setup.build));
  if (setup.deploy.readiness_check || setup.deploy.temporary_shutdown) {
    out.set("deploy", deploy_json(setup.deploy));
  }
  if (setup.run) out.set("run", run_json(*setup.run));
  return out.done();
}

void add_isolation(ObjectBuilder& out, const std::optional<Isolation>& isolation) {
  if (isolation)
    out.add("envIsolation", std::string(*isolation == Isolation::kNone ? "none" : "service"));
}

json::value project_json(const ImportProject& project) {
  ObjectBuilder out;
  out.add("name", project.name);
  out.add("description", project.description);
  out.add("corePackage", project.core_package);
  out.add("tags", project.tags);
  out.add("envVariables", project.env_variables);
  add_isolation(out, project.env_isolation);
  out.add("sshIsolation", project.ssh_isolation);
  out.add("sharedIpv4", project.shared_ipv4);
  out.add("location", project.location);
  return out.done();
}

json::value autoscaling_json(const VerticalAutoscaling& scaling) {
  ObjectBuilder out;
  out.add("cpuMode", scaling.cpu_mode);
  out.add("cpu", scaling.cpu);
  out.add("minCpu", scaling.min_cpu);
  out.add("maxCpu", scaling.max_cpu);
  out.add("startCpuCoreCount", scaling.start_cpu_core_count);
  out.add("ram", scaling.ram);
  out.add("minRam", scaling.min_ram);
  out.add("maxRam", scaling.max_ram);
  out.add("disk", scaling.disk);
  out.add("minDisk", scaling.min_disk);
  out.add("maxDisk", scaling.max_disk);
  out.add("minFreeCpuCores", scaling.min_free_cpu_cores);
  out.add("minFreeCpuPercent", scaling.min_free_cpu_percent);
  out.add("minFreeRamGB", scaling.min_free_ram_gb);
  out.add("minFreeRamPercent", scaling.min_free_ram_percent);
  out.add("swapEnabled", scaling.swap_enabled);
  return out.done();
}

json::value service_json(const ImportService& service) {
  ObjectBuilder out;
  out.add("hostname", service.hostname);
  out.set("type", type_json(service.type));
  if (service.mode) out.add("mode", std::string(*service.mode == Mode::kHa ? "HA" : "NON_HA"));
  out.add("os", service.os);
  out.add("profile", service.profile);
  out.add("profileOverrides", service.profile_overrides);
  std::map<std::string, std::string> secrets;
  for (const auto& [key, value] : service.env_secrets) {
    secrets[key] = fmt::format("secret of {} bytes", value.reveal().size());
  }
  out.add("envSecrets", secrets);
  out.add("envVariables", service.env_variables);
  out.add("nginxConfig", service.nginx_config);
  out.add("objectStorageSize", service.object_storage_size);
  out.add("objectStoragePolicy", service.object_storage_policy);
  out.add("objectStorageRawPolicy", service.object_storage_raw_policy);
  if (service.build_from_git) {
    ObjectBuilder git;
    git.add("url", service.build_from_git->url);
    git.add("ref", service.build_from_git->ref);
    out.set("buildFromGit", git.done());
  }
  out.add("zeropsSetup", service.setup);
  if (service.inline_config) out.set("zeropsYaml", to_json(*service.inline_config));
  out.add("startWithoutCode", service.start_without_code);
  out.add("enableSubdomainAccess", service.enable_subdomain_access);
  out.add("override", service.override_existing);
  out.set("priority", service.priority);
  const json::value scaling = autoscaling_json(service.vertical_autoscaling);
  if (!scaling.as_object().empty()) out.set("verticalAutoscaling", scaling);
  out.add("minContainers", service.min_containers);
  out.add("maxContainers", service.max_containers);
  out.add("mount", service.mount);
  out.add("enableCdn", service.enable_cdn);
  add_isolation(out, service.env_isolation);
  out.add("sshIsolation", service.ssh_isolation);
  out.add_each("ports", service.ports, port_json);
  out.add("documentRoot", service.document_root);
  return out.done();
}

}  // namespace

json::value to_json(const AppConfig& config) {
  ObjectBuilder out;
  out.set("generation", config.generation == Generation::kSingle    ? "single"
                        : config.generation == Generation::kHostMap ? "hostMap"
                                                                    : "list");
  out.add_each("setups", config.setups, setup_json);
  return out.done();
}

json::value to_json(const ImportFile& file) {
  ObjectBuilder out;
  if (file.project) out.set("project", project_json(*file.project));
  out.add_each("services", file.services, service_json);
  if (file.app_config) out.set("appConfig", to_json(*file.app_config));
  out.add("preprocessed", file.preprocessed);
  return out.done();
}

}  // namespace croft::spec

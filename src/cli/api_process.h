// What long operations and questions to the platform answer: processes, logs, plans, checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "cli/api_objects.h"

namespace croft::cli {

struct ApiNewVersion {
  ApiVersion version;
  std::int64_t max_upload_bytes = 0;
  std::vector<ApiField> warnings;
};
BOOST_DESCRIBE_STRUCT(ApiNewVersion, (), (version, max_upload_bytes, warnings))

struct ApiProcessError {
  std::string code, message, step, command;
  std::optional<int> exit_code;
  std::vector<std::string> last_lines;
};
BOOST_DESCRIBE_STRUCT(ApiProcessError, (), (code, message, step, command, exit_code, last_lines))

struct ApiProcessResult {
  std::string version, url, project;
  int version_number = 0;
};
BOOST_DESCRIBE_STRUCT(ApiProcessResult, (), (version, url, project, version_number))

struct ApiStep {
  std::string name, status;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ApiStep, (), (name, status, message))

struct ApiProcess {
  std::string id, kind, status, step, project, service, version_id, created_at;
  std::vector<ApiStep> steps;
  std::optional<ApiProcessError> error;
  std::optional<ApiProcessResult> result;
  std::optional<std::string> started_at, finished_at;
  int progress = 0;
  bool cancellable = false;

  bool ended() const { return status == "finished" || status == "failed" || status == "canceled"; }
};
BOOST_DESCRIBE_STRUCT(ApiProcess, (),
                      (id, kind, status, step, project, service, version_id, created_at, steps,
                       error, result, started_at, finished_at, progress, cancellable))

struct ApiLogLine {
  std::string id, ts, service, instance, stream, step, line;
};
BOOST_DESCRIBE_STRUCT(ApiLogLine, (), (id, ts, service, instance, stream, step, line))

struct ApiPlanAction {
  std::string action, object, name, detail;
  bool replaces_containers = false, downtime = false;
};
BOOST_DESCRIBE_STRUCT(ApiPlanAction, (),
                      (action, object, name, detail, replaces_containers, downtime))

struct ApiPlan {
  bool changes = false;
  std::vector<ApiPlanAction> actions;
  std::vector<ApiField> warnings;
};
BOOST_DESCRIBE_STRUCT(ApiPlan, (), (changes, actions, warnings))

struct ApiImportedService {
  std::string hostname, type, process_id;
};
BOOST_DESCRIBE_STRUCT(ApiImportedService, (), (hostname, type, process_id))

struct ApiImport {
  ApiProject project;
  std::vector<ApiImportedService> services;
  ApiProcess process;
  std::vector<ApiField> warnings;
};
BOOST_DESCRIBE_STRUCT(ApiImport, (), (project, services, process, warnings))

struct ApiServiceCreated {
  ApiService service;
  ApiProcess process;
  std::vector<ApiField> warnings;
};
BOOST_DESCRIBE_STRUCT(ApiServiceCreated, (), (service, process, warnings))

struct ApiComponent {
  std::string name, status, detail, fix;
};
BOOST_DESCRIBE_STRUCT(ApiComponent, (), (name, status, detail, fix))

struct ApiStatus {
  std::string status, install_id, version, domain;
  std::vector<ApiComponent> components;
  int projects = 0, services = 0, instances = 0, running_processes = 0;
};
BOOST_DESCRIBE_STRUCT(ApiStatus, (),
                      (status, install_id, version, domain, components, projects, services,
                       instances, running_processes))

struct ApiCheck {
  std::string name, status, message, fix;
};
BOOST_DESCRIBE_STRUCT(ApiCheck, (), (name, status, message, fix))

struct ApiDoctor {
  bool ok = false;
  std::vector<ApiCheck> checks;
};
BOOST_DESCRIBE_STRUCT(ApiDoctor, (), (ok, checks))

}  // namespace croft::cli

// Objects with what a reader of them wants to see beside: names for ids, counts, addresses.
#pragma once

#include <string>
#include <vector>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "model/process.h"
#include "model/project.h"
#include "model/service.h"
#include "model/version.h"

namespace croft {

struct ProjectView {
  Project project;
  int service_count = 0;
};

struct ServiceView {
  Service service;
  std::string project;        // name
  int active_version = 0;     // number; 0 before the first deployment
  std::string status_detail;  // why it is not active; empty: nothing to say
  int ready_containers = 0;   // in rotation now
  std::vector<std::string> urls;
};

struct ProcessView {
  Process process;
  std::string project;     // name, of one that is gone too; empty: of the platform
  std::string service;     // hostname, likewise; empty: of the project
  std::string version_id;  // that it deploys; empty: none
  std::string actor;       // login name; empty: croft itself
};

struct VersionView {
  Version version;
  std::string created_by;  // login name; empty: croft itself
};

Result<ProjectView> view_project(const Tx& tx, const Scope& scope, Project project);
// Without ready_containers and urls: these come from add_live_facts(), to be called on the
// program's own thread.
Result<ServiceView> view_service(const Tx& tx, const Scope& scope, const Project& project,
                                 Service service);
void add_live_facts(const AppContext& context, const Project& project, ServiceView& view);
Result<ProcessView> view_process(const Tx& tx, Process process);
Result<VersionView> view_version(const Tx& tx, Version version);

}  // namespace croft

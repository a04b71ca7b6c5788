// Listing and showing projects, services, versions and processes; cancelling a process.
#pragma once

#include <string>
#include <vector>

#include "app/views.h"
#include "model/node.h"
#include "store/audit_chain.h"
#include "store/processes.h"

namespace croft {

Task<Result<Paged<ProjectView>>> list_projects(const AppContext& context, const Actor& actor,
                                               Page page);
Task<Result<ProjectView>> show_project(const AppContext& context, const Actor& actor,
                                       std::string project);

// By hostname; `after` is a hostname.
Task<Result<Paged<ServiceView>>> list_services(const AppContext& context, const Actor& actor,
                                               std::string project, Page page);
Task<Result<ServiceView>> show_service(const AppContext& context, const Actor& actor,
                                       std::string project, std::string service);

Task<Result<Paged<VersionView>>> list_versions(const AppContext& context, const Actor& actor,
                                               std::string project, std::string service, Page page);
// `version` is an id, a number, or the name given at deployment (the newest of that name).
Task<Result<VersionView>> show_version(const AppContext& context, const Actor& actor,
                                       std::string project, std::string service,
                                       std::string version);
Result<Version> find_version(const Tx& tx, const Scope& scope, const Service& service,
                             std::string_view text);

struct ProcessQuery {
  std::string project;  // name or id; empty: all
  std::string service;  // needs project
  std::vector<ProcessStatus> statuses;
};
Task<Result<Paged<ProcessView>>> list_processes(const AppContext& context, const Actor& actor,
                                                ProcessQuery query, Page page);
Task<Result<ProcessView>> show_process(const AppContext& context, const Actor& actor, ProcessId id);
Task<Result<std::vector<ProcessLogLine>>> show_process_log(const AppContext& context,
                                                           const Actor& actor, ProcessId id,
                                                           std::int64_t after_seq, int limit);
// kConflict: ended, or past the point where it can be cancelled.
Task<Result<ProcessView>> cancel_process(const AppContext& context, const Actor& actor,
                                         ProcessId id);

// Newest first; `project` name or id, empty: all that the actor sees.
Task<Result<Paged<AuditEntry>>> list_audit(const AppContext& context, const Actor& actor,
                                           std::string project, Page page);
Task<Result<AuditVerdict>> verify_audit(const AppContext& context, const Actor& actor);

// With when their agents last reported.
Task<Result<std::vector<Node>>> list_nodes(const AppContext& context, const Actor& actor);
Task<Result<Node>> show_node(const AppContext& context, const Actor& actor, std::string name_or_id);

}  // namespace croft

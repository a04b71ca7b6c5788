#include "reconcile/project_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "app/process_cancel.h"
#include "reconcile/service_processes.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

using Groups = std::map<std::int64_t, std::vector<ServiceId>, std::greater<>>;

Groups groups_of(const ProcessRun& run) {
  Groups groups;
  for (const ImportedService& service : imported_services(run.process())) {
    groups[service.priority].push_back(service.id);
  }
  return groups;
}

}  // namespace

std::vector<ProcessHandler::Step> ImportProcess::steps() const {
  return {{.name = "services"}};
}

Task<Status> ImportProcess::run(std::string, ProcessRun& run) {
  for (const auto& [priority, group] : groups_of(run)) {
    CROFT_CO_TRY(co_await start_group(run, group));
    CROFT_CO_TRY(co_await wait_children(run));
  }
  const ProjectId id = run.process().project_id;
  co_return co_await context_.store.write([id](Tx& tx) {
    return set_project_status(tx, Scope::platform(), id, ProjectStatus::kActive);
  });
}

// A child process for each managed service of the group that has none yet. Runtimes wait for code.
Task<Status> ImportProcess::start_group(ProcessRun& run, const std::vector<ServiceId>& group) {
  const Process& parent = run.process();
  auto started = co_await context_.store.write([&](Tx& tx) -> Result<std::vector<std::string>> {
    const Scope all = Scope::platform();
    auto children = child_processes(tx, all, parent.id);
    if (!children) return fail(std::move(children).error());
    std::vector<std::string> names;
    for (const ServiceId& id : group) {
      const bool has_one = std::any_of(children->begin(), children->end(),
                                       [&](const Process& p) { return p.service_id == id; });
      if (has_one) continue;
      auto service = get_service(tx, all, id);
      if (!service && service.error().code() == ErrorCode::kNotFound)
        continue;  // deleted meanwhile
      if (!service) return fail(std::move(service).error());
      if (!is_managed(service->category)) continue;
      auto child = create_process(tx, all,
                                  {.project_id = parent.project_id,
                                   .service_id = id,
                                   .kind = "service.create",
                                   .params = boost::json::object{},
                                   .actor = parent.actor,
                                   .parent_id = parent.id,
                                   .request_id = parent.request_id});
      if (!child) return fail(std::move(child).error());
      names.push_back(service->hostname);
    }
    return names;
  });
  if (!started) co_return fail(std::move(started).error());
  for (const std::string& name : *started) run.log("creating " + name);
  context_.wake();
  co_return Status{};
}

Task<Status> ImportProcess::wait_children(ProcessRun& run) {
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    const ProcessId id = run.process().id;
    auto children = co_await context_.store.read(
        [&id](const Tx& tx) { return child_processes(tx, Scope::platform(), id); });
    if (!children) co_return fail(std::move(children).error());
    bool all_done = true;
    for (const Process& child : *children) {
      all_done = all_done && is_finished(child.status);
      if (child.status == ProcessStatus::kFinished || !is_finished(child.status)) continue;
      if (child.error) run.failure = child.error;
      co_return fail(ErrorCode::kFailed,
                     child.error ? child.error->message : "a service could not be created");
    }
    if (all_done) co_return Status{};
    if (run.cancel_wanted()) co_return fail(ErrorCode::kCancelled, "cancelled");
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, Millis(500));
  }
}

// What was created stays: the user sees what failed and can delete or retry it.
Task<Status> ImportProcess::undo(ProcessRun& run) {
  const Process& process = run.process();
  co_return co_await context_.store.write([&](Tx& tx) { return settle_import(tx, process); });
}

Task<Result<boost::json::value>> ImportProcess::result(ProcessRun& run) {
  const ProjectId id = run.process().project_id;
  auto project = co_await context_.store.read(
      [id](const Tx& tx) { return get_project(tx, Scope::platform(), id); });
  if (!project) co_return fail(std::move(project).error());
  co_return boost::json::value{{"project", project->name}};
}

std::vector<ProcessHandler::Step> DeleteProjectProcess::steps() const {
  return {{.name = "services", .cancellable = false}, {.name = "project", .cancellable = false}};
}

Task<Status> DeleteProjectProcess::run(std::string step, ProcessRun& run) {
  const ProjectId id = run.process().project_id;
  if (step == "services") {
    auto services = co_await context_.store.write([id](Tx& tx) -> Result<std::vector<Service>> {
      CROFT_TRY(set_project_status(tx, Scope::platform(), id, ProjectStatus::kDeleting));
      return list_services(tx, Scope::platform(), id);
    });
    if (!services) co_return fail(std::move(services).error());
    // All stop at the same time; the loop below waits for one after the other.
    for (const Service& service : *services) {
      CROFT_CO_TRY(co_await begin_service_deletion(context_, rollout_, service.id));
    }
    for (const Service& service : *services) {
      CROFT_CO_TRY(co_await delete_service_with_all(context_, rollout_, run, service.id));
    }
    co_return Status{};
  }
  auto deleted = co_await context_.store.write([id](Tx& tx) -> Status {
    Status gone = delete_project(tx, Scope::platform(), id);
    if (!gone && gone.error().code() != ErrorCode::kNotFound) return gone;
    return {};
  });
  context_.wake();
  co_return deleted;
}

// As after the failed deletion of a service: a process that has ended does not go on behind its
// user's back.
Task<Status> DeleteProjectProcess::undo(ProcessRun& run) {
  const ProjectId id = run.process().project_id;
  co_return co_await context_.store.write([id](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    const auto services = list_services(tx, all, id);
    if (!services) return fail(services.error());
    for (const Service& service : *services) {
      if (service.status != ServiceStatus::kDeleting) continue;
      CROFT_TRY(settle_undeleted(tx, service.id));
    }
    return set_project_status(tx, all, id, ProjectStatus::kActive);
  });
}

Task<Result<boost::json::value>> DeleteProjectProcess::result(ProcessRun&) {
  co_return boost::json::value(boost::json::object{});
}

}  // namespace croft

#include "app/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/process_cancel.h"
#include "app/resolve.h"
#include "model/variable.h"
#include "store/audit.h"
#include "store/nodes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

// Each item of a page to its view, inside one transaction.
template <class View, class T, class F>
Result<Paged<View>> view_all(Result<Paged<T>> page, F view) {
  if (!page) return fail(std::move(page).error());
  Paged<View> views{{}, std::move(page->next)};
  for (T& item : page->items) {
    auto one = view(std::move(item));
    if (!one) return fail(std::move(one).error());
    views.items.push_back(std::move(*one));
  }
  return views;
}

struct ServiceOf {
  Project project;
  Service service;
};

Result<ServiceOf> find_both(const Tx& tx, const Actor& actor, Action action,
                            const std::string& project, const std::string& service) {
  auto found = find_project(tx, actor.scope, project);
  if (!found) return fail(std::move(found).error());
  CROFT_TRY(authorize(actor, action, found->id));
  auto of = find_service(tx, actor.scope, *found, service);
  if (!of) return fail(std::move(of).error());
  return ServiceOf{std::move(*found), std::move(*of)};
}

Result<Version> newest_named(const Tx& tx, const Scope& scope, const Service& service,
                             std::string_view name) {
  Page page{.after = {}, .limit = 200};
  do {
    auto part = list_versions(tx, scope, service.id, page);
    if (!part) return fail(std::move(part).error());
    for (Version& version : part->items) {
      if (version.name == name) return std::move(version);
    }
    page.after = part->next;
  } while (!page.after.empty());
  const std::string shown(name.substr(0, 64));
  return fail(ErrorCode::kNotFound,
              fmt::format("version {} of service {}: there is no such version; `croft releases {}` "
                          "shows those that exist",
                          is_valid_utf8(shown) ? shown : "?", service.hostname, service.hostname));
}

// Stopping a deployment is part of deploying; everything else changes the project.
Action cancel_action(const Process& process) {
  return process.kind == "deploy" || process.kind == "activate" ? Action::kDeploy : Action::kWrite;
}

}  // namespace

Task<Result<Paged<ProjectView>>> list_projects(const AppContext& context, const Actor& actor,
                                               Page page) {
  CROFT_CO_TRY(authorize(actor, Action::kRead, {}));
  co_return co_await context.store.read([&](const Tx& tx) {
    return view_all<ProjectView>(croft::list_projects(tx, actor.scope, page), [&](Project p) {
      return view_project(tx, actor.scope, std::move(p));
    });
  });
}

Task<Result<ProjectView>> show_project(const AppContext& context, const Actor& actor,
                                       std::string project) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<ProjectView> {
    auto found = find_project(tx, actor.scope, project);
    if (!found) return fail(std::move(found).error());
    CROFT_TRY(authorize(actor, Action::kRead, found->id));
    return view_project(tx, actor.scope, std::move(*found));
  });
}

Task<Result<Paged<ServiceView>>> list_services(const AppContext& context, const Actor& actor,
                                               std::string project, Page page) {
  std::optional<Project> of;
  auto views = co_await context.store.read([&](const Tx& tx) -> Result<Paged<ServiceView>> {
    auto found = find_project(tx, actor.scope, project);
    if (!found) return fail(std::move(found).error());
    CROFT_TRY(authorize(actor, Action::kRead, found->id));
    auto all = croft::list_services(tx, actor.scope, found->id);
    if (!all) return fail(std::move(all).error());
    of = *found;
    const auto limit = static_cast<std::size_t>(std::clamp(page.limit, 1, 200));
    Paged<ServiceView> part;
    for (Service& service : *all) {
      if (service.hostname <= page.after) continue;
      if (part.items.size() == limit) {
        part.next = part.items.back().service.hostname;
        break;
      }
      auto view = view_service(tx, actor.scope, *found, std::move(service));
      if (!view) return fail(std::move(view).error());
      part.items.push_back(std::move(*view));
    }
    return part;
  });
  if (!views) co_return views;
  for (ServiceView& view : views->items) add_live_facts(context, *of, view);
  co_return views;
}

Task<Result<ServiceView>> show_service(const AppContext& context, const Actor& actor,
                                       std::string project, std::string service) {
  std::optional<Project> of;
  auto view = co_await context.store.read([&](const Tx& tx) -> Result<ServiceView> {
    auto found = find_both(tx, actor, Action::kRead, project, service);
    if (!found) return fail(std::move(found).error());
    of = found->project;
    return view_service(tx, actor.scope, found->project, std::move(found->service));
  });
  if (view) add_live_facts(context, *of, *view);
  co_return view;
}

Task<Result<Paged<VersionView>>> list_versions(const AppContext& context, const Actor& actor,
                                               std::string project, std::string service,
                                               Page page) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<Paged<VersionView>> {
    const auto found = find_both(tx, actor, Action::kRead, project, service);
    if (!found) return fail(found.error());
    return view_all<VersionView>(croft::list_versions(tx, actor.scope, found->service.id, page),
                                 [&](Version v) { return view_version(tx, std::move(v)); });
  });
}

Result<Version> find_version(const Tx& tx, const Scope& scope, const Service& service,
                             std::string_view text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
    auto by_number = get_version_by_number(tx, scope, service.id, number);
    if (by_number || by_number.error().code() != ErrorCode::kNotFound) return by_number;
  }
  if (const auto id = VersionId::parse(text)) {
    auto by_id = get_version(tx, scope, *id);
    if (by_id && by_id->service_id == service.id) return by_id;
  }
  return newest_named(tx, scope, service, text);
}

Task<Result<VersionView>> show_version(const AppContext& context, const Actor& actor,
                                       std::string project, std::string service,
                                       std::string version) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<VersionView> {
    const auto of = find_both(tx, actor, Action::kRead, project, service);
    if (!of) return fail(of.error());
    auto found = find_version(tx, actor.scope, of->service, version);
    if (!found) return fail(std::move(found).error());
    return view_version(tx, std::move(*found));
  });
}

Task<Result<Paged<ProcessView>>> list_processes(const AppContext& context, const Actor& actor,
                                                ProcessQuery query, Page page) {
  if (query.project.empty() && !query.service.empty()) {
    co_return fail(ErrorCode::kInvalid, "`service` needs `project` beside it");
  }
  CROFT_CO_TRY(authorize(actor, Action::kRead, {}));
  co_return co_await context.store.read([&](const Tx& tx) -> Result<Paged<ProcessView>> {
    ProcessFilter filter{.project_id = {}, .service_id = {}, .statuses = query.statuses};
    if (!query.project.empty()) {
      const auto project = find_project(tx, actor.scope, query.project);
      if (!project) return fail(project.error());
      filter.project_id = project->id;
      if (!query.service.empty()) {
        const auto service = find_service(tx, actor.scope, *project, query.service);
        if (!service) return fail(service.error());
        filter.service_id = service->id;
      }
    }
    return view_all<ProcessView>(croft::list_processes(tx, actor.scope, filter, page),
                                 [&](Process p) { return view_process(tx, std::move(p)); });
  });
}

Task<Result<ProcessView>> show_process(const AppContext& context, const Actor& actor,
                                       ProcessId id) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<ProcessView> {
    auto process = get_process(tx, actor.scope, id);
    if (!process) return fail(std::move(process).error());
    CROFT_TRY(authorize(actor, Action::kRead, process->project_id));
    return view_process(tx, std::move(*process));
  });
}

Task<Result<std::vector<ProcessLogLine>>> show_process_log(const AppContext& context,
                                                           const Actor& actor, ProcessId id,
                                                           std::int64_t after_seq, int limit) {
  CROFT_CO_TRY(authorize(actor, Action::kRead, {}));
  co_return co_await context.store.read(
      [&](const Tx& tx) { return process_log(tx, actor.scope, id, after_seq, limit); });
}

Task<Result<ProcessView>> cancel_process(const AppContext& context, const Actor& actor,
                                         ProcessId id) {
  auto view = co_await context.store.write([&](Tx& tx) -> Result<ProcessView> {
    const auto before = get_process(tx, actor.scope, id);
    if (!before) return fail(before.error());
    CROFT_TRY(authorize(actor, cancel_action(*before), before->project_id));
    auto process = request_cancel(tx, actor.scope, id);
    if (!process) return fail(std::move(process).error());
    if (before->status == ProcessStatus::kPending) CROFT_TRY(settle_unstarted(tx, *before));
    CROFT_TRY(audit_done(tx, actor, "process.cancel", before->project_id,
                         fmt::format("process {} ({})", id.str(), before->kind)));
    return view_process(tx, std::move(*process));
  });
  if (view && context.cancel) context.cancel(id);
  co_return view;
}

Task<Result<std::vector<Node>>> list_nodes(const AppContext& context, const Actor& actor) {
  CROFT_CO_TRY(authorize(actor, Action::kRead, {}));
  auto nodes =
      co_await context.store.read([&](const Tx& tx) { return croft::list_nodes(tx, actor.scope); });
  if (!nodes || !context.node_seen) co_return nodes;
  for (Node& node : *nodes) node.last_seen_at = context.node_seen(node.id);
  co_return nodes;
}

Task<Result<Node>> show_node(const AppContext& context, const Actor& actor,
                             std::string name_or_id) {
  auto nodes = co_await list_nodes(context, actor);
  if (!nodes) co_return fail(std::move(nodes).error());
  for (Node& node : *nodes) {
    if (node.name == name_or_id || node.id.str() == name_or_id) co_return std::move(node);
  }
  const std::string part = name_or_id.substr(0, 64);
  co_return fail(ErrorCode::kNotFound,
                 fmt::format("node {}: there is no such node; `croft node list` shows them",
                             is_valid_utf8(part) ? part : "?"));
}

Task<Result<Paged<AuditEntry>>> list_audit(const AppContext& context, const Actor& actor,
                                           std::string project, Page page) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<Paged<AuditEntry>> {
    ProjectId of;
    if (!project.empty()) {
      const auto found = find_project(tx, actor.scope, project);
      if (!found) return fail(found.error());
      of = found->id;
    }
    CROFT_TRY(authorize(actor, Action::kRead, of));
    return croft::list_audit(tx, actor.scope, of, page);
  });
}

Task<Result<AuditVerdict>> verify_audit(const AppContext& context, const Actor& actor) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  co_return co_await context.store.read(
      [&](const Tx& tx) { return croft::verify_audit(tx, actor.scope); });
}

}  // namespace croft

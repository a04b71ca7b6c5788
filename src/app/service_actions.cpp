#include "app/service_actions.h"

#include <fmt/format.h>

#include "app/caps.h"
#include "app/process_start.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

std::string kind_of(ServiceAction action) {
  switch (action) {
    case ServiceAction::kStart:
      return "service.start";
    case ServiceAction::kStop:
      return "service.stop";
    case ServiceAction::kRestart:
      return "service.restart";
    case ServiceAction::kDelete:
      return "service.delete";
  }
  return "service.restart";
}

Status fits(const Service& service, ServiceAction action) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::kConflict, fmt::format("service {} {}", service.hostname, why));
  };
  if (service.status == ServiceStatus::kDeleting) return refuse("is being deleted");
  if (action == ServiceAction::kDelete) return {};
  const bool empty = !is_managed(service.category) && service.active_version_id.empty();
  if (empty) return refuse("has no code yet; deploy it first");
  if (action == ServiceAction::kStart && service.status == ServiceStatus::kActive) {
    return refuse("runs already");
  }
  if (action == ServiceAction::kStop && service.status == ServiceStatus::kStopped) {
    return refuse("is stopped already");
  }
  if (action == ServiceAction::kRestart && service.status == ServiceStatus::kStopped) {
    return refuse("is stopped; start it instead");
  }
  return {};
}

}  // namespace

Task<Result<ServiceCreated>> create_service_use_case(AppContext& context, const Actor& actor,
                                                     ProjectId project, NewServiceRequest request) {
  auto ref = spec::parse_type_ref(request.type);
  if (!ref) {
    co_return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a service type; `croft "
                                                    "service types` lists what there is",
                                                    request.type));
  }
  if (request.ha) ref->variant = "ha";
  auto type = context.catalog.find(*ref, {.nearest = request.nearest_versions});
  if (!type) co_return fail(std::move(type).error());
  const int max = request.max_containers.value_or(request.min_containers);
  if (request.min_containers < 1 || max < request.min_containers || max > kMaxContainers) {
    co_return fail(ErrorCode::kInvalid,
                   fmt::format("containers must be 1 <= min <= max <= {}", kMaxContainers));
  }
  auto created = co_await context.store.write([&](Tx& tx) -> Result<ServiceCreated> {
    auto row = get_project(tx, actor.scope, project);
    if (!row) return fail(std::move(row).error());
    if (row->status == ProjectStatus::kDeleting) {
      return fail(ErrorCode::kConflict, fmt::format("project {} is being deleted", row->name));
    }
    auto service =
        create_service_rows(tx, actor.scope, *row,
                            {.hostname = request.hostname,
                             .type = *type,
                             .min_containers = request.min_containers,
                             .max_containers = max,
                             .subdomain_enabled = request.subdomain_enabled,
                             .env_isolation = request.env_isolation.value_or(row->env_isolation),
                             .variables = request.variables,
                             .secrets = request.secrets});
    if (!service) return fail(std::move(service).error());
    CROFT_TRY(check_container_caps(tx, context.catalog, row->id, {}, 0));
    ServiceCreated answer{.service = *service, .process = {}, .warnings = type->warnings};
    auto process = start_service_process(tx, actor, *service, "service.create", {});
    if (!process) return fail(std::move(process).error());
    answer.process = std::move(*process);
    return answer;
  });
  if (created) context.wake();
  co_return created;
}

Task<Result<Process>> act_on_service(AppContext& context, const Actor& actor, ServiceId service,
                                     ServiceAction action) {
  auto process = co_await context.store.write([&](Tx& tx) -> Result<Process> {
    auto row = get_service(tx, actor.scope, service);
    if (!row) return fail(std::move(row).error());
    CROFT_TRY(fits(*row, action));
    return start_service_process(tx, actor, *row, kind_of(action), {});
  });
  if (process) context.wake();
  co_return process;
}

Task<Result<Process>> scale_service(AppContext& context, const Actor& actor, ServiceId service,
                                    int containers) {
  if (containers < 1 || containers > kMaxContainers) {
    co_return fail(ErrorCode::kInvalid,
                   fmt::format("a service has 1 to {} containers, not {}; to run none, stop it",
                               kMaxContainers, containers));
  }
  auto process = co_await context.store.write([&](Tx& tx) -> Result<Process> {
    auto row = get_service(tx, actor.scope, service);
    if (!row) return fail(std::move(row).error());
    if (is_managed(row->category)) {
      return fail(ErrorCode::kConflict,
                  fmt::format("service {} keeps its data in one container and cannot be scaled",
                              row->hostname));
    }
    CROFT_TRY(fits(*row, ServiceAction::kRestart));
    // Fewer is always allowed: caps may have been lowered below what there is.
    if (containers > row->containers) {
      CROFT_TRY(check_container_caps(tx, context.catalog, row->project_id, row->id, containers));
    }
    return start_service_process(tx, actor, *row, "service.scale", {{"containers", containers}});
  });
  if (process) context.wake();
  co_return process;
}

}  // namespace croft

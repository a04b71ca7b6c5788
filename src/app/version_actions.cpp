#include "app/version_actions.h"

#include <fmt/format.h>

#include "app/environment.h"
#include "app/caps.h"
#include "app/process_start.h"
#include "base/log.h"
#include "plan/init_plan.h"
#include "spec/app_config.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

Result<Process> start_with(Tx& tx, const Actor& actor, const Service& service,
                           const Version& version, std::string kind) {
  return start_service_process(tx, actor, service, std::move(kind),
                               {{"version", version.id.str()}, {"number", version.number}});
}

FieldError warning_at(const NewVersionRequest& request, const spec::Position& at,
                      std::string message) {
  return {.pointer = "",
          .message = std::move(message),
          .file = request.config_file,
          .line = at.line,
          .column = at.column};
}

// Keys for a web server that the type has not.
void warn_of_web_keys(const NewVersionRequest& request, const spec::Run& run,
                      const catalog::ServiceType& type, std::vector<FieldError>& warnings) {
  for (const auto& [key, at] : run.web_keys) {
    const bool routing = key == "routing";
    if (type.document_root && (!routing || type.routing)) continue;
    warnings.push_back(warning_at(
        request, at,
        fmt::format("'{}' has no effect: the web server of static and nginx{} reads it, and this "
                    "runs on {}",
                    key, routing ? " and of php-nginx" : " and of PHP", type.name)));
  }
}

// Every type that build and run are to stand on exists.
Status check_bases(AppContext& context, const NewVersionRequest& request,
                   const spec::Setup& setup) {
  std::vector<FieldError> errors;
  ErrorCode code = ErrorCode::kInvalid;
  const auto check = [&](const spec::TypeUse& use, spec::TypeRole role) {
    const auto found = context.catalog.find(use.type, {.role = role, .nearest = true});
    if (found) return;
    code = found.error().code();
    errors.push_back({.pointer = use.pointer,
                      .message = found.error().message(),
                      .file = request.config_file,
                      .line = use.at.line,
                      .column = use.at.column});
  };
  if (setup.build) {
    for (const spec::TypeUse& base : setup.build->bases) check(base, spec::TypeRole::kBuildBase);
  }
  if (setup.run && setup.run->base) check(*setup.run->base, spec::TypeRole::kRunBase);
  if (errors.empty()) return {};
  Error error(code, fmt::format("{}: {}", request.config_file, errors.front().message));
  return fail(std::move(error).with_fields(std::move(errors)));
}

// What can be known before anything is built: that the containers will have something to start,
// and which keys the type has no use for.
Status check_setup(AppContext& context, const Service& service, const NewVersionRequest& request,
                   const spec::Setup& setup, std::vector<FieldError>& warnings) {
  CROFT_TRY(check_bases(context, request, setup));
  const bool own_base = setup.run && setup.run->base;
  auto type = own_base ? context.catalog.find(setup.run->base->type,
                                              {.role = spec::TypeRole::kRunBase, .nearest = true})
                       : context.catalog.find(service.type, {.nearest = true});
  if (!type) return fail(std::move(type).error());
  auto init = plan_runtime_init(setup, *type->type, {}, {});
  if (!init) return fail(std::move(init).error());
  if (setup.run) warn_of_web_keys(request, *setup.run, *type->type, warnings);
  return {};
}

void add_warnings(const NewVersionRequest& request, const spec::Setup& setup,
                  const spec::Places& places, const ResolvedEnvironment& environment,
                  std::vector<FieldError>& warnings) {
  for (const spec::EnvWarning& warning : environment.warnings) {
    const auto place = places.find(warning.key);
    warnings.push_back(warning_at(request, place == places.end() ? setup.at : place->second,
                                  warning_text(warning)));
  }
}

// References that nothing answers to: they reach the containers as they are written.
Status check_references(const Tx& tx, AppContext& context, const Service& service,
                        const NewVersionRequest& request, const spec::Setup& setup,
                        std::vector<FieldError>& warnings) {
  auto project = get_project(tx, Scope::platform(), service.project_id);
  if (!project) return fail(std::move(project).error());
  Version coming;  // its id is a variable too
  coming.id = VersionId::generate(context.random);
  const EnvironmentSubject subject{*project, service, &coming, &setup};
  auto run = runtime_environment(tx, subject, context.platform);
  if (!run) return fail(std::move(run).error());
  add_warnings(request, setup, setup.run ? setup.run->env_places : spec::Places{}, *run, warnings);
  if (!setup.build) return {};
  auto build = build_environment(tx, subject, context.platform);
  if (!build) return fail(std::move(build).error());
  add_warnings(request, setup, setup.build->env_places, *build, warnings);
  return {};
}

}  // namespace

namespace {

struct CheckedVersion {
  Service service;
  spec::Setup setup;
  std::vector<FieldError> warnings;
};

Task<Result<CheckedVersion>> check_request(AppContext& context, Scope scope, ServiceId service,
                                           NewVersionRequest request) {
  auto row =
      co_await context.store.read([&](const Tx& tx) { return get_service(tx, scope, service); });
  if (!row) co_return fail(std::move(row).error());
  if (is_managed(row->category)) {
    co_return fail(ErrorCode::kConflict,
                   fmt::format("{} is a {} service: code is deployed to runtimes and static sites",
                               row->hostname, row->type));
  }
  auto parsed =
      spec::parse_app_config(request.config_file, request.config, context.catalog.resolver());
  if (!parsed) co_return fail(std::move(parsed).error());
  const spec::Setup* setup = spec::choose_setup(parsed->config, request.setup, row->hostname);
  if (setup == nullptr) {
    std::string known;
    for (const spec::Setup& one : parsed->config.setups) {
      known += (known.empty() ? "" : ", ") + one.name;
    }
    const std::string wanted = request.setup.empty() ? row->hostname : request.setup;
    co_return fail(ErrorCode::kInvalid,
                   fmt::format("{} has no setup '{}'; it has: {}. Choose one with --setup",
                               request.config_file, wanted, known));
  }
  std::vector<FieldError> warnings = std::move(parsed->warnings);
  CROFT_CO_TRY(check_setup(context, *row, request, *setup, warnings));
  CROFT_CO_TRY(co_await context.store.read([&](const Tx& tx) {
    return check_references(tx, context, *row, request, *setup, warnings);
  }));
  co_return CheckedVersion{
      .service = std::move(*row), .setup = *setup, .warnings = std::move(warnings)};
}

}  // namespace

Task<Result<std::vector<FieldError>>> check_version(AppContext& context, Scope scope,
                                                    ServiceId service, NewVersionRequest request) {
  auto checked = co_await check_request(context, scope, service, std::move(request));
  if (!checked) co_return fail(std::move(checked).error());
  co_return std::move(checked->warnings);
}

Task<Result<VersionCreated>> create_version_use_case(AppContext& context, Scope scope,
                                                     ServiceId service, NewVersionRequest request) {
  auto checked = co_await check_request(context, scope, service, request);
  if (!checked) co_return fail(std::move(checked).error());
  auto version = co_await context.store.write([&](Tx& tx) -> Result<Version> {
    CROFT_TRY(check_disk_cap(tx, checked->service.project_id, 1));
    return create_version(
        tx, scope,
        {.service_id = service,
         .name = request.name,
         .status = VersionStatus::kUploading,
         .source = VersionSource::kCli,
         .setup = checked->setup.name.empty() ? request.setup : checked->setup.name,
         .config = boost::json::object{{"file", request.config_file}},
         .config_yaml = request.config});
  });
  if (!version) co_return fail(std::move(version).error());
  co_return VersionCreated{.version = std::move(*version),
                           .warnings = std::move(checked->warnings)};
}

Task<Status> version_uploaded(AppContext& context, Scope scope, VersionId version,
                              std::uint64_t bytes) {
  co_return co_await context.store.write([&](Tx& tx) -> Status {
    auto row = get_version(tx, scope, version);
    if (!row) return fail(std::move(row).error());
    if (row->status != VersionStatus::kUploading) {
      return fail(ErrorCode::kConflict,
                  fmt::format("version {} has its source already", row->number));
    }
    CROFT_TRY(check_disk_cap(tx, row->project_id, static_cast<std::int64_t>(bytes)));
    row->source_bytes = static_cast<std::int64_t>(bytes);
    row->status = VersionStatus::kWaitingToBuild;
    CROFT_TRY(update_version(tx, scope, *row));
    return {};
  });
}

Task<void> drop_upload(AppContext& context, Scope scope, VersionId version) {
  const Status dropped = co_await context.store.write([&](Tx& tx) -> Status {
    auto row = get_version(tx, scope, version);
    if (!row) return fail(std::move(row).error());
    if (row->status != VersionStatus::kUploading) return {};
    return delete_version(tx, scope, version);
  });
  if (!dropped && dropped.error().code() != ErrorCode::kNotFound) {
    log_warning("a version without source stays", {{"error", dropped.error().describe()}});
  }
}

Task<Result<Process>> deploy_version(AppContext& context, const Actor& actor, VersionId version) {
  auto process = co_await context.store.write([&](Tx& tx) -> Result<Process> {
    auto row = get_version(tx, actor.scope, version);
    if (!row) return fail(std::move(row).error());
    if (row->status == VersionStatus::kUploading) {
      return fail(ErrorCode::kConflict,
                  fmt::format("version {} has no source yet; upload it first", row->number));
    }
    if (row->status != VersionStatus::kWaitingToBuild) {
      return fail(
          ErrorCode::kConflict,
          fmt::format(
              "version {} is {} and is not deployed again; to go back to it: croft rollback",
              row->number, enum_to_string(row->status)));
    }
    CROFT_TRY(check_build_cap(tx, row->project_id));
    auto service = get_service(tx, actor.scope, row->service_id);
    if (!service) return fail(std::move(service).error());
    return start_with(tx, actor, *service, *row, "deploy");
  });
  if (process) context.wake();
  co_return process;
}

Task<Result<Process>> activate_version_use_case(AppContext& context, const Actor& actor,
                                                ServiceId service, std::optional<int> number) {
  auto process = co_await context.store.write([&](Tx& tx) -> Result<Process> {
    auto row = get_service(tx, actor.scope, service);
    if (!row) return fail(std::move(row).error());
    std::optional<Version> target;
    if (number) {
      auto named = get_version_by_number(tx, actor.scope, service, *number);
      if (!named) return fail(std::move(named).error());
      target = std::move(*named);
    } else {
      auto versions = list_versions(tx, actor.scope, service, {.limit = 200});
      if (!versions) return fail(std::move(versions).error());
      for (const Version& one : versions->items) {
        if (one.status != VersionStatus::kBackup) continue;
        if (!target || one.activated_at > target->activated_at) target = one;
      }
      if (!target) {
        return fail(ErrorCode::kNotFound,
                    fmt::format("service {} has no earlier version to go back to", row->hostname));
      }
    }
    if (target->id == row->active_version_id) {
      return fail(ErrorCode::kConflict,
                  fmt::format("version {} is active already", target->number));
    }
    if (target->status != VersionStatus::kBackup) {
      return fail(
          ErrorCode::kConflict,
          fmt::format("version {} is {}: only a version that was active can be activated again",
                      target->number, enum_to_string(target->status)));
    }
    return start_with(tx, actor, *row, *target, "activate");
  });
  if (process) context.wake();
  co_return process;
}

}  // namespace croft

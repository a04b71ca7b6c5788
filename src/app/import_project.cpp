#include "app/import_project.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/environment.h"
#include "app/caps.h"
#include "app/process_start.h"
#include "app/service_rows.h"
#include "spec/import_config.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

struct Prepared {
  spec::ImportFile file;
  std::vector<ServiceWish> wishes;  // one per service of the file, in order
  std::vector<FieldError> warnings;
};

FieldError located(const ImportRequest& request, std::string pointer, std::string message,
                   const spec::Position& at) {
  return {.pointer = std::move(pointer),
          .message = std::move(message),
          .file = request.file,
          .line = at.line,
          .column = at.column};
}

ServiceWish wish_of(const spec::ImportService& service, catalog::Resolved type) {
  ServiceWish wish;
  wish.hostname = service.hostname;
  wish.type = std::move(type);
  wish.min_containers = service.min_containers.value_or(1);
  wish.max_containers = service.max_containers.value_or(wish.min_containers);
  wish.subdomain_enabled = service.enable_subdomain_access;
  if (service.env_isolation == spec::Isolation::kNone) wish.env_isolation = EnvIsolation::kNone;
  wish.variables = service.env_variables;
  wish.secrets = service.env_secrets;
  for (const spec::Port& port : service.ports) {
    wish.ports.push_back({.port = static_cast<std::uint16_t>(port.port),
                          .protocol = port.protocol == spec::Protocol::kUdp ? PortProtocol::kUdp
                                                                            : PortProtocol::kTcp,
                          .http = port.http,
                          .description = port.description});
  }
  return wish;
}

// What the file asks for and this kind of service has no use for: said, not ignored.
void warn_about_misfits(const ImportRequest& request, const spec::ImportService& service,
                        const catalog::ServiceType& type, const std::string& pointer,
                        std::vector<FieldError>& warnings) {
  const auto warn = [&](const char* key, const std::string& message) {
    warnings.push_back(
        located(request, fmt::format("{}/{}", pointer, key),
                fmt::format("{}: '{}' has no effect: {}", service.hostname, key, message),
                service.hostname_at));
  };
  if (!is_managed(type.category)) return;
  if (service.min_containers.value_or(1) > 1) {
    warn("minContainers", type.name + " keeps its data in one container");
  }
  if (!service.ports.empty()) warn("ports", type.name + " has the ports of its type");
  if (service.enable_subdomain_access) {
    warn("enableSubdomainAccess", type.name + " does not speak HTTP");
  }
}

Result<Prepared> prepare(AppContext& context, const ImportRequest& request) {
  const spec::ImportOptions options{
      .kind = request.project.empty() ? spec::ImportKind::kProject : spec::ImportKind::kServices,
      .resolver = {},
      .random = &context.random,
      .clock = &context.clock};
  auto parsed = spec::parse_import(request.file, request.text, options);
  if (!parsed) return fail(std::move(parsed).error());
  Prepared prepared{
      .file = std::move(parsed->file), .wishes = {}, .warnings = std::move(parsed->warnings)};
  std::vector<FieldError> errors;
  ErrorCode code = ErrorCode::kInvalid;
  for (std::size_t i = 0; i < prepared.file.services.size(); ++i) {
    const spec::ImportService& service = prepared.file.services[i];
    const std::string pointer = fmt::format("/services/{}", i);
    spec::TypeRef ref = service.type.type;
    if (service.mode == spec::Mode::kHa) ref.variant = "ha";
    auto type = context.catalog.find(ref, {.nearest = request.nearest_versions});
    if (!type) {
      if (type.error().code() == ErrorCode::kUnsupported) code = ErrorCode::kUnsupported;
      errors.push_back(
          located(request, pointer + "/type", type.error().message(), service.type.at));
      continue;
    }
    for (const std::string& warning : type->warnings) {
      prepared.warnings.push_back(located(request, pointer + "/type", warning, service.type.at));
    }
    warn_about_misfits(request, service, *type->type, pointer, prepared.warnings);
    prepared.wishes.push_back(wish_of(service, std::move(*type)));
  }
  if (!errors.empty()) {
    Error error(code, fmt::format("{}: {}", request.file, errors.front().message));
    return fail(std::move(error).with_fields(std::move(errors)));
  }
  return prepared;
}

Result<Project> target_project(Tx& tx, const Scope& scope, const ImportRequest& request,
                               const Prepared& prepared) {
  if (!request.project.empty()) {
    const auto id = ProjectId::parse(request.project);
    return id ? get_project(tx, scope, *id) : get_project_by_name(tx, scope, request.project);
  }
  const spec::ImportProject& wanted = *prepared.file.project;
  const std::string name =
      valid_project_name(wanted.name) ? wanted.name : project_name_from(wanted.name);
  if (name.empty()) {
    Error error(
        ErrorCode::kInvalid,
        fmt::format("'{}' cannot be made a project name: lower-case letters, digits and single "
                    "dashes, beginning with a letter",
                    wanted.name));
    return fail(std::move(error).with_field(
        located(request, "/project/name", "not usable as a name", wanted.name_at)));
  }
  auto project = create_project(
      tx, scope,
      {.name = name,
       .description = wanted.description,
       .tags = wanted.tags,
       .env_isolation = wanted.env_isolation == spec::Isolation::kNone ? EnvIsolation::kNone
                                                                       : EnvIsolation::kService});
  if (!project) return project;
  for (const auto& [key, value] : wanted.env_variables) {
    CROFT_TRY(check_variable_key(key));
    CROFT_TRY(check_variable_value(key, value));
    CROFT_TRY(set_variable(tx, scope.with(project->id),
                           {.project_id = project->id, .key = key, .value = Secret(value)}));
  }
  return project;
}

// References that nothing answers to: they reach the containers as they are written. Variables of
// croft.yml files are not known before the first deployment.
Status check_references(const Tx& tx, AppContext& context, const ImportRequest& request,
                        const Project& project, const Prepared& prepared,
                        const std::vector<Service>& services, std::vector<FieldError>& warnings) {
  Version coming;  // its id is a variable too
  coming.id = VersionId::generate(context.random);
  for (std::size_t i = 0; i < services.size(); ++i) {
    const spec::ImportService& source = prepared.file.services[i];
    auto environment = runtime_environment(tx, {project, services[i], &coming}, context.platform);
    if (!environment) return fail(std::move(environment).error());
    for (const spec::EnvWarning& warning : environment->warnings) {
      const auto place = source.env_places.find(warning.key);
      const bool known = place != source.env_places.end();
      warnings.push_back(located(request, fmt::format("/services/{}", i),
                                 source.hostname + ": " + warning_text(warning),
                                 known ? place->second : source.hostname_at));
    }
  }
  return {};
}

Result<Process> start_import(Tx& tx, const Actor& actor, const Project& project,
                             const Prepared& prepared, const std::vector<Service>& services) {
  boost::json::array list;
  for (std::size_t i = 0; i < services.size(); ++i) {
    list.push_back(
        {{"id", services[i].id.str()}, {"priority", prepared.file.services[i].priority}});
  }
  return start_process(tx, actor,
                       {.project_id = project.id,
                        .service_id = {},
                        .kind = "project.import",
                        .params = {{"services", std::move(list)}},
                        .object = "project " + project.name});
}

std::vector<ImportStep> describe(const Prepared& prepared, const ImportRequest& request) {
  std::vector<ImportStep> plan;
  std::string project = request.project;
  if (project.empty()) {
    project = project_name_from(prepared.file.project->name);
    plan.push_back({"project", project, "create the project with its network and core"});
  }
  for (const ServiceWish& wish : prepared.wishes) {
    plan.push_back({"service", project + "/" + wish.hostname,
                    fmt::format("create a {} service", wish.type.canonical())});
  }
  return plan;
}

// Marks the end of a dry run: everything was tried, nothing is kept.
Error dry_run_over() {
  return Error(ErrorCode::kCancelled, "dry run");
}

}  // namespace

Task<Result<ImportAnswer>> import_project(AppContext& context, const Actor& actor,
                                          ImportRequest request) {
  auto prepared = prepare(context, request);
  if (!prepared) co_return fail(std::move(prepared).error());
  ImportAnswer answer;
  answer.plan = describe(*prepared, request);
  answer.warnings = prepared->warnings;
  auto written = co_await context.store.write([&](Tx& tx) -> Result<ImportAnswer> {
    ImportAnswer rows;
    auto project = target_project(tx, actor.scope, request, *prepared);
    if (!project) return fail(std::move(project).error());
    Actor inside = actor;  // sees the project that is being made
    inside.scope = actor.scope.with(project->id);
    for (std::size_t i = 0; i < prepared->wishes.size(); ++i) {
      auto service = create_service_rows(tx, inside.scope, *project, prepared->wishes[i]);
      if (!service) {
        const spec::ImportService& source = prepared->file.services[i];
        Error error = service.error();
        return fail(
            std::move(error).with_field(located(request, fmt::format("/services/{}/hostname", i),
                                                service.error().message(), source.hostname_at)));
      }
      rows.services.push_back(std::move(*service));
    }
    CROFT_TRY(check_references(tx, context, request, *project, *prepared, rows.services,
                               answer.warnings));
    CROFT_TRY(check_container_caps(tx, context.catalog, project->id, {}, 0));
    if (request.dry_run) return fail(dry_run_over());
    auto process = start_import(tx, inside, *project, *prepared, rows.services);
    if (!process) return fail(std::move(process).error());
    rows.process = std::move(*process);
    rows.project = std::move(*project);
    return rows;
  });
  if (!written) {
    const bool tried = request.dry_run && written.error().code() == ErrorCode::kCancelled;
    if (!tried) co_return fail(std::move(written).error());
    co_return answer;
  }
  written->plan = std::move(answer.plan);
  written->warnings = std::move(answer.warnings);
  context.wake();
  co_return written;
}

}  // namespace croft

#include <algorithm>

#include "api/dto.h"
#include "api/json_reader.h"
#include "api/place.h"
#include "api/routes_services.h"
#include "app/export_project.h"
#include "app/import_project.h"
#include "spec/import_config.h"

namespace croft {
namespace {

// YAML as it is, or as a member of a JSON object.
Result<ImportRequest> read_request(ApiRequest& request, std::string body_text) {
  ImportRequest wanted;
  const std::string type =
      request.exchange().headers().find("Content-Type").value_or("application/json");
  if (type.starts_with("text/yaml") || type.starts_with("application/yaml")) {
    wanted.text = std::move(body_text);
    wanted.project = request.query("project").value_or("");
    wanted.file = "import.yml";
  } else {
    auto body = parse_json(body_text);
    if (!body) return fail(std::move(body).error());
    if (!body->is_object()) return fail(ErrorCode::kInvalid, "the body must be a JSON object");
    JsonReader reader(body->get_object());
    wanted.text = reader.text("yaml");
    wanted.file = reader.optional_text("file").value_or("import.yml");
    wanted.project = reader.optional_text("project").value_or("");
    CROFT_TRY(reader.finish());
  }
  auto nearest = request.query_flag("nearest_versions");
  if (!nearest) return fail(std::move(nearest).error());
  auto dry_run = request.query_flag("dry_run");
  if (!dry_run) return fail(std::move(dry_run).error());
  wanted.nearest_versions = *nearest;
  wanted.dry_run = *dry_run;
  return wanted;
}

boost::json::object plan_json(const ImportAnswer& answer) {
  boost::json::array actions;
  for (const ImportStep& step : answer.plan) {
    actions.push_back({{"action", "create"},
                       {"object", step.object},
                       {"name", step.name},
                       {"detail", step.detail}});
  }
  return {{"changes", !actions.empty()},
          {"actions", std::move(actions)},
          {"warnings", warnings_json(answer.warnings)}};
}

Task<Result<ApiResponse>> import_route(ApiContext& context, ApiRequest& request) {
  auto body = co_await request.exchange().read_body(kMaxJsonBytes);
  if (!body) co_return fail(std::move(body).error());
  auto wanted = read_request(request, std::move(*body));
  if (!wanted) co_return fail(std::move(wanted).error());
  const bool into_new = wanted->project.empty();
  CROFT_CO_TRY(authorize(request.actor(), into_new ? Action::kCreateProject : Action::kWrite, {}));
  if (!wanted->dry_run) CROFT_CO_TRY(co_await check_can_begin(context, "import"));
  auto answer = co_await import_project(context.app, request.actor(), std::move(*wanted));
  if (!answer) co_return fail(std::move(answer).error());
  if (!answer->process) co_return json_response(200, plan_json(*answer));

  const Scope scope = request.actor().scope.with(answer->project->id);
  auto views = co_await context.app.store.read(
      [&](const Tx& tx) -> Result<std::pair<ProjectView, ProcessView>> {
        auto project = view_project(tx, scope, *answer->project);
        if (!project) return fail(std::move(project).error());
        auto process = view_process(tx, *answer->process);
        if (!process) return fail(std::move(process).error());
        return std::pair(std::move(*project), std::move(*process));
      });
  if (!views) co_return fail(std::move(views).error());
  boost::json::array services;
  for (const Service& service : answer->services) {
    services.push_back({{"hostname", service.hostname},
                        {"type", service.type},
                        {"process_id", answer->process->id.str()}});
  }
  ApiResponse response =
      json_response(202, boost::json::object{{"project", project_json(views->first)},
                                             {"services", std::move(services)},
                                             {"process", process_json(views->second)},
                                             {"warnings", warnings_json(answer->warnings)}});
  response.headers.add("Location",
                       std::string(kApiPrefix) + "/processes/" + answer->process->id.str());
  co_return response;
}

Task<Result<ApiResponse>> export_route(ApiContext& context, ApiRequest& request) {
  auto reveal = request.query_flag("reveal");
  if (!reveal) co_return fail(std::move(reveal).error());
  const std::string name = request.param("project");
  const Scope& scope = request.actor().scope;
  auto project =
      co_await context.app.store.read([&](const Tx& tx) { return find_project(tx, scope, name); });
  if (!project) co_return fail(std::move(project).error());
  CROFT_CO_TRY(authorize(request.actor(), *reveal ? Action::kWrite : Action::kRead, project->id));
  auto text = co_await export_project(context.app, scope, project->id, *reveal);
  if (!text) co_return fail(std::move(text).error());
  ApiResponse response;
  response.body = std::move(*text);
  response.content_type = "text/yaml; charset=utf-8";
  co_return response;
}

}  // namespace

void add_import_routes(Router& router, ApiContext& context) {
  router.add({"POST", "/api/v1/import", Access::kWrite, BodyKind::kStream,
              [&context](ApiRequest& r) { return import_route(context, r); }});
  router.add({"GET", "/api/v1/projects/{project}/export", Access::kRead, BodyKind::kNone,
              [&context](ApiRequest& r) { return export_route(context, r); }});
}

}  // namespace croft

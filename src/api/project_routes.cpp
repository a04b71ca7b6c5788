#include <fmt/format.h>

#include "api/dto.h"
#include "api/json_reader.h"
#include "api/routes.h"
#include "app/project_write.h"
#include "app/read.h"

namespace croft {
namespace {

Task<Result<ApiResponse>> list_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  const auto projects = co_await list_projects(context.app, request.actor(), *page);
  if (!projects) co_return fail(projects.error());
  boost::json::array items;
  for (const ProjectView& view : projects->items) items.push_back(project_json(view));
  co_return json_response(200, page_json(std::move(items), projects->next));
}

std::vector<VariableInput> variables_of(JsonReader& reader) {
  std::vector<VariableInput> inputs;
  const auto given = reader.optional_text_map("variables");
  if (!given) return inputs;
  for (const auto& [key, value] : *given) {
    inputs.push_back({.key = key,
                      .value = Secret(value),
                      .secret = false,
                      .pointer = reader.pointer_to("variables") + "/" + key});
  }
  return inputs;
}

Task<Result<ApiResponse>> create_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  ProjectInput input{
      .name = reader.text("name"),
      .description = reader.optional_text("description").value_or(""),
      .tags = reader.optional_texts("tags").value_or(std::vector<std::string>()),
      .env_isolation =
          reader.optional_enum<EnvIsolation>("env_isolation").value_or(EnvIsolation::kService),
      .variables = variables_of(reader)};
  CROFT_CO_TRY(reader.finish());
  const auto made = co_await create_project(context.app, request.actor(), std::move(input));
  if (!made) co_return fail(made.error());
  ApiResponse response = json_response(201, project_json(*made));
  response.headers.set("Location",
                       fmt::format("{}/projects/{}", kApiPrefix, made->project.id.str()));
  co_return request.with_etag(std::move(response), made->project.generation);
}

Task<Result<ApiResponse>> show_route(ApiContext& context, ApiRequest& request) {
  const auto view = co_await show_project(context.app, request.actor(), request.param("project"));
  if (!view) co_return fail(view.error());
  co_return request.with_etag(json_response(200, project_json(*view)), view->project.generation);
}

Task<Result<ApiResponse>> change_route(ApiContext& context, ApiRequest& request) {
  const auto seen = request.if_match();
  if (!seen) co_return fail(seen.error());
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  ProjectChange change{.description = reader.optional_text("description"),
                       .tags = reader.optional_texts("tags"),
                       .env_isolation = reader.optional_enum<EnvIsolation>("env_isolation")};
  CROFT_CO_TRY(reader.finish());
  const auto view = co_await change_project(context.app, request.actor(), request.param("project"),
                                            std::move(change), *seen);
  if (!view) co_return fail(view.error());
  co_return request.with_etag(json_response(200, project_json(*view)), view->project.generation);
}

Task<Result<ApiResponse>> delete_route(ApiContext& context, ApiRequest& request) {
  const auto seen = request.if_match();
  if (!seen) co_return fail(seen.error());
  const auto process =
      co_await delete_project(context.app, request.actor(), request.param("project"), *seen);
  if (!process) co_return fail(process.error());
  co_return accepted(*process);
}

}  // namespace

void add_project_routes(Router& router, ApiContext& context) {
  const auto add = [&](const char* method, const char* path, Access access, BodyKind body,
                       RouteFunction function) {
    router.add(
        {method, std::string(kApiPrefix) + path, access, body, bind_route(context, function)});
  };
  add("GET", "/projects", Access::kRead, BodyKind::kNone, list_route);
  add("POST", "/projects", Access::kCreateProject, BodyKind::kJson, create_route);
  add("GET", "/projects/{project}", Access::kRead, BodyKind::kNone, show_route);
  add("PATCH", "/projects/{project}", Access::kWrite, BodyKind::kJson, change_route);
  add("DELETE", "/projects/{project}", Access::kWrite, BodyKind::kNone, delete_route);
}

}  // namespace croft

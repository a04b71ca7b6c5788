#include "api/place.h"

#include "api/dto.h"

namespace croft {

Task<Result<Place>> find_place(ApiContext& context, ApiRequest& request, Action action) {
  const Scope& scope = request.actor().scope;
  const std::string project_name = request.param("project");
  const std::string service_name = request.param("service");
  auto place = co_await context.app.store.read([&](const Tx& tx) -> Result<Place> {
    auto project = find_project(tx, scope, project_name);
    if (!project) return fail(std::move(project).error());
    auto service = find_service(tx, scope, *project, service_name);
    if (!service) return fail(std::move(service).error());
    return Place{std::move(*project), std::move(*service)};
  });
  if (!place) co_return place;
  CROFT_CO_TRY(authorize(request.actor(), action, place->project.id));
  co_return place;
}

Task<Result<ApiResponse>> accepted_process(ApiContext& context, Process process) {
  auto view =
      co_await context.app.store.read([&](const Tx& tx) { return view_process(tx, process); });
  if (!view) co_return fail(std::move(view).error());
  ApiResponse response = json_response(202, process_json(*view));
  response.headers.add("Location", std::string(kApiPrefix) + "/processes/" + process.id.str());
  co_return response;
}

Task<Status> check_can_begin(ApiContext& context, std::string what) {
  if (!context.begin_work) co_return Status();
  Status can = co_await context.begin_work();
  if (!can) co_return fail(std::move(can).error().in(what + ": nothing was created"));
  co_return Status();
}

boost::json::array warnings_json(const std::vector<FieldError>& warnings) {
  boost::json::array list;
  for (const FieldError& one : warnings) {
    list.push_back({{"pointer", one.pointer},
                    {"message", one.message},
                    {"file", one.file},
                    {"line", one.line},
                    {"column", one.column}});
  }
  return list;
}

}  // namespace croft

#include <fmt/format.h>

#include "api/dto.h"
#include "api/json_reader.h"
#include "api/routes.h"
#include "app/variable_read.h"

namespace croft {
namespace {

constexpr std::size_t kMaxBulk = 1000;

VariableOwner owner_of(const ApiRequest& request) {
  const auto service = request.params_.find("service");
  return {.project = request.param("project"),
          .service = service == request.params_.end() ? std::string() : service->second};
}

Task<Result<ApiResponse>> list_route(ApiContext& context, ApiRequest& request) {
  const auto reveal = request.query_flag("reveal");
  if (!reveal) co_return fail(reveal.error());
  const auto views =
      co_await show_variables(context.app, request.actor(), owner_of(request), *reveal);
  if (!views) co_return fail(views.error());
  boost::json::array items;
  for (const VariableView& view : *views) items.push_back(variable_json(view));
  co_return json_response(200, page_json(std::move(items), ""));
}

Task<Result<ApiResponse>> show_route(ApiContext& context, ApiRequest& request) {
  const auto reveal = request.query_flag("reveal");
  if (!reveal) co_return fail(reveal.error());
  const auto view = co_await show_variable(context.app, request.actor(), owner_of(request),
                                           request.param("key"), *reveal);
  if (!view) co_return fail(view.error());
  co_return json_response(200, variable_json(*view));
}

// One of a bulk; complaints go to `reader`, which reads the whole.
std::optional<VariableInput> read_one(JsonReader& reader, const boost::json::value& item,
                                      std::size_t index) {
  const std::string pointer = fmt::format("{}/{}", reader.pointer_to("variables"), index);
  if (!item.is_object()) {
    reader.complain("variables", fmt::format("item {} is not an object", index));
    return std::nullopt;
  }
  JsonReader part(item.get_object(), pointer);
  VariableInput input{.key = part.text("key"),
                      .value = Secret(part.text("value")),
                      .secret = part.optional_flag("secret"),
                      .pointer = pointer};
  reader.include(part);
  return input;
}

Task<Result<ApiResponse>> set_many_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  std::vector<VariableInput> inputs;
  const boost::json::array* items = reader.optional_array("variables");
  if (items == nullptr) reader.complain("variables", "is missing");
  if (items != nullptr && items->size() > kMaxBulk) {
    co_return fail(ErrorCode::kTooLarge, fmt::format("at most {} variables at once", kMaxBulk));
  }
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    if (auto one = read_one(reader, (*items)[i], i)) inputs.push_back(std::move(*one));
  }
  const bool replace = reader.optional_flag("replace").value_or(false);
  CROFT_CO_TRY(reader.finish());
  const auto changed = co_await set_variables(context.app, request.actor(), owner_of(request),
                                              std::move(inputs), replace);
  if (!changed) co_return fail(changed.error());
  co_return json_response(200, changed_json(*changed));
}

Task<Result<ApiResponse>> set_one_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  VariableInput input{.key = request.param("key"),
                      .value = Secret(reader.text("value")),
                      .secret = reader.optional_flag("secret"),
                      .pointer = ""};
  CROFT_CO_TRY(reader.finish());
  std::vector<VariableInput> inputs;
  inputs.push_back(std::move(input));
  const auto changed = co_await set_variables(context.app, request.actor(), owner_of(request),
                                              std::move(inputs), false);
  if (!changed) co_return fail(changed.error());
  co_return json_response(200, changed_json(*changed));
}

Task<Result<ApiResponse>> unset_route(ApiContext& context, ApiRequest& request) {
  const auto changed = co_await unset_variable(context.app, request.actor(), owner_of(request),
                                               request.param("key"));
  if (!changed) co_return fail(changed.error());
  co_return json_response(200, changed_json(*changed));
}

}  // namespace

void add_variable_routes(Router& router, ApiContext& context) {
  const auto add = [&](const char* method, const std::string& path, Access access, BodyKind body,
                       RouteFunction function) {
    router.add({method, kApiPrefix + path, access, body, bind_route(context, function)});
  };
  for (const char* owner : {"/projects/{project}", "/projects/{project}/services/{service}"}) {
    const std::string all = std::string(owner) + "/variables";
    const std::string one = all + "/{key}";
    add("GET", all, Access::kRead, BodyKind::kNone, list_route);
    add("PUT", all, Access::kWrite, BodyKind::kJson, set_many_route);
    add("GET", one, Access::kRead, BodyKind::kNone, show_route);
    add("PUT", one, Access::kWrite, BodyKind::kJson, set_one_route);
    add("DELETE", one, Access::kWrite, BodyKind::kNone, unset_route);
  }
}

}  // namespace croft

// The platform's limits: caps per project, requests per token and address.
#include "api/json_reader.h"
#include "api/routes.h"
#include "app/limits.h"

namespace croft {
namespace {

ApiResponse limits_response(Limits limits) {
  boost::json::object body;
  for (const NamedLimit& one : kNamedLimits) body[one.name] = one.of(limits);
  return json_response(200, body);
}

Task<Result<ApiResponse>> show_limits_route(ApiContext& context, ApiRequest& request) {
  auto limits = co_await show_limits(context.app, request.actor());
  if (!limits) co_return fail(std::move(limits).error());
  co_return limits_response(*limits);
}

Task<Result<ApiResponse>> change_limits_route(ApiContext& context, ApiRequest& request) {
  const auto body = request.json_body();
  if (!body) co_return fail(body.error());
  JsonReader reader(*body);
  std::map<std::string, std::int64_t> changes;
  for (const NamedLimit& one : kNamedLimits) {
    const auto value = reader.optional_integer(one.name, 1, kLargestLimit);
    if (value) changes.emplace(one.name, *value);
  }
  CROFT_CO_TRY(reader.finish());
  auto limits = co_await change_limits(context.app, request.actor(), std::move(changes));
  if (!limits) co_return fail(std::move(limits).error());
  context.rates = limits->requests;
  if (context.limits_changed) context.limits_changed(*limits);
  co_return limits_response(*limits);
}

}  // namespace

void add_limits_routes(Router& router, ApiContext& context) {
  const std::string path = std::string(kApiPrefix) + "/platform/limits";
  router.add({"GET", path, Access::kRead, BodyKind::kNone, bind_route(context, show_limits_route)});
  router.add(
      {"PATCH", path, Access::kAdmin, BodyKind::kJson, bind_route(context, change_limits_route)});
}

}  // namespace croft

// The frame around every route: request id, authentication, authorisation, body, idempotency,
// problems, audit of refusals. The one door to the API.
#pragma once

#include <functional>
#include <string>

#include "api/router.h"
#include "app/app_context.h"
#include "net/http_exchange.h"
#include "task/broadcast.h"

namespace croft {

// What routes work with. One per program; everything in it outlives it.
struct ApiContext {
  AppContext& app;
  Auth& auth;
  Runtime& runtime;
  Broadcast& changes;  // notified after commits that appended events (Store::on_events)
  std::string install_id;
  std::string version;  // of this program
  // Asked before something is created that needs the engine and disk space, so that a refusal
  // leaves nothing half-made: RunningPlatform::begin_work. Null: never refused.
  std::function<Task<Status>()> begin_work = nullptr;
};

class ApiHandlerFrame final : public HttpHandler {
 public:
  // `router` is complete before the first request.
  ApiHandlerFrame(ApiContext& context, const Router& router) : context_(context), router_(router) {}

  Task<void> handle(HttpExchange& exchange) override;

 private:
  Task<Result<ApiResponse>> serve(ApiRequest& request);
  Task<Status> admit(ApiRequest& request, const Route& route);
  Task<Status> take_body(ApiRequest& request, const Route& route);
  Task<Result<ApiResponse>> call_once(ApiRequest& request, const Route& route, std::string key);
  Task<Result<ApiResponse>> call(ApiRequest& request, const Route& route);
  Task<void> audit(ApiRequest& request, const Route& route, const ApiResponse& response);
  Task<void> note_failure(ApiRequest& request, const Error& error);

  ApiContext& context_;
  const Router& router_;
};

}  // namespace croft

// The frame around every route: request id, authentication, authorisation, body, idempotency,
// problems, audit of refusals. The one door to the API.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "api/router.h"
#include "app/app_context.h"
#include "app/auth/rate_limiter.h"
#include "base/metrics.h"
#include "model/limits.h"
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
  RequestRates rates = {};
  std::function<void(const Limits&)> limits_changed = nullptr;  // after `rates` were set
  // kExhausted while nothing can be written; null: always possible. Asked before every request that
  // changes something, deletions and log-outs excepted: they make room.
  std::function<Status()> may_write = nullptr;
};

// What the frame counts, for metrics. Methods and classes only: paths have no bound.
struct ApiFigures {
  std::map<std::pair<std::string, std::string>, std::int64_t> requests;  // (method, "2xx")
  Histogram seconds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};  // of answers that were not streamed
  std::int64_t unauthenticated = 0;                             // 401
  std::int64_t denied = 0;                                      // 403
  std::int64_t rate_limited = 0;                                // 429
};

class ApiHandlerFrame final : public HttpHandler {
 public:
  // `router` is complete before the first request.
  ApiHandlerFrame(ApiContext& context, const Router& router)
      : context_(context),
        router_(router),
        by_token_(context.app.clock),
        by_address_(context.app.clock) {}

  Task<void> handle(HttpExchange& exchange) override;
  // A problem, as every other refusal of the API.
  HttpAnswer refusal(int status, const Error& error) override;
  const ApiFigures& figures() const { return figures_; }

 private:
  Task<Result<ApiResponse>> serve(ApiRequest& request);
  // kRateLimited with the request's retry_after set: this address has asked too often without a
  // token.
  Task<Status> admit_stranger(ApiRequest& request, const Route& route);
  Task<Status> admit(ApiRequest& request, const Route& route);
  Status check_writable(const Route& route) const;
  Task<Status> take_body(ApiRequest& request, const Route& route);
  Task<Result<ApiResponse>> call_once(ApiRequest& request, const Route& route, std::string key);
  Task<Result<ApiResponse>> call(ApiRequest& request, const Route& route);
  Task<void> audit(ApiRequest& request, const Route& route, const ApiResponse& response);
  Task<void> note_failure(ApiRequest& request, const Error& error);

  ApiContext& context_;
  const Router& router_;
  void count(const std::string& method, int status, std::optional<Millis> took);

  ApiFigures figures_;
  RateLimiter by_token_;    // keys: hashes of tokens that were good
  RateLimiter by_address_;  // requests without one
};

}  // namespace croft

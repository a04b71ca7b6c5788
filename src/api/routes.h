// The routes, one function per group of the contract (api/openapi.json). `context` outlives the
// router.
#pragma once

#include "api/api_handler.h"
#include "app/views.h"

namespace croft {

void add_auth_routes(Router& router, ApiContext& context);      // setup, login, tokens
void add_project_routes(Router& router, ApiContext& context);   // projects
void add_variable_routes(Router& router, ApiContext& context);  // of projects and services
void add_read_routes(Router& router, ApiContext& context);      // services, versions, nodes: GET
void add_process_routes(Router& router, ApiContext& context);   // list, show, log, cancel
void add_event_routes(Router& router, ApiContext& context);     // GET /events
void add_audit_routes(Router& router, ApiContext& context);     // GET /audit
void add_limits_routes(Router& router, ApiContext& context);    // /platform/limits
void add_meta_routes(Router& router, ApiContext& context);      // openapi.json, /healthz

// A handler of a function that takes the context and the request.
using RouteFunction = Task<Result<ApiResponse>> (*)(ApiContext&, ApiRequest&);
ApiHandler bind_route(ApiContext& context, RouteFunction function);

// 202 with the process and where to follow it.
ApiResponse accepted(const ProcessView& process);

}  // namespace croft

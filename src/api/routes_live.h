// Routes that show or touch what runs: instances, logs, exec, the platform's state.
#pragma once

#include "api/api_handler.h"
#include "api/router.h"
#include "app/running.h"

namespace croft {

void add_instance_routes(Router& router, ApiContext& context, RunningPlatform& running);
void add_log_routes(Router& router, ApiContext& context, RunningPlatform& running);
void add_exec_route(Router& router, ApiContext& context, RunningPlatform& running);
// GET /readyz, for everybody: 200 when a project can run, otherwise 503; both say what was looked
// at.
void add_ready_route(Router& router, RunningPlatform& running);
void add_platform_routes(Router& router, ApiContext& context, RunningPlatform& running);

}  // namespace croft

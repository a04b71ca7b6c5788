// Routes of services: create, actions, versions, import.
#pragma once

#include "api/api_handler.h"
#include "api/router.h"
#include "app/running.h"

namespace croft {

void add_import_routes(Router& router, ApiContext& context);
void add_service_action_routes(Router& router, ApiContext& context);
void add_version_routes(Router& router, ApiContext& context, RunningPlatform& running);

}  // namespace croft

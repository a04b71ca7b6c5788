#include "api/all_routes.h"

#include "api/routes.h"
#include "api/routes_live.h"
#include "api/routes_nodes.h"
#include "api/routes_services.h"

namespace croft {

void add_all_routes(Router& router, ApiContext& context, RunningPlatform& running,
                    std::function<NodeFacts()> nodes) {
  add_auth_routes(router, context);
  add_project_routes(router, context);
  add_variable_routes(router, context);
  add_read_routes(router, context);
  add_node_routes(router, context, std::move(nodes));
  add_process_routes(router, context);
  add_event_routes(router, context);
  add_audit_routes(router, context);
  add_limits_routes(router, context);
  add_meta_routes(router, context);
  add_import_routes(router, context);
  add_service_action_routes(router, context);
  add_version_routes(router, context, running);
  add_instance_routes(router, context, running);
  add_log_routes(router, context, running);
  add_exec_route(router, context, running);
  add_platform_routes(router, context, running);
  add_ready_route(router, running);
}

}  // namespace croft

// What a user can do with a service: create, start, stop, restart, scale, delete. Each ends with a
// process in the service's queue.
#pragma once

#include <optional>
#include <string>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "app/service_rows.h"
#include "model/process.h"

namespace croft {

struct NewServiceRequest {
  std::string hostname;
  std::string type;
  bool ha = false;
  int min_containers = 1;
  std::optional<int> max_containers;
  bool subdomain_enabled = true;
  std::optional<EnvIsolation> env_isolation;
  std::map<std::string, std::string> variables;
  std::map<std::string, Secret> secrets;
  bool nearest_versions = false;
};

struct ServiceCreated {
  Service service;
  Process process;  // of a runtime: ends at once, it waits for code
  std::vector<std::string> warnings;
};

// kInvalid, kConflict (hostname taken), kUnsupported (a variant of a later part).
Task<Result<ServiceCreated>> create_service_use_case(AppContext& context, const Actor& actor,
                                                     ProjectId project, NewServiceRequest request);

enum class ServiceAction : std::uint8_t { kStart, kStop, kRestart, kDelete };

// kConflict: the action does not fit the service's state (nothing deployed yet, already stopped).
Task<Result<Process>> act_on_service(AppContext& context, const Actor& actor, ServiceId service,
                                     ServiceAction action);

// `containers` in 1..kMaxContainers; kConflict for a managed service, or one that does not run.
Task<Result<Process>> scale_service(AppContext& context, const Actor& actor, ServiceId service,
                                    int containers);

}  // namespace croft

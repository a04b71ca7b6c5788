// Services of projects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/service.h"
#include "store/tx.h"

namespace croft {

struct NewService {
  ProjectId project_id;
  std::string hostname;  // valid_hostname
  std::string type;      // canonical catalog name
  ServiceCategory category = ServiceCategory::kRuntime;
  ServiceStatus status = ServiceStatus::kReadyToDeploy;
  int min_containers = 1;
  int max_containers = 1;
  int containers = 1;
  bool subdomain_enabled = false;
  EnvIsolation env_isolation = EnvIsolation::kService;
  std::vector<Port> ports;
};

// Takes the smallest free index of the project. kConflict: the hostname is taken. kNotFound: no
// such project. kExhausted: 65534 services.
Result<Service> create_service(Tx& tx, const Scope& scope, const NewService& wanted);
Result<Service> get_service(const Tx& tx, const Scope& scope, const ServiceId& id);
Result<Service> get_service_by_hostname(const Tx& tx, const Scope& scope, const ProjectId& project,
                                        std::string_view hostname);
// By hostname. kNotFound: no such project.
Result<std::vector<Service>> list_services(const Tx& tx, const Scope& scope,
                                           const ProjectId& project);
// Of every project in the scope, by project and hostname: for reconcilers.
Result<std::vector<Service>> all_services(const Tx& tx, const Scope& scope);

// Writes type, containers and its limits, subdomain_enabled, env_isolation, ports and
// active_version_id; generation + 1. kPrecondition when service.generation is not the stored one.
Result<Service> update_service(Tx& tx, const Scope& scope, const Service& service);
// What the world looks like; leaves the generation alone.
Status set_service_status(Tx& tx, const Scope& scope, const ServiceId& id, ServiceStatus status);
// With its versions, instance sets and variables; its processes stay.
Status delete_service(Tx& tx, const Scope& scope, const ServiceId& id);

}  // namespace croft

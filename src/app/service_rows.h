// The rows of a new service: itself, its generated variables, those the user gave. Shared by
// service creation and import; runs inside the caller's transaction.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret.h"
#include "catalog/catalog.h"
#include "model/project.h"
#include "model/service.h"
#include "store/store.h"

namespace croft {

struct ServiceWish {
  std::string hostname;
  catalog::Resolved type;
  int min_containers = 1;
  int max_containers = 1;
  bool subdomain_enabled = false;
  EnvIsolation env_isolation = EnvIsolation::kService;
  std::map<std::string, std::string> variables;
  std::map<std::string, Secret> secrets;
  std::vector<Port> ports;  // of a 2022 import; empty: those of the type
};

// kInvalid: a hostname or variable key that is not allowed. kConflict: the hostname is taken, or
// two keys differ by case only.
Result<Service> create_service_rows(Tx& tx, const Scope& scope, const Project& project,
                                    const ServiceWish& wish);

}  // namespace croft

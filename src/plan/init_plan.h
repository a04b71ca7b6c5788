// What croft-init of a service's containers is told, from the deployed setup, the catalog and the
// resolved environment. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/types.h"
#include "model/init_config.h"
#include "model/service.h"
#include "spec/app_model.h"

namespace croft {

using Environment = std::map<std::string, std::string>;

// Where exec-once answers: the gateway addresses of the project, IPv6 first.
using OnceHosts = std::vector<std::string>;

// A runtime or static service. kInvalid: the setup lacks what the type needs (a start command).
Result<InitConfig> plan_runtime_init(const spec::Setup& setup, const catalog::ServiceType& type,
                                     Environment environment, OnceHosts once_hosts);

// A database, cache or broker: everything comes from the catalog.
InitConfig plan_managed_init(const catalog::ServiceType& type, Environment environment,
                             OnceHosts once_hosts);

// The ports of a service that runs `setup`: its own, or those of the type.
std::vector<Port> plan_ports(const spec::Setup& setup, const catalog::ServiceType& type);

}  // namespace croft

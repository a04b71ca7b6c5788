// The environment of a service's containers: variables of the store, facts about the service,
// references resolved (zerops-30loops.md A3, A4).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/project.h"
#include "model/service.h"
#include "model/version.h"
#include "spec/app_model.h"
#include "store/store.h"

namespace croft {

struct ResolvedEnvironment {
  std::map<std::string, std::string> values;
  std::vector<std::string> warnings;  // references that stayed literal, keys that were shadowed
};

// What every container of the service sees at run time. `version` and `setup` are null for a
// managed service. Precedence: system > run.envVariables > user and secret variables of the service
// > project variables.
Result<ResolvedEnvironment> runtime_environment(const Tx& tx, const Project& project,
                                                const Service& service, const Version* version,
                                                const spec::Setup* setup,
                                                std::string_view platform_domain);

// What build containers see: project variables, build.envVariables, facts; the run-time variables
// under RUNTIME_<key>.
Result<ResolvedEnvironment> build_environment(const Tx& tx, const Project& project,
                                              const Service& service, const Version& version,
                                              const spec::Setup& setup,
                                              std::string_view platform_domain);

// "https://SERVICE-PROJECT.domain": the address of the service's subdomain; a port other than the
// only HTTP one is part of it. Empty when no port speaks HTTP.
std::string subdomain_host(const Project& project, const Service& service,
                           std::string_view platform_domain);

}  // namespace croft

// The environment of a service's containers: variables of the store, facts about the service,
// references resolved (zerops-30loops.md A3, A4).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/project.h"
#include "model/service.h"
#include "model/version.h"
#include "spec/app_model.h"
#include "spec/env.h"
#include "store/store.h"

namespace croft {

// Under which names and ports the edge is reached.
struct PlatformAddress {
  std::string domain = "croft.localhost";
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;
};

// "https://api-shop.croft.localhost:8443" for every name of the service (edge_names.h), the main
// one first; with http:// after each https:// one when `both`.
std::vector<std::string> service_urls(const PlatformAddress& platform, const Project& project,
                                      const Service& service, bool both);

struct ResolvedEnvironment {
  std::map<std::string, std::string> values;
  std::vector<spec::EnvWarning> warnings;  // references that stayed literal; never holds a value
};
// "KEY: ${db_nam} no such variable…", for people.
std::string warning_text(const spec::EnvWarning& warning);

// Whose environment: the service of this project, with the version that is deployed and its setup;
// both null for a managed service.
struct EnvironmentSubject {
  const Project& project;
  const Service& service;
  const Version* version = nullptr;
  const spec::Setup* setup = nullptr;
};

// What every container of the service sees at run time. Precedence: system > run.envVariables >
// user and secret variables of the service > project variables (A4).
Result<ResolvedEnvironment> runtime_environment(const Tx& tx, const EnvironmentSubject& subject,
                                                const PlatformAddress& platform);

// What build containers see: project variables and build.envVariables; run-time values through
// ${RUNTIME_name}.
Result<ResolvedEnvironment> build_environment(const Tx& tx, const EnvironmentSubject& subject,
                                              const PlatformAddress& platform);

}  // namespace croft

#include "plan/edge_routes.h"

#include <fmt/format.h>

#include <map>

#include "base/ip.h"
#include "plan/edge_names.h"

namespace croft {

std::vector<EdgeRoute> edge_routes(const AddressPlan& addresses,
                                   const std::vector<Project>& projects,
                                   const std::vector<Service>& services,
                                   const std::string& domain) {
  std::map<ProjectId, const Project*> known;
  for (const Project& project : projects) known[project.id] = &project;
  std::map<std::string, EdgeRoute> routes;
  for (const Service& service : services) {
    const auto project = known.find(service.project_id);
    if (!service.subdomain_enabled || project == known.end()) continue;
    const auto names = edge_names(project->second->name, service.hostname, service.ports, domain);
    if (!names) continue;
    const std::string core = addresses.core_uplink(project->second->network_number).v6.str();
    for (const EdgeName& name : *names) {
      routes.try_emplace(name.host, EdgeRoute{.host = name.host,
                                              .project = project->second->name,
                                              .service = service.hostname,
                                              .port = name.port,
                                              .core = core});
    }
  }
  std::vector<EdgeRoute> ordered;
  for (auto& [host, route] : routes) ordered.push_back(std::move(route));
  return ordered;
}

Result<std::string> edge_route_file(const EdgeRoute& route) {
  const auto bad = [&](std::string message) {
    return fail(ErrorCode::kInvalid, fmt::format("route of service {}/{}: {}", route.project,
                                                 route.service, std::move(message)));
  };
  if (!valid_project_name(route.project) || !valid_hostname(route.service)) {
    return bad("these are not the names of a project and a service");
  }
  if (route.port == 0) return bad("it has no port");
  if (!valid_platform_domain(route.host) || route.host.size() > 253) {
    return bad(fmt::format("\"{}\" is not a host name", route.host));
  }
  const auto core = IpAddress::parse(route.core);
  if (!core || !core->is_v6()) {
    return bad(fmt::format("the core's address \"{}\" is not an IPv6 address", route.core));
  }
  std::string digits;
  for (const std::uint8_t byte : core->bytes()) digits += fmt::format("{:02x}", byte);
  return fmt::format("{}.{}.{}.{}", route.service, route.project, route.port, digits);
}

}  // namespace croft

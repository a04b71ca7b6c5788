#include "reconcile/names.h"

#include <fmt/format.h>

#include "plan/address_plan.h"

namespace croft {

std::string Names::project_network(int n) const {
  return fmt::format("croft-{}-p{}", install_, n);
}

std::string Names::project_network_config(int n) const {
  return fmt::format("croft-{}-p{}-config", install_, n);
}

std::string Names::uplink_network() const {
  return fmt::format("croft-{}-uplink", install_);
}

std::string Names::uplink_network_config() const {
  return fmt::format("croft-{}-uplink-config", install_);
}

std::string Names::core_service(int n, const std::string& slot) const {
  return fmt::format("croft-{}-core-p{}{}{}", install_, n, slot.empty() ? "" : "-", slot);
}

std::string Names::edge_service() const {
  return fmt::format("croft-{}-edge", install_);
}

std::string Names::set_service(const Service& service, const InstanceSet& set) const {
  // 13 + 25 + 1 + 22 characters: within the 63 that Swarm allows.
  return fmt::format("croft-{}-{}-{}", install_, service.hostname, set.id.str());
}

std::string Names::set_secret(const InstanceSet& set) const {
  return fmt::format("croft-{}-{}", install_, set.id.str());
}

std::string Names::volume(const ServiceId& service, const std::string& mount_name) const {
  return fmt::format("croft-{}-{}-{}", install_, service.str(), mount_name);
}

std::string Names::segment_device(int n) const {
  return croft::segment_device(install_, n);
}

std::string Names::uplink_child_device() const {
  return croft::uplink_child_device(install_);
}

engine::Labels Names::labels(const std::string& role) const {
  return {{"croft.install", install_}, {"croft.role", role}};
}

engine::Labels Names::project_labels(const std::string& role, const ProjectId& project) const {
  engine::Labels all = labels(role);
  all["croft.project"] = project.str();
  return all;
}

engine::Labels Names::set_labels(const std::string& role, const Service& service,
                                 const InstanceSet& set) const {
  engine::Labels all = project_labels(role, service.project_id);
  all["croft.service"] = service.id.str();
  all["croft.set"] = set.id.str();
  return all;
}

}  // namespace croft

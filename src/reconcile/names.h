// Names and labels of everything croft makes in the engine: one place, so that what is ours can be
// told from what is not, and found again after any crash.
#pragma once

#include <string>

#include "engine/spec.h"
#include "model/instance_set.h"
#include "model/project.h"
#include "model/service.h"

namespace croft {

// On an installation's uplink network: its IPv4 pool, for other installations on the engine.
inline constexpr const char* kPoolLabel = "croft.pool";
// Label of a version's image: the version's id.
inline constexpr const char* kVersionLabel = "croft.version";

class Names {
 public:
  // `install_id`: 6 characters [a-z0-9].
  explicit Names(std::string install_id) : install_(std::move(install_id)) {}

  const std::string& install() const { return install_; }

  std::string project_network(int network_number) const;
  std::string project_network_config(int network_number) const;
  std::string uplink_network() const;
  std::string uplink_network_config() const;
  // `slot`: of kCoreSlots. Without: of croft before there were two.
  std::string core_service(int network_number, const std::string& slot = {}) const;
  std::string edge_service() const;
  std::string set_service(const Service& service, const InstanceSet& set) const;
  std::string set_secret(const InstanceSet& set) const;
  std::string volume(const ServiceId& service, const std::string& mount_name) const;

  // Host interfaces, at most 15 characters.
  std::string segment_device(int network_number) const;
  std::string uplink_child_device() const;

  // croft.install and croft.role.
  engine::Labels labels(const std::string& role) const;
  engine::Labels project_labels(const std::string& role, const ProjectId& project) const;
  engine::Labels set_labels(const std::string& role, const Service& service,
                            const InstanceSet& set) const;
  // What finds everything of this installation.
  engine::Labels ours() const { return {{"croft.install", install_}}; }

 private:
  std::string install_;
};

}  // namespace croft

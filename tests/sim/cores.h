// A model of croft-core, one per running core container: reads what the agent wrote, watches the
// instances, chooses by the production rule who is in rotation, reports.
#pragma once

#include <map>
#include <string>

#include "world.h"

namespace croft::sim {

class Cores {
 public:
  explicit Cores(SimWorld& world) : world_(world) {}

  // Looks at everything several times a second, until cancelled.
  Task<void> run();
  // Whether an instance of the set gets new connections now.
  bool in_rotation(const InstanceSetId& set) const;
  // How many of the service do, by the service's id.
  int rotating(const ServiceId& service) const;

 private:
  struct Core {
    ProjectId project;
    Millis boots_at{0};
    std::optional<CoreDesired> desired;
    std::map<std::string, bool> rotation;  // instance → in rotation
  };
  void look();
  void look_at_containers();
  void look_at_core(const std::string& container, Core& core);
  InstanceState state_of(const CoreInstance& instance);
  void check_service(const CoreService& service, const std::map<std::string, bool>& before,
                     const std::map<std::string, bool>& after);
  bool may_be_down(const ServiceId& service);
  bool taken_away(const std::string& task, const CoreService& service);

  SimWorld& world_;
  std::map<std::string, Core> cores_;              // by container
  std::map<std::string, std::string> by_address_;  // address → container
  std::map<std::string, std::string> by_task_;     // task → container
};

}  // namespace croft::sim

// A model of croft-core, one per running core container: reads what the agent wrote, watches the
// instances, chooses by the production rule who is in rotation, reports. Of the two of a project
// one is active; when it ends, the other is at the next look.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "downtime.h"

namespace croft::sim {

class Cores {
 public:
  Cores(SimWorld& world, const Downtime& downtime) : world_(world), downtime_(downtime) {}

  // Looks at everything several times a second, until cancelled.
  Task<void> run();
  // How many instances of the service get new connections now, by the active core.
  int rotating(const ServiceId& service) const;

 private:
  struct Core {
    ProjectId project;
    std::string slot;
    std::string image;
    Millis boots_at{0};
    bool active = false;
    bool told_active = false;
    std::optional<CoreDesired> desired;
    std::vector<InstanceState> states;     // of all instances of `desired`, at the last look
    std::map<std::string, bool> rotation;  // instance → in rotation
    bool settled = false;                  // the same states give the same rotation
  };
  // What is known of a container that ran at a look.
  struct Seen {
    std::uint64_t run = 0;
    Truth* truth = nullptr;  // null: not of a service
  };

  void look();
  void look_at_containers();
  void choose_active();
  bool has_active(const ProjectId& project) const;
  Truth* meet(const std::string& id, const engine::FakeContainer& container);
  void look_at_core(const std::string& container, Core& core);
  InstanceState state_of(const CoreInstance& instance) const;
  void choose(Core& core, const std::map<std::string, bool>& before);
  void tell(const std::string& container, CoreObserved report);
  static int rotating_in(const Core& core, const ServiceId& service);
  void check_endpoints(const Core& core, const std::map<std::string, bool>& before);
  void check_end(const std::string& container, const Core& core);

  SimWorld& world_;
  const Downtime& downtime_;
  std::map<std::string, Core> cores_;         // by container
  std::map<std::string, Seen> seen_;          // by container
  std::map<std::string, Truth*> by_address_;  // the last one that had it
  std::map<std::string, const Truth*> by_task_;
};

}  // namespace croft::sim

// One life of croft-node: the production watch of containers and plan of the machine, over the
// simulated world.
#pragma once

#include <memory>

#include "node/container_watch.h"
#include "node/outgoing_report.h"
#include "pipe.h"
#include "world.h"

namespace croft::sim {

class Agent {
 public:
  explicit Agent(SimWorld& world);

  // Until it dies; all of its tasks have ended then.
  Task<void> live();
  void die(const std::string& why);
  void wake() { changed_.notify(); }

 private:
  Task<void> loop();
  void look();
  Status converge(const NodeDesired& desired);
  void publish();
  Task<void> receive();
  Task<void> receive_once();
  Task<void> send();
  Task<bool> post(std::string body);
  static Task<void> repeat(SimWorld* world, std::string body, Millis later);

  SimWorld& world_;
  bool alive_ = true;
  Signal died_;
  Signal changed_;
  Signal to_send_;
  engine::FakeEngine& engine_;
  node::ContainerWatch containers_;
  std::optional<NodeDesired> desired_;
  bool dirty_ = false;
  Millis next_check_{0};
  std::int64_t generation_ = 0;
  std::int64_t applied_generation_ = 0;
  std::vector<std::string> segments_;
  std::string error_;
  node::OutgoingReport report_;
  Group group_;
};

}  // namespace croft::sim

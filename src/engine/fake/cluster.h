// A swarm in memory. No thread, no real time, no randomness but its seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "engine/fake/fault.h"
#include "engine/fake/schedule.h"
#include "engine/fake/state.h"

namespace croft::engine {

// How long the swarm itself takes, about what a real one was measured to.
struct FakeTimings {
  Millis orchestrate{20};        // from a change to new tasks
  Millis assign{30};             // task made -> assigned -> accepted
  Millis prepare{100};           // accepted -> ready
  Millis start{150};             // ready -> running
  Millis missing_image{20'000};  // until a task whose image the node lacks is rejected
  Millis log_line{1};
};

class FakeCluster {
 public:
  // `clock` must outlive it. One node, ready and in no swarm yet.
  FakeCluster(const Clock& clock, std::uint64_t seed);
  FakeCluster(const FakeCluster&) = delete;

  FakeTimings timings;
  FakeBehaviour behaviour;                          // nothing set: processes run until stopped
  std::function<FakeFault(const FakeCall&)> fault;  // nothing set: nothing goes wrong
  FakeSchedule schedule;

  // Runs what is due; call it after turning the clock.
  void run_due() { schedule.run_due(); }

  // Adds a worker that is ready; its id. `zone` becomes label croft.zone unless empty.
  std::string add_node(const std::string& hostname, const std::string& zone);
  // The node is lost: its engine does not answer, its tasks start elsewhere.
  void lose_node(const std::string& id);
  // It is back, its containers as they were; those of tasks that moved away are stopped.
  void return_node(const std::string& id);
  // Makes an image without a tar; the id.
  std::string add_image(const std::string& node_id, const std::string& tag, ImageConfig config);
  // Ends a container's process as if by itself.
  void crash(const std::string& container_id, int exit_code, bool out_of_memory);
  void set_health(const std::string& container_id, const std::string& health);
  // Something a container writes.
  void write_log(const std::string& container_id, OutputSource source, const std::string& line);

  // From here on: for FakeEngine and the parts of this folder.
  std::string swarm_id();  // a new id, as swarm objects have
  std::string hex_id();    // as containers have
  std::uint64_t next_version() { return ++version_; }
  FakeNode& node(const std::string& id) { return nodes.at(id); }
  FakeContainer* find_container(const std::string& id);
  FakeService* find_service(const std::string& id_or_name);
  void emit(const std::string& node_id, Event event);
  void emit_container(const std::string& node_id, const FakeContainer& container,
                      Event::Action action, std::map<std::string, std::string> more = {});
  // Looks at all services soon, as the swarm's orchestrator does.
  void orchestrate_soon();
  // containers.cpp
  Result<std::string> create_container(FakeNode& at, const ContainerSpec& spec,
                                       const std::string& task_id);
  // Asks the behaviour what the next run does; start_container() then runs it.
  void prepare_run(FakeContainer& container);
  Status start_container(FakeNode& at, FakeContainer& container);
  void stop_container(FakeNode& at, FakeContainer& container, Millis grace);
  void signal_container(FakeNode& at, FakeContainer& container, int signal);
  void finish_container(FakeNode& at, FakeContainer& container, int exit_code, bool oom);
  void remove_container(FakeNode& at, const std::string& id);
  FakeImage* find_image(FakeNode& at, const std::string& reference);
  // addresses.cpp
  FakeNetwork* find_network(FakeNode& at, const std::string& id_or_name);
  // The ranges that apply to a network on this node; nullptr when its config-only network is
  // missing.
  const NetworkSpec* effective_spec(FakeNode& at, const FakeNetwork& network);
  Result<TaskAddresses> allocate(FakeNode& at, FakeNetwork& network);
  bool network_in_use(const std::string& id) const;
  // tasks.cpp
  bool fits(const FakeNode& at, const FakeTask& task) const;
  void task_container_ended(FakeContainer& container);
  void stop_task(FakeTask& task, TaskState desired);

  std::map<std::string, FakeNode> nodes;
  std::map<std::string, FakeNetwork> swarm_networks;
  std::map<std::string, FakeService> services;
  std::map<std::string, FakeTask> tasks;
  std::map<std::string, FakeFile> secrets;
  std::map<std::string, FakeFile> configs;
  // What save_image gave out, and under which tag.
  std::map<std::string, std::pair<FakeImage, std::string>> saved_images;
  std::deque<FakeEvent> events;
  std::uint64_t events_dropped = 0;  // before the first of `events`
  std::string first_node_id;
  bool in_swarm = false;
  SwarmInfo swarm;

 private:
  // orchestrator.cpp
  void orchestrate();
  void orchestrate_service(FakeService& service);
  void orchestrate_slots(FakeService& service);
  void orchestrate_global(FakeService& service);
  bool leave_lost_node(FakeService& service, FakeTask& task);
  void roll_update(FakeService& service, const std::vector<FakeTask*>& current);
  void finish_update(FakeService& service, const std::vector<FakeTask*>& current);
  void update_failed(FakeService& service);
  void prune_history(FakeService& service);
  // The newest task of every slot (of every node, in a global service).
  std::vector<FakeTask*> current_tasks(const FakeService& service);
  std::vector<FakeTask*> older_tasks(const FakeTask& newest);
  // tasks.cpp
  FakeTask& make_task(FakeService& service, std::uint64_t slot, const std::string& node_id);
  void place_task(FakeTask& task);
  void advance_task(const std::string& id, TaskState to);
  void prepare_task(FakeTask& task);
  void run_task(FakeTask& task);
  void set_task_state(FakeTask& task, TaskState state, const std::string& message);
  void task_failed(FakeTask& task, TaskState state, const std::string& error);
  void restart_if_allowed(FakeTask& task);
  bool may_restart(FakeService& service, const FakeTask& task);
  void drop_stopped_tasks();

  SeededRandom random_;
  std::uint64_t version_ = 10;
  bool orchestration_due_ = false;
};

}  // namespace croft::engine

#include "engine/fake/cluster.h"

#include <fmt/format.h>

#include "base/check.h"

namespace croft::engine {
namespace {

constexpr std::size_t kMaxEvents = 4096;

}  // namespace

FakeCluster::FakeCluster(const Clock& clock, std::uint64_t seed) : schedule(clock), random_(seed) {
  first_node_id = add_node("node1", "");
  nodes.at(first_node_id).info.manager = true;
  nodes.at(first_node_id).info.leader = true;
}

std::string FakeCluster::swarm_id() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (int i = 0; i < 25; ++i) id += kLetters[random_.below(kLetters.size())];
  return id;
}

std::string FakeCluster::hex_id() {
  std::string id;
  for (int i = 0; i < 64; ++i) id += fmt::format("{:x}", random_.below(16));
  return id;
}

std::string FakeCluster::add_node(const std::string& hostname, const std::string& zone) {
  FakeNode node;
  node.info.id = swarm_id();
  node.info.version = next_version();
  node.info.hostname = hostname;
  node.info.address = fmt::format("192.0.2.{}", nodes.size() + 1);
  node.info.state = NodeInfo::State::kReady;
  node.info.nano_cpus = 4'000'000'000;
  node.info.memory_bytes = std::int64_t{8} << 30;
  if (!zone.empty()) node.info.labels["croft.zone"] = zone;
  const std::string id = node.info.id;
  nodes.emplace(id, std::move(node));
  orchestrate_soon();
  return id;
}

void FakeCluster::lose_node(const std::string& id) {
  FakeNode& lost = nodes.at(id);
  lost.reachable = false;
  lost.info.state = NodeInfo::State::kDown;
  lost.info.version = next_version();
  orchestrate_soon();
}

void FakeCluster::return_node(const std::string& id) {
  FakeNode& back = nodes.at(id);
  back.reachable = true;
  back.info.state = NodeInfo::State::kReady;
  back.info.version = next_version();
  for (auto& [task_id, task] : tasks) {
    const bool moved_away = task.info.node_id == id && task.info.desired > TaskState::kRunning &&
                            !is_final(task.info.state);
    if (moved_away) stop_task(task, task.info.desired);
  }
  orchestrate_soon();
}

std::string FakeCluster::add_image(const std::string& node_id, const std::string& tag,
                                   ImageConfig config) {
  FakeImage image;
  image.id = "sha256:" + hex_id();
  image.config = std::move(config);
  image.created = schedule.now();
  const std::string id = image.id;
  FakeNode& at = nodes.at(node_id);
  at.images.emplace(id, std::move(image));
  at.tags[tag] = id;
  return id;
}

void FakeCluster::crash(const std::string& container_id, int exit_code, bool out_of_memory) {
  for (auto& [id, at] : nodes) {
    const auto found = at.containers.find(container_id);
    if (found == at.containers.end()) continue;
    finish_container(at, found->second, out_of_memory ? 137 : exit_code, out_of_memory);
  }
}

void FakeCluster::set_health(const std::string& container_id, const std::string& health) {
  for (auto& [id, at] : nodes) {
    const auto found = at.containers.find(container_id);
    if (found == at.containers.end()) continue;
    found->second.info.health = health;
    Event event;
    event.kind = Event::Kind::kContainer;
    event.action = Event::Action::kHealth;
    event.raw_action = "health_status: " + health;
    event.id = container_id;
    event.name = found->second.info.name;
    event.attributes = found->second.info.labels;
    emit(id, std::move(event));
  }
}

void FakeCluster::write_log(const std::string& container_id, OutputSource source,
                            const std::string& line) {
  FakeContainer* container = find_container(container_id);
  check(container != nullptr, "a log line for a container that is not there");
  container->log.push_back({source, schedule.next_ns(), line, true});
  schedule.changed();
}

FakeContainer* FakeCluster::find_container(const std::string& id) {
  for (auto& [node_id, at] : nodes) {
    const auto found = at.containers.find(id);
    if (found != at.containers.end()) return &found->second;
  }
  return nullptr;
}

FakeService* FakeCluster::find_service(const std::string& id_or_name) {
  for (auto& [id, service] : services) {
    const bool same = id == id_or_name || service.info.spec.name == id_or_name;
    if (same && !service.removed) return &service;
  }
  return nullptr;
}

void FakeCluster::emit(const std::string& node_id, Event event) {
  event.time_ns = schedule.next_ns();
  events.push_back({node_id, std::move(event)});
  if (events.size() > kMaxEvents) {
    events.pop_front();
    ++events_dropped;
  }
  schedule.changed();
}

void FakeCluster::emit_container(const std::string& node_id, const FakeContainer& container,
                                 Event::Action action, std::map<std::string, std::string> more) {
  static const std::map<Event::Action, std::string> kNames{
      {Event::Action::kCreate, "create"}, {Event::Action::kStart, "start"},
      {Event::Action::kKill, "kill"},     {Event::Action::kOom, "oom"},
      {Event::Action::kDie, "die"},       {Event::Action::kStop, "stop"},
      {Event::Action::kUpdate, "update"}, {Event::Action::kRemove, "destroy"}};
  Event event;
  event.kind = Event::Kind::kContainer;
  event.action = action;
  event.raw_action = kNames.at(action);
  event.id = container.info.id;
  event.name = container.info.name;
  event.attributes = container.info.labels;
  event.attributes["name"] = container.info.name;
  event.attributes["image"] = container.info.image;
  for (auto& [key, value] : more) event.attributes[key] = value;
  if (action == Event::Action::kDie) event.exit_code = container.info.exit_code;
  if (action == Event::Action::kKill) event.signal = std::stoi(more.at("signal"));
  emit(node_id, std::move(event));
}

void FakeCluster::orchestrate_soon() {
  if (orchestration_due_) return;
  orchestration_due_ = true;
  schedule.after(timings.orchestrate, [this] {
    orchestration_due_ = false;
    orchestrate();
  });
}

}  // namespace croft::engine

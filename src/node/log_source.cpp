#include "node/log_source.h"

#include "engine/labels.h"

namespace croft::node {
namespace {

constexpr Millis kEngineLimit{10'000};

}  // namespace

EngineLogSource::EngineLogSource(engine::ContainerEngine& engine, std::string install_id)
    : engine_(engine), install_id_(std::move(install_id)) {}

Task<Result<std::vector<LogContainer>>> EngineLogSource::list() {
  using State = engine::ContainerInfo::State;
  const engine::Filter filter{.labels = {{"croft.install", install_id_}}};
  auto listed = co_await engine_.list_containers(filter, true, kEngineLimit);
  if (!listed) co_return fail(std::move(listed).error());
  std::vector<LogContainer> containers;
  for (const engine::ContainerInfo& info : *listed) {
    const auto project = ProjectId::parse(engine::label(info.labels, "croft.project"));
    const auto service = ServiceId::parse(engine::label(info.labels, "croft.service"));
    const std::string role = engine::label(info.labels, "croft.role");
    if (!project || !service || role == "build" || role == "image") continue;
    const auto set = InstanceSetId::parse(engine::label(info.labels, "croft.set"));
    containers.push_back({.id = info.id,
                          .role = role,
                          .project = *project,
                          .service = *service,
                          .set = set.value_or(InstanceSetId()),
                          // What the engine gives a container as its hostname.
                          .instance = info.id.substr(0, 12),
                          .running = info.state != State::kExited && info.state != State::kDead});
  }
  co_return containers;
}

Task<Result<std::unique_ptr<engine::LogStream>>> EngineLogSource::open(
    std::string id, std::optional<std::int64_t> since_ns) {
  engine::LogOptions options;
  options.follow = true;
  options.since_ns = since_ns;
  co_return co_await engine_.container_logs(std::move(id), options, kEngineLimit);
}

}  // namespace croft::node

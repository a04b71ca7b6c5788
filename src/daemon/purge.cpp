#include "daemon/purge.h"

#include <fmt/format.h>

#include "base/log.h"
#include "build/image_plan.h"
#include "edge/edge_service.h"
#include "reconcile/node_reconciler.h"
#include "task/group.h"

namespace croft {
namespace {

constexpr Millis kLimit{60'000};
// A busy engine takes seconds to kill and clear away a container, each on its own: one after the
// other, those of a few projects take minutes.
constexpr int kRemovers = 8;

bool gone(const Status& status) {
  return status.has_value() || status.error().code() == ErrorCode::kNotFound;
}

Task<Status> remove_services(engine::Engine& engine, const engine::Filter& ours) {
  auto services = co_await engine.list_services(ours, kLimit);
  if (!services) {
    // No swarm: then there are no services either.
    if (services.error().code() == ErrorCode::kConflict) co_return Status{};
    co_return fail(std::move(services).error());
  }
  for (const engine::ServiceInfo& info : *services) {
    Status removed = co_await engine.remove_service(info.id, kLimit);
    if (!gone(removed)) co_return removed;
  }
  co_return Status{};
}

struct Removal {
  std::vector<engine::ContainerInfo> containers;
  std::size_t next = 0;
  Status result;  // the first trouble
};

Task<void> remove_some(engine::Engine& engine, Removal& removal) {
  while (removal.next < removal.containers.size()) {
    const std::string id = removal.containers[removal.next++].id;
    Status removed = co_await engine.remove_container(id, true, kLimit);
    // Swarm removes its own at the same time.
    if (gone(removed) || removed.error().code() == ErrorCode::kConflict) continue;
    if (removal.result) removal.result = std::move(removed);
  }
}

Task<Status> remove_containers(Runtime& runtime, engine::Engine& engine,
                               const engine::Filter& ours) {
  auto containers = co_await engine.list_containers(ours, true, kLimit);
  if (!containers) co_return fail(std::move(containers).error());
  Removal removal{.containers = std::move(*containers), .next = 0, .result = {}};
  Group group(runtime);
  for (int i = 0; i < kRemovers; ++i) group.spawn("remove", remove_some(engine, removal));
  co_await group.join();
  co_return std::move(removal.result);
}

Task<Status> remove_networks(engine::Engine& engine, const engine::Filter& ours) {
  auto networks = co_await engine.list_networks(ours, kLimit);
  if (!networks) co_return fail(std::move(networks).error());
  for (const bool config_only : {false, true}) {
    for (const engine::NetworkInfo& info : *networks) {
      if (info.spec.config_only != config_only) continue;
      Status removed = co_await engine.remove_network(info.id, kLimit);
      for (int i = 0; i < 20 && !gone(removed); ++i) {  // in use until the last endpoint has gone
        co_await sleep_for(Millis(500));
        removed = co_await engine.remove_network(info.id, kLimit);
      }
      if (!gone(removed)) co_return removed;
    }
  }
  co_return Status{};
}

Task<Status> remove_rest(engine::Engine& engine, const engine::Filter& ours) {
  auto secrets = co_await engine.list_secrets(ours, kLimit);
  if (secrets) {
    for (const engine::FileInfo& info : *secrets) {
      Status removed = co_await engine.remove_secret(info.id, kLimit);
      if (!gone(removed)) co_return removed;
    }
  }
  auto volumes = co_await engine.list_volumes(ours, kLimit);
  if (!volumes) co_return fail(std::move(volumes).error());
  for (const engine::VolumeInfo& info : *volumes) {
    Status removed = co_await engine.remove_volume(info.spec.name, kLimit);
    if (!gone(removed)) co_return removed;
  }
  co_return Status{};
}

// Names that only this installation has; "croft.invalid/base:…" is what an older croft called those
// that it had made.
bool own_tag(const engine::ImageInfo& image, const std::string& tag, const std::string& install) {
  if (tag.starts_with(fmt::format("{}/{}/", build::kImageRegistry, install)) ||
      tag.starts_with(fmt::format("croft-{}-", install))) {
    return true;
  }
  const auto label = image.labels.find("croft.install");
  return label != image.labels.end() && label->second == install &&
         tag.starts_with(build::kImageRegistry) && build::content_tag(tag) == tag;
}

Task<Status> remove_images(engine::Engine& engine, const std::string& install) {
  // All: who made an image says nothing about who uses it, and what a build leaves in the cache has
  // the labels of its container.
  auto images = co_await engine.list_images({}, kLimit);
  if (!images) co_return fail(std::move(images).error());
  for (const engine::ImageInfo& info : *images) {
    for (const std::string& tag : info.tags) {
      if (!own_tag(info, tag, install)) continue;
      Status removed = co_await engine.remove_image(tag, true, kLimit);
      if (!gone(removed) && removed.error().code() != ErrorCode::kConflict) co_return removed;
    }
  }
  co_return Status{};
}

// Without a swarm there are no nodes, and no labels.
Task<Status> remove_node_labels(engine::Engine& engine, const std::string& install) {
  const auto nodes = co_await engine.list_nodes(kLimit);
  if (!nodes) co_return Status{};
  for (const engine::NodeInfo& node : *nodes) {
    engine::NodeUpdate update{.labels = node.labels, .availability = node.availability};
    update.labels.erase(edge_node_label(install));
    if (update.labels.erase(drained_node_label(install)) > 0) {
      update.availability = engine::NodeInfo::Availability::kActive;
    }
    if (update.labels == node.labels) continue;
    CROFT_CO_TRY(co_await engine.update_node(node.id, node.version, update, kLimit));
  }
  co_return Status{};
}

}  // namespace

Task<Status> purge_engine(Runtime& runtime, engine::Engine& engine, Names names) {
  const engine::Filter ours{.labels = names.ours()};
  CROFT_CO_TRY(co_await remove_services(engine, ours));
  for (int i = 0; i < 60; ++i) {
    CROFT_CO_TRY(co_await remove_containers(runtime, engine, ours));
    auto left = co_await engine.list_containers(ours, true, kLimit);
    if (left && left->empty()) break;
    co_await sleep_for(Millis(500));
  }
  CROFT_CO_TRY(co_await remove_networks(engine, ours));
  CROFT_CO_TRY(co_await remove_rest(engine, ours));
  CROFT_CO_TRY(co_await remove_node_labels(engine, names.install()));
  co_return co_await remove_images(engine, names.install());
}

}  // namespace croft

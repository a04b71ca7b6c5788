#include "artifacts.h"

#include "control_plane.h"

namespace croft::sim {
namespace {

constexpr Millis kEngineLimit{60'000};

}  // namespace

Behaviour SimArtifacts::behaviour_of(const Version& version) const {
  const auto found = world_.behaviours.find(version.id.str());
  return found == world_.behaviours.end() ? Behaviour::kGood : found->second;
}

Task<Result<std::string>> SimArtifacts::ensure(std::string tag, engine::Labels labels) {
  auto existing = co_await engine_.inspect_image(tag, kEngineLimit);
  if (existing) co_return tag;
  if (existing.error().code() != ErrorCode::kNotFound) co_return fail(existing.error());
  co_await sleep_for(Millis(world_.between(20, 3000)));
  co_await control_.pause();
  if (!control_.alive()) co_return fail(ErrorCode::kUnavailable, "dead");
  world_.cluster.add_image(world_.cluster.first_node_id, tag, {.labels = labels});
  co_return tag;
}

Task<Result<std::string>> SimArtifacts::run_image(const catalog::Resolved& type, ProcessRun& run) {
  run.log("image of " + type.canonical());
  co_return co_await ensure("sim/run-" + type.type->name + ":1", {});
}

Task<Result<BuiltBundle>> SimArtifacts::build(RolloutSubject subject, ProcessRun& run) {
  run.log("building");
  const Millis end = world_.now() + Millis(world_.between(50, 6000));
  while (world_.now() < end) {
    co_await sleep_for(Millis(world_.between(20, 800)));
    if (run.cancel_wanted()) co_return fail(ErrorCode::kCancelled, "cancelled");
  }
  co_await control_.pause();
  if (behaviour_of(subject.version) == Behaviour::kBuildFails) {
    co_return fail(ErrorCode::kDeployFailed, "the build command failed");
  }
  co_return BuiltBundle{.hash = std::string(64, 'b'), .path = subject.version.id.str()};
}

Task<Result<std::string>> SimArtifacts::version_image(RolloutSubject subject, ProcessRun&) {
  if (behaviour_of(subject.version) == Behaviour::kImageFails) {
    co_return fail(ErrorCode::kDeployFailed, "a prepare command failed");
  }
  engine::Labels labels = names_.project_labels("image", subject.project.id);
  labels[kVersionLabel] = subject.version.id.str();
  co_return co_await ensure("sim/app:" + subject.version.id.str(), std::move(labels));
}

Task<void> SimArtifacts::discard(const Version& version) {
  // As BuildArtifacts does it.
  const Status removed =
      co_await engine_.remove_image("sim/app:" + version.id.str(), false, kEngineLimit);
  if (!removed) world_.trace("an image was not removed: " + removed.error().message());
}

// As BuildArtifacts does it, as far as there is something here.
Task<Status> SimArtifacts::forget_service(ServiceId service) {
  auto volumes = co_await engine_.list_volumes({}, kEngineLimit);
  if (!volumes) co_return fail(std::move(volumes).error());
  const std::string prefix = names_.volume(service, "");
  for (const engine::VolumeInfo& volume : *volumes) {
    if (!volume.spec.name.starts_with(prefix)) continue;
    Status removed = co_await engine_.remove_volume(volume.spec.name, kEngineLimit);
    for (int i = 0; i < 20 && !removed && removed.error().code() == ErrorCode::kConflict; ++i) {
      co_await sleep_for(Millis(500));
      removed = co_await engine_.remove_volume(volume.spec.name, kEngineLimit);
    }
    if (!removed && removed.error().code() != ErrorCode::kNotFound) co_return removed;
  }
  co_return Status{};
}

}  // namespace croft::sim

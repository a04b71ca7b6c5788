#include "daemon/running.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/free_space.h"
#include "daemon/core_status.h"
#include "daemon/source_inbox.h"
#include "store/projects.h"
#include "store/users.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{10'000};

std::string version_at_least(const std::string& version, int major) {
  return std::atoi(version.c_str()) >= major ? "pass" : "warn";
}

}  // namespace

DaemonPlatform::DaemonPlatform(Platform::Parts& parts, Clock& clock, DaemonOptions options)
    : parts_(parts), options_(std::move(options)), started_at_(clock.now()) {}

std::vector<LiveInstance> DaemonPlatform::instances(const InstanceSetId& set) {
  std::vector<LiveInstance> found;
  for (InstanceView& view : parts_.world.instances(set)) {
    LiveInstance one;
    one.id = std::move(view.task_id);
    one.container_id = std::move(view.container_id);
    one.name = std::move(view.hostname);
    one.node = parts_.node.name;
    one.address4 = std::move(view.address4);
    one.address6 = std::move(view.address6);
    one.running = view.running;
    one.state = view.health;
    one.detail = view.rejected.empty() ? std::move(view.detail) : std::move(view.rejected);
    one.in_rotation = view.in_rotation;
    one.started_at = view.started_at;
    found.push_back(std::move(one));
  }
  return found;
}

Task<Result<std::unique_ptr<engine::ExecSession>>> DaemonPlatform::exec(
    std::string container, std::vector<std::string> command, bool tty, std::uint16_t rows,
    std::uint16_t columns) {
  // croft-init gives the process the service's environment, user and working directory: the
  // engine knows none of them.
  engine::ExecSpec spec;
  spec.command = {"/croft/init", "exec", "--"};
  spec.command.insert(spec.command.end(), command.begin(), command.end());
  spec.user = "0:0";
  spec.tty = tty;
  spec.stdin_open = true;
  spec.rows = rows;
  spec.columns = columns;
  if (tty) spec.env["TERM"] = "xterm-256color";
  co_return co_await parts_.engine.exec(std::move(container), spec, kEngineLimit);
}

Task<Result<std::uint64_t>> DaemonPlatform::receive_source(const Version& version,
                                                           ByteSource& body) {
  CROFT_CO_TRY(check_free_space(options_.home, options_.least_free_bytes));
  co_return co_await receive_into(parts_.pool, body, parts_.artifacts->source_of(version));
}

Task<Status> DaemonPlatform::begin_work() {
  CROFT_CO_TRY(check_free_space(options_.home, options_.least_free_bytes));
  co_return co_await parts_.images.check_free_space();
}

LogStore& DaemonPlatform::logs() {
  return parts_.logs.store();
}

Task<std::vector<ComponentStatus>> DaemonPlatform::components() {
  std::vector<ComponentStatus> all;
  const auto add = [&all](std::string name, bool good, std::string detail, std::string fix) {
    all.push_back({.name = std::move(name),
                   .status = good ? "ok" : "down",
                   .detail = std::move(detail),
                   .fix = good ? "" : std::move(fix)});
  };
  auto engine = co_await parts_.engine.info(kEngineLimit);
  add("engine", engine.has_value(),
      engine ? "version " + engine->version : engine.error().message(),
      "start the container engine; croft goes on by itself");
  const bool known = parts_.world.node_known(parts_.node.id);
  const NodeObserved* node = parts_.world.node(parts_.node.id);
  const std::string trouble = node != nullptr ? node->error : "";
  add("node " + parts_.node.name, known && trouble.empty(),
      known ? trouble : "its agent has not reported", "see the log of croft-node");
  add("edge", parts_.edges->in_sync(), parts_.edges->in_sync() ? "" : "not configured yet",
      "see the containers with label croft.role=edge");
  for (const Loop* loop : parts_.loops()) {
    const std::string& error = loop->last_run().error;
    if (loop->name() == "edge") continue;
    all.push_back({.name = "reconciler " + loop->name(),
                   .status = error.empty() ? "ok" : "degraded",
                   .detail = error,
                   .fix = error.empty() ? "" : "it is tried again by itself; see croftd's log"});
  }
  const Status writable = parts_.disk.may_write();
  all.push_back({.name = "disk",
                 .status = writable ? "ok" : "degraded",
                 .detail = writable ? "" : "read-only: " + writable.error().message(),
                 .fix = writable ? "" : "free some space; croft goes on by itself"});
  for (const std::string& service : parts_.stopped.recent()) {
    all.push_back({.name = "disk of " + service,
                   .status = "degraded",
                   .detail = "a container of it had written too much and was stopped",
                   .fix = "write less, or raise container_disk_bytes (croft platform limits)"});
  }
  for (const std::string& service : parts_.stopped.frozen_now()) {
    all.push_back({.name = "volume of " + service,
                   .status = "degraded",
                   .detail = "it holds more than it may; its container is frozen, nothing is lost",
                   .fix = "raise volume_bytes (croft platform limits): it goes on at once"});
  }
  auto projects = co_await parts_.app->store.read(
      [](const Tx& tx) { return all_projects(tx, Scope::platform()); });
  add("store", projects.has_value(), projects ? "" : projects.error().message(),
      "see croftd's log; is the disk full?");
  if (!projects) co_return all;
  for (const Project& project : *projects) {
    all.push_back(core_status(parts_.world, project));
  }
  co_return all;
}

Task<std::vector<DoctorCheck>> DaemonPlatform::doctor() {
  std::vector<DoctorCheck> checks;
  auto engine = co_await parts_.engine.info(kEngineLimit);
  if (engine) {
    checks.push_back(
        {.name = "engine",
         .status = version_at_least(engine->version, 24),
         .message = "container engine " + engine->version,
         .fix = "upgrade to 24 or later: older ones have known escapes from containers"});
  } else {
    checks.push_back({.name = "engine",
                      .status = "fail",
                      .message = engine.error().message(),
                      .fix = "start the container engine"});
  }
  std::error_code error;
  const auto space = std::filesystem::space(options_.home, error);
  const bool room = !error && space.available >= options_.least_free_bytes;
  checks.push_back({.name = "disk",
                    .status = room ? "pass" : "fail",
                    .message = fmt::format("{} GiB free under {}", space.available >> 30,
                                           options_.home.string()),
                    .fix = fmt::format("free at least {} MiB: uploads, builds and images are "
                                       "refused below that",
                                       options_.least_free_bytes >> 20)});
  for (const ComponentStatus& one : co_await components()) {
    if (one.name == "engine") continue;
    checks.push_back({.name = one.name,
                      .status = one.status == "ok" ? "pass" : "fail",
                      .message = one.detail.empty() ? one.status : one.detail,
                      .fix = one.fix});
  }
  for (DoctorCheck& check : checks) {
    if (check.status == "pass") check.fix.clear();
  }
  co_return checks;
}

Task<std::vector<ReadyCheck>> DaemonPlatform::readiness() {
  std::vector<ReadyCheck> checks;
  const auto add = [&checks](const char* name, bool ok, std::string detail) {
    checks.push_back({.name = name, .ok = ok, .detail = ok ? "" : std::move(detail)});
  };
  const auto users = co_await parts_.app->store.read(
      [](const Tx& tx) { return count_users(tx, Scope::platform()); });
  add("store", users.has_value(), users ? "" : users.error().message());
  auto engine = co_await parts_.engine.info(kEngineLimit);
  add("engine", engine.has_value(), engine ? "" : engine.error().message());
  const NodeObserved* node = parts_.world.node(parts_.node.id);
  const bool known = parts_.world.node_known(parts_.node.id);
  add("node", known && node->error.empty(), known ? node->error : "croft-node has not reported");
  add("disk", !parts_.disk.read_only(),
      fmt::format("read-only: {} MiB free", parts_.disk.free_bytes() >> 20));
  for (const auto& [name, image] : {std::pair("core_image", &parts_.world.core_image()),
                                    std::pair("edge_image", &std::as_const(parts_.edge_image))}) {
    const std::string doing = image->making ? "is being made: " + image->step : "is not made yet";
    add(name, image->ready, image->error.empty() ? doing : image->error);
  }
  const std::string& trouble = parts_.network_loop->last_run().error;
  add("networks", trouble.empty(), trouble);
  const std::string& why = parts_.edge_loop->last_run().error;
  add("edge", parts_.edges->in_sync(), why.empty() ? "is not configured yet" : why);
  co_return checks;
}

Task<Result<std::vector<std::string>>> DaemonPlatform::ready_types() {
  auto images = co_await parts_.images.list_images();
  if (!images) co_return fail(std::move(images).error());
  std::vector<std::string> ready;
  for (const build::ImageState& image : *images) {
    if (image.built && image.kind == catalog::ImageKind::kRun) ready.push_back(image.type);
  }
  co_return ready;
}

}  // namespace croft

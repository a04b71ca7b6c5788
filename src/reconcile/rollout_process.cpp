#include "reconcile/rollout_process.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/environment.h"
#include "base/check.h"
#include "base/log.h"
#include "plan/init_plan.h"
#include "reconcile/core_wait.h"
#include "reconcile/rollout_subject.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

// Once there is an image to start it from.
constexpr Millis kCoreLimit{300'000};
// Beyond the readiness check's own timeout, which croft-init enforces: image pull, scheduling.
constexpr Millis kStartSlack{120'000};

using Kind = RolloutProcess::Kind;

std::string kind_name(Kind kind) {
  switch (kind) {
    case Kind::kDeploy:
      return "deploy";
    case Kind::kRollback:
      return "activate";
    case Kind::kRestart:
      return "service.restart";
    case Kind::kStart:
      return "service.start";
    case Kind::kCreate:
      return "service.create";
  }
  return "deploy";
}

std::optional<VersionId> version_param(const ProcessRun& run) {
  const boost::json::value* id = run.params().if_contains("version");
  if (id == nullptr || !id->is_string()) return std::nullopt;
  return VersionId::parse(std::string_view(id->get_string()));
}

spec::EnvVariables yaml_of(const spec::Setup& setup) {
  return setup.run ? setup.run->env_variables : spec::EnvVariables{};
}

}  // namespace

RolloutProcess::RolloutProcess(ProcessContext& context, Kind kind)
    : context_(context), kind_(kind), rollout_(context) {}

std::string RolloutProcess::kind() const {
  return kind_name(kind_);
}

std::vector<ProcessHandler::Step> RolloutProcess::steps() const {
  return {{.name = "prepare"},
          {.name = "build"},
          {.name = "image"},
          {.name = "stop_old", .cancellable = false},
          {.name = "start"},
          {.name = "ready"},
          {.name = "switch", .cancellable = false},
          {.name = "finish", .cancellable = false}};
}

Task<Result<RolloutProcess::Subject>> RolloutProcess::load(ProcessRun& run) {
  const ServiceId id = run.process().service_id;
  const auto wanted_version = version_param(run);
  auto subject = co_await context_.store.read([&](const Tx& tx) -> Result<Subject> {
    Subject found;
    auto service = get_service(tx, Scope::platform(), id);
    if (!service) return fail(std::move(service).error());
    found.service = std::move(*service);
    auto project = get_project(tx, Scope::platform(), found.service.project_id);
    if (!project) return fail(std::move(project).error());
    found.project = std::move(*project);
    const VersionId version_id = wanted_version.value_or(found.service.active_version_id);
    if (found.managed() || version_id.empty()) return found;
    auto version = get_version(tx, Scope::platform(), version_id);
    if (!version) return fail(std::move(version).error());
    found.version = std::move(*version);
    return found;
  });
  if (!subject) co_return subject;
  const bool waits_for_code = kind_ == Kind::kCreate && !subject->managed();
  if (!subject->managed() && !waits_for_code) {
    if (subject->version.id.empty()) {
      co_return fail(ErrorCode::kConflict,
                     fmt::format("service {} has no code yet; deploy it first: croft deploy {}",
                                 subject->service.hostname, subject->service.hostname));
    }
    auto setup = setup_of(subject->version, subject->service.hostname);
    if (!setup) co_return fail(std::move(setup).error());
    subject->setup = std::move(*setup);
  }
  // run.base says what the containers run on when it differs from the service's own type.
  const bool own_base = subject->setup.run && subject->setup.run->base;
  auto type = own_base ? context_.catalog.find(subject->setup.run->base->type,
                                               {.role = spec::TypeRole::kRunBase, .nearest = true})
                       : context_.catalog.find(subject->service.type, {.nearest = true});
  if (!type) co_return fail(std::move(type).error());
  subject->type = std::move(*type);
  co_return subject;
}

Task<Status> RolloutProcess::run(std::string step, ProcessRun& run) {
  auto subject = co_await load(run);
  if (!subject) co_return fail(std::move(subject).error());
  // A runtime that was only created waits for its first deployment.
  if (kind_ == Kind::kCreate && !subject->managed()) co_return Status{};
  if (step == "prepare") co_return co_await prepare(run, *subject);
  if (step == "build") co_return co_await build(run, *subject);
  if (step == "image") co_return co_await make_image(run, *subject);
  if (step == "stop_old") co_return co_await stop_old(run, *subject);
  if (step == "start") co_return co_await start(run, *subject);
  if (step == "ready") co_return co_await wait_ready(run, *subject);
  if (step == "switch") co_return co_await switch_over(run, *subject);
  check(step == "finish", "unknown step of a rollout");
  co_return co_await finish(run, *subject);
}

Task<Status> RolloutProcess::set_version(const Subject& subject, VersionStatus status) {
  if (subject.version.id.empty()) co_return Status{};
  const VersionId id = subject.version.id;
  co_return co_await context_.store.write(
      [id, status](Tx& tx) { return set_version_status(tx, Scope::platform(), id, status); });
}

Task<Status> RolloutProcess::prepare(ProcessRun& run, const Subject& subject) {
  for (const std::string& warning : subject.type.warnings) run.log("warning: " + warning);
  const ServiceStatus busy = kind_ == Kind::kStart     ? ServiceStatus::kStarting
                             : kind_ == Kind::kRestart ? ServiceStatus::kRestarting
                             : kind_ == Kind::kCreate  ? ServiceStatus::kCreating
                                                       : ServiceStatus::kDeploying;
  CROFT_CO_TRY(co_await rollout_.set_status(subject.service.id, busy));
  co_return co_await wait_for_core(run, subject);
}

// Nothing of a project works before its core does: builds and containers have it as gateway.
Task<Status> RolloutProcess::wait_for_core(ProcessRun& run, const Subject& subject) {
  CoreWait wait(context_.clock.steady(), kCoreLimit);
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    if (context_.world.active_core(subject.project.id) != nullptr) co_return Status{};
    const PlatformImage& image = context_.world.core_image();
    if (auto line = wait.look(image, context_.clock.steady())) run.log(std::move(*line));
    if (run.cancel_wanted()) co_return fail(ErrorCode::kCancelled, "cancelled");
    if (wait.expired(context_.clock.steady())) {
      co_return fail(
          ErrorCode::kUnavailable,
          fmt::format("the core of project {} is not running{}; see `croft status`, then try again",
                      subject.project.name, image.error.empty() ? "" : ": " + image.error));
    }
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, Millis(500));
  }
}

Task<Status> RolloutProcess::build(ProcessRun& run, const Subject& subject) {
  if (kind_ != Kind::kDeploy || !subject.version.bundle_hash.empty()) co_return Status{};
  CROFT_CO_TRY(co_await set_version(subject, VersionStatus::kBuilding));
  auto bundle = co_await context_.artifacts.build(
      {subject.project, subject.service, subject.version, subject.setup}, run);
  if (!bundle) co_return fail(std::move(bundle).error());
  const VersionId id = subject.version.id;
  co_return co_await context_.store.write([&](Tx& tx) -> Status {
    auto version = get_version(tx, Scope::platform(), id);
    if (!version) return fail(std::move(version).error());
    version->bundle_hash = bundle->hash;
    version->bundle_path = bundle->path;
    version->status = VersionStatus::kWaitingToDeploy;
    CROFT_TRY(update_version(tx, Scope::platform(), *version));
    return {};
  });
}

Task<Status> RolloutProcess::make_image(ProcessRun& run, const Subject& subject) {
  if (subject.managed()) {
    auto image = co_await context_.artifacts.run_image(subject.type, run);
    if (!image) co_return fail(std::move(image).error());
    run.state()["image"] = *image;
    co_return co_await run.save_state();
  }
  if (kind_ == Kind::kDeploy) {
    CROFT_CO_TRY(co_await set_version(subject, VersionStatus::kPreparingRuntime));
  }
  auto image = co_await context_.artifacts.version_image(
      {subject.project, subject.service, subject.version, subject.setup}, run);
  if (!image) co_return fail(std::move(image).error());
  run.state()["image"] = *image;
  CROFT_CO_TRY(co_await run.save_state());
  const VersionId id = subject.version.id;
  const bool deploy = kind_ == Kind::kDeploy;
  co_return co_await context_.store.write([&](Tx& tx) -> Status {
    auto version = get_version(tx, Scope::platform(), id);
    if (!version) return fail(std::move(version).error());
    version->image = *image;
    if (deploy) version->status = VersionStatus::kDeploying;
    CROFT_TRY(update_version(tx, Scope::platform(), *version));
    return {};
  });
}

Task<Status> RolloutProcess::stop_old(ProcessRun& run, const Subject& subject) {
  if (!subject.stop_first() || Rollout::placed(run)) co_return Status{};
  co_return co_await rollout_.retire_others(run, subject.service.id, {});
}

Task<Status> RolloutProcess::start(ProcessRun& run, const Subject& subject) {
  if (Rollout::placed(run)) co_return Status{};
  const boost::json::value* image = run.state().if_contains("image");
  check(image != nullptr && image->is_string(), "the image step left no image");
  const AddressPair gateway = context_.addresses.gateway(subject.project.network_number);
  const Kind kind = kind_;
  auto init = co_await context_.store.write([&](Tx& tx) -> Result<InitConfig> {
    const Version* version = subject.managed() ? nullptr : &subject.version;
    const spec::Setup* setup = subject.managed() ? nullptr : &subject.setup;
    ResolvedEnvironment environment;
    if (kind == Kind::kRollback) {
      auto stored = stored_environment(tx, subject.version.id);
      if (!stored) return fail(std::move(stored).error());
      environment.values = std::move(*stored);
    }
    if (environment.values.empty()) {
      auto today = runtime_environment(tx, {subject.project, subject.service, version, setup},
                                       context_.platform);
      if (!today) return fail(std::move(today).error());
      environment = std::move(*today);
    }
    for (const spec::EnvWarning& warning : environment.warnings) {
      run.log("warning: " + warning_text(warning));
    }
    if (version != nullptr) {
      CROFT_TRY(set_version_environment(tx, Scope::platform(), version->id,
                                        Secret(to_json_text(environment.values))));
    }
    OnceHosts once{gateway.v6.str(), gateway.v4.str()};
    if (subject.managed()) {
      return plan_managed_init(*subject.type.type, std::move(environment.values), std::move(once));
    }
    return plan_runtime_init(subject.setup, *subject.type.type, std::move(environment.values),
                             std::move(once));
  });
  if (!init) co_return fail(std::move(init).error());
  NewInstanceSet wanted;
  wanted.service_id = subject.service.id;
  wanted.version_id = subject.version.id;
  wanted.containers = subject.managed() ? 1 : std::max(1, subject.service.containers);
  // A service that has nothing running gains nothing by waiting outside of the sets.
  wanted.duty = subject.stop_first() ? InstanceDuty::kServe : InstanceDuty::kHold;
  wanted.image = std::string(std::string_view(image->get_string()));
  wanted.init_config = Secret(to_json_text(*init));
  run.state()["ready_limit_s"] =
      init->readiness ? init->readiness->failure_timeout_s : ReadinessConfig{}.failure_timeout_s;
  run.log(
      fmt::format("starting {} container{}", wanted.containers, wanted.containers == 1 ? "" : "s"));
  auto placed = co_await rollout_.place(run, std::move(wanted));
  if (!placed) co_return fail(std::move(placed).error());
  co_return Status{};
}

Task<Status> RolloutProcess::wait_ready(ProcessRun& run, const Subject& subject) {
  const auto set = Rollout::placed(run);
  check(set.has_value(), "a rollout without its instance set");
  const boost::json::value* limit = run.state().if_contains("ready_limit_s");
  const Millis allowed{limit != nullptr ? limit->to_number<std::int64_t>() * 1000 : 300'000};
  co_return co_await rollout_.wait_ready(run, *set, subject.type.type->memory_bytes,
                                         allowed + kStartSlack);
}

Task<Status> RolloutProcess::switch_over(ProcessRun& run, const Subject& subject) {
  const auto set = Rollout::placed(run);
  check(set.has_value(), "a rollout without its instance set");
  std::vector<Port> ports =
      subject.managed() ? subject.service.ports : plan_ports(subject.setup, *subject.type.type);
  CROFT_CO_TRY(co_await rollout_.make_active(subject.service.id, *set, subject.version.id,
                                             std::move(ports), yaml_of(subject.setup)));
  run.log("traffic goes to the new containers");
  co_return co_await rollout_.wait_switched(run, subject.service.id, *set);
}

Task<Status> RolloutProcess::finish(ProcessRun& run, const Subject& subject) {
  const auto set = Rollout::placed(run);
  check(set.has_value(), "a rollout without its instance set");
  CROFT_CO_TRY(co_await rollout_.retire_others(run, subject.service.id, *set));
  if (subject.managed()) co_return Status{};
  // Older code may not build on what newer code left (zerops-30loops.md A8.3).
  if (kind_ == Kind::kRollback) co_await context_.artifacts.drop_build_cache(subject.service.id);
  auto surplus = co_await context_.store.read([&](const Tx& tx) {
    return surplus_versions(tx, Scope::platform(), subject.service.id, kVersionsKept);
  });
  if (!surplus) co_return fail(std::move(surplus).error());
  for (const Version& old : *surplus) {
    const VersionId id = old.id;
    auto deleted = co_await context_.store.write(
        [id](Tx& tx) { return delete_version(tx, Scope::platform(), id); });
    if (deleted) co_await context_.artifacts.discard(old);
  }
  co_return Status{};
}

Task<Result<boost::json::value>> RolloutProcess::result(ProcessRun& run) {
  auto subject = co_await load(run);
  if (!subject) co_return fail(std::move(subject).error());
  boost::json::object result;
  result["service"] = subject->service.hostname;
  if (!subject->version.id.empty()) {
    result["version"] = subject->version.id.str();
    result["version_number"] = subject->version.number;
  }
  if (subject->service.subdomain_enabled) {
    const auto urls = service_urls(context_.platform, subject->project, subject->service, false);
    if (!urls.empty()) result["url"] = urls.front();
  }
  co_return boost::json::value(std::move(result));
}

}  // namespace croft

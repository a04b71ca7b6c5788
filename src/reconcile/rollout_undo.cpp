// What a rollout that failed, or was cancelled, puts right.
#include <fmt/format.h>

#include <algorithm>

#include "plan/init_plan.h"
#include "reconcile/rollout_subject.h"
#include "spec/app_config.h"
#include "store/versions.h"

namespace croft {

Result<std::map<std::string, std::string>> stored_environment(const Tx& tx, const VersionId& id) {
  auto secret = version_environment(tx, Scope::platform(), id);
  if (!secret) return fail(std::move(secret).error());
  if (secret->empty()) return std::map<std::string, std::string>{};
  return from_json_text<std::map<std::string, std::string>>(secret->reveal());
}

Result<spec::Setup> setup_of(const Version& version, const std::string& hostname) {
  std::string file = "croft.yml";
  const boost::json::object* config = version.config.if_object();
  const boost::json::value* name = config != nullptr ? config->if_contains("file") : nullptr;
  if (name != nullptr && name->is_string()) file = std::string_view(name->get_string());
  auto parsed = spec::parse_app_config(file, version.config_yaml);
  if (!parsed) return fail(std::move(parsed).error());
  const spec::Setup* setup = spec::choose_setup(parsed->config, version.setup, hostname);
  if (setup != nullptr) return *setup;
  return fail(ErrorCode::kInvalid, fmt::format("{} of version {} has no setup '{}'", file,
                                               version.number, version.setup));
}

Task<Status> RolloutProcess::undo(ProcessRun& run) {
  auto subject = co_await load(run);
  // Deleted meanwhile: the deletion took everything along.
  if (!subject) co_return fail(std::move(subject).error());
  const auto set = Rollout::placed(run);
  const std::string& step = run.process().step;
  const bool switched = step == "switch" || step == "finish";
  // A managed service that does not become ready stays as it is: its data is in there, and taking
  // the container away helps nobody.
  const bool keep = switched || (subject->managed() && set.has_value());
  Status first;  // trouble; what follows is put right all the same
  const auto note = [&first](Status done) {
    if (!done && first) first = std::move(done);
  };
  if (set && !keep) note(co_await rollout_.abandon(*set));
  if (kind_ == Kind::kDeploy && !switched) {
    const VersionStatus status = run.cancel_wanted() ? VersionStatus::kCancelled
                                 : step == "build" || step == "prepare"
                                     ? VersionStatus::kBuildFailed
                                 : step == "image" ? VersionStatus::kPreparingRuntimeFailed
                                                   : VersionStatus::kDeployFailed;
    note(co_await set_version(*subject, status));
  }
  if (!keep && subject->stop_first()) note(co_await bring_back(run, *subject));
  const ServiceStatus failed = subject->managed() ? ServiceStatus::kFailed : ServiceStatus::kActive;
  note(co_await rollout_.settle_status(subject->service.id, failed));
  co_return first;
}

// With temporaryShutdown the old containers have gone already: the version that served before is
// started again, with the environment it had.
Task<Status> RolloutProcess::bring_back(ProcessRun& run, const Subject& subject) {
  const VersionId active = subject.service.active_version_id;
  if (active.empty() || kind_ == Kind::kStart) co_return Status{};
  auto restored = co_await context_.store.write([&](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    auto sets = list_instance_sets(tx, all, subject.service.id);
    if (!sets) return fail(std::move(sets).error());
    if (std::any_of(sets->begin(), sets->end(), serves)) return {};
    auto version = get_version(tx, all, active);
    if (!version) return fail(std::move(version).error());
    auto environment = stored_environment(tx, active);
    if (!environment) return fail(std::move(environment).error());
    auto setup = setup_of(*version, subject.service.hostname);
    if (!setup) return fail(std::move(setup).error());
    const AddressPair gateway = context_.addresses.gateway(subject.project.network_number);
    auto init = plan_runtime_init(*setup, *subject.type.type, std::move(*environment),
                                  {gateway.v6.str(), gateway.v4.str()});
    if (!init) return fail(std::move(init).error());
    CROFT_TRY(create_instance_set(tx, all,
                                  {.service_id = subject.service.id,
                                   .version_id = active,
                                   .containers = std::max(1, subject.service.containers),
                                   .duty = InstanceDuty::kServe,
                                   .image = version->image,
                                   .init_config = Secret(to_json_text(*init))}));
    return {};
  });
  if (restored) run.log("started the version that served before");
  context_.wake();
  co_return restored;
}

}  // namespace croft

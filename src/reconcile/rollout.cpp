#include "reconcile/rollout.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "reconcile/rollout_verdict.h"
#include "store/events.h"
#include "store/processes.h"
#include "store/services.h"
#include "store/variables.h"
#include "store/versions.h"

namespace croft {
namespace {

constexpr Millis kLook{500};  // at most so long between two looks, whatever is notified
// A drained container is given its stop time; then the engine kills it. Far beyond both.
constexpr Millis kRetireLimit{15 * 60'000};
constexpr Millis kSwitchLimit{30'000};

Error cancelled() {
  return Error(ErrorCode::kCancelled, "cancelled");
}

Status announce_service(Tx& tx, const Service& service) {
  auto id = append_event(tx, Scope::platform(), service.project_id, "service.changed",
                         {{"service", service.id.str()}, {"hostname", service.hostname}});
  if (!id) return fail(std::move(id).error());
  return {};
}

// Siblings refer to them as ${host_name}. One whose key a user took meanwhile stays theirs.
Status replace_yaml_variables(Tx& tx, const Service& service, const spec::EnvVariables& yaml) {
  CROFT_TRY(remove_variables_of_kind(tx, Scope::platform(), service.project_id, service.id,
                                     VariableKind::kYaml));
  for (const auto& [key, value] : yaml) {
    auto set = set_variable(tx, Scope::platform(),
                            {.project_id = service.project_id,
                             .service_id = service.id,
                             .key = key,
                             .value = Secret(value),
                             .kind = VariableKind::kYaml,
                             .editable = false,
                             .deletable = false});
    if (!set && set.error().code() != ErrorCode::kConflict) return fail(std::move(set).error());
  }
  return {};
}

}  // namespace

std::optional<InstanceSetId> Rollout::placed(ProcessRun& run) {
  const boost::json::value* noted = run.state().if_contains("set");
  if (noted == nullptr || !noted->is_string()) return std::nullopt;
  return InstanceSetId::parse(std::string_view(noted->get_string()));
}

Task<Result<InstanceSetId>> Rollout::place(ProcessRun& run, NewInstanceSet wanted) {
  if (const auto noted = placed(run)) co_return *noted;
  Process process = run.process();
  auto set = co_await context_.store.write([&](Tx& tx) -> Result<InstanceSet> {
    auto created = create_instance_set(tx, Scope::platform(), wanted);
    if (!created) return created;
    boost::json::object state = run.state();
    state["set"] = created->id.str();
    process.step_state = std::move(state);
    auto noted = update_process(tx, Scope::platform(), process);
    if (!noted) return fail(std::move(noted).error());
    return created;
  });
  if (!set) co_return fail(std::move(set).error());
  run.state()["set"] = set->id.str();
  context_.wake();
  co_return set->id;
}

Task<Status> Rollout::wait_ready(ProcessRun& run, InstanceSetId set, std::int64_t memory_bytes,
                                 Millis limit) {
  auto row = co_await context_.store.read(
      [&set](const Tx& tx) { return get_instance_set(tx, Scope::platform(), set); });
  if (!row) co_return fail(std::move(row).error());
  const Millis deadline = context_.clock.steady() + limit;
  std::string told;
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    const RolloutVerdict verdict =
        judge_rollout(context_.world.instances(set), row->containers, memory_bytes);
    if (verdict.state == RolloutVerdict::State::kReady) co_return Status{};
    if (verdict.state == RolloutVerdict::State::kFailed) {
      run.failure = verdict.failure;
      for (const std::string& line : verdict.failure.last_lines) run.log("  " + line);
      co_return fail(ErrorCode::kDeployFailed, verdict.failure.message);
    }
    const std::string now = fmt::format("{} of {} ready{}{}", verdict.ready, row->containers,
                                        verdict.detail.empty() ? "" : ": ", verdict.detail);
    if (now != told) run.log(now);
    told = now;
    if (run.cancel_wanted()) co_return fail(cancelled());
    if (context_.clock.steady() >= deadline) {
      co_return fail(ErrorCode::kTimeout,
                     fmt::format("not ready within {} s ({}); see the log of the containers",
                                 limit.count() / 1000, now));
    }
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, kLook);
  }
}

Task<Status> Rollout::make_active(ServiceId service, InstanceSetId set, VersionId version,
                                  std::vector<Port> ports, spec::EnvVariables yaml) {
  auto done = co_await context_.store.write([&](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    auto sets = list_instance_sets(tx, all, service);
    if (!sets) return fail(std::move(sets).error());
    for (InstanceSet& one : *sets) {
      const InstanceDuty duty = one.id == set ? InstanceDuty::kServe : InstanceDuty::kDrain;
      if (one.duty == duty) continue;
      one.duty = duty;
      CROFT_TRY(update_instance_set(tx, all, one));
    }
    if (!version.empty()) {
      auto row = get_service(tx, all, service);
      if (!row) return fail(std::move(row).error());
      if (row->active_version_id != version) CROFT_TRY(activate_version(tx, all, version));
      row = get_service(tx, all, service);
      if (!row) return fail(std::move(row).error());
      if (row->ports != ports) {
        row->ports = ports;
        CROFT_TRY(update_service(tx, all, *row));
      }
      CROFT_TRY(replace_yaml_variables(tx, *row, yaml));
    }
    CROFT_TRY(set_service_status(tx, all, service, ServiceStatus::kActive));
    auto row = get_service(tx, all, service);
    if (!row) return fail(std::move(row).error());
    return announce_service(tx, *row);
  });
  context_.wake();
  co_return done;
}

Task<Status> Rollout::wait_switched(ProcessRun& run, ServiceId service, InstanceSetId set) {
  const Millis deadline = context_.clock.steady() + kSwitchLimit;
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    auto sets = co_await context_.store.read(
        [&service](const Tx& tx) { return list_instance_sets(tx, Scope::platform(), service); });
    if (!sets) co_return fail(std::move(sets).error());
    bool switched = true;
    for (const InstanceSet& one : *sets) {
      const auto instances = context_.world.instances(one.id);
      const auto rotating = std::count_if(instances.begin(), instances.end(),
                                          [](const InstanceView& i) { return i.in_rotation; });
      switched = switched && (one.id == set ? rotating >= one.containers : rotating == 0);
    }
    if (switched) co_return Status{};
    if (context_.clock.steady() >= deadline) {
      // The core obeys its desired state as soon as it can; taking the old containers away before
      // it has would lose requests.
      co_return fail(ErrorCode::kTimeout,
                     "the project's core has not taken over the new containers within 30 s; "
                     "see `croft status`");
    }
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, kLook);
  }
}

Task<Status> Rollout::begin_retiring(ServiceId service, InstanceSetId keep) {
  auto marked = co_await context_.store.write([&](Tx& tx) -> Status {
    auto sets = list_instance_sets(tx, Scope::platform(), service);
    if (!sets) return fail(std::move(sets).error());
    for (InstanceSet& one : *sets) {
      if (one.id == keep || one.state == InstanceSetState::kRemoving) continue;
      one.state = InstanceSetState::kRemoving;
      one.duty = InstanceDuty::kDrain;
      CROFT_TRY(update_instance_set(tx, Scope::platform(), one));
    }
    return {};
  });
  context_.wake();
  co_return marked;
}

Task<Status> Rollout::retire_others(ProcessRun& run, ServiceId service, InstanceSetId keep) {
  CROFT_CO_TRY(co_await begin_retiring(service, keep));
  const Millis deadline = context_.clock.steady() + kRetireLimit;
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    auto sets = co_await context_.store.read(
        [&service](const Tx& tx) { return list_instance_sets(tx, Scope::platform(), service); });
    if (!sets) co_return fail(std::move(sets).error());
    const bool gone = std::all_of(sets->begin(), sets->end(),
                                  [&](const InstanceSet& one) { return one.id == keep; });
    if (gone) co_return Status{};
    // What has come since goes too: nobody keeps a deployment that was under way when its project
    // was to be deleted from bringing its new containers.
    const bool all_leave = std::all_of(sets->begin(), sets->end(), [&](const InstanceSet& one) {
      return one.id == keep || one.state == InstanceSetState::kRemoving;
    });
    if (!all_leave) CROFT_CO_TRY(co_await begin_retiring(service, keep));
    if (context_.clock.steady() >= deadline) {
      co_return fail(ErrorCode::kTimeout,
                     "containers of the old version do not stop; see the engine");
    }
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, kLook);
  }
}

Task<Status> Rollout::abandon(InstanceSetId set) {
  auto done = co_await context_.store.write([&set](Tx& tx) -> Status {
    auto row = get_instance_set(tx, Scope::platform(), set);
    if (!row) return row.error().code() == ErrorCode::kNotFound ? Status{} : fail(row.error());
    row->state = InstanceSetState::kRemoving;
    row->duty = InstanceDuty::kDrain;
    CROFT_TRY(update_instance_set(tx, Scope::platform(), *row));
    return {};
  });
  context_.wake();
  co_return done;
}

Task<Status> Rollout::set_status(ServiceId service, ServiceStatus status) {
  co_return co_await context_.store.write(
      [&](Tx& tx) { return set_service_status(tx, Scope::platform(), service, status); });
}

Task<Status> Rollout::settle_status(ServiceId service, ServiceStatus serving) {
  co_return co_await context_.store.write([&](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    auto row = get_service(tx, all, service);
    if (!row) return fail(std::move(row).error());
    auto sets = list_instance_sets(tx, all, service);
    if (!sets) return fail(std::move(sets).error());
    const bool runs = std::any_of(sets->begin(), sets->end(), serves);
    const ServiceStatus idle = is_managed(row->category)        ? ServiceStatus::kFailed
                               : row->active_version_id.empty() ? ServiceStatus::kReadyToDeploy
                                                                : ServiceStatus::kStopped;
    return set_service_status(tx, all, service, runs ? serving : idle);
  });
}

}  // namespace croft

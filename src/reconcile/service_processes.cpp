#include "reconcile/service_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconcile/rollout_verdict.h"
#include "store/services.h"
#include "store/versions.h"

namespace croft {
namespace {

constexpr Millis kScaleLimit{10 * 60'000};

int wanted_containers(const ProcessRun& run) {
  const boost::json::value* count = run.params().if_contains("containers");
  return count != nullptr && count->is_number() ? count->to_number<int>() : 1;
}

Task<Result<boost::json::value>> service_result(ProcessContext& context, ServiceId id) {
  auto service = co_await context.store.read(
      [&id](const Tx& tx) { return get_service(tx, Scope::platform(), id); });
  if (!service) co_return fail(std::move(service).error());
  co_return boost::json::value{{"service", service->hostname}, {"containers", service->containers}};
}

}  // namespace

std::vector<ProcessHandler::Step> StopProcess::steps() const {
  return {{.name = "drain", .cancellable = false}, {.name = "finish", .cancellable = false}};
}

Task<Status> StopProcess::run(std::string step, ProcessRun& run) {
  const ServiceId id = run.process().service_id;
  if (step == "drain") {
    CROFT_CO_TRY(co_await rollout_.set_status(id, ServiceStatus::kStopping));
    co_return co_await rollout_.retire_others(run, id, {});
  }
  co_return co_await rollout_.set_status(id, ServiceStatus::kStopped);
}

Task<Status> StopProcess::undo(ProcessRun& run) {
  co_return co_await rollout_.settle_status(run.process().service_id, ServiceStatus::kActive);
}

Task<Result<boost::json::value>> StopProcess::result(ProcessRun& run) {
  co_return co_await service_result(context_, run.process().service_id);
}

std::vector<ProcessHandler::Step> ScaleProcess::steps() const {
  return {{.name = "scale"}, {.name = "ready"}, {.name = "finish", .cancellable = false}};
}

Task<Status> ScaleProcess::set_count(ServiceId service, int containers, int* before) {
  auto done = co_await context_.store.write([&](Tx& tx) -> Status {
    auto row = get_service(tx, Scope::platform(), service);
    if (!row) return fail(std::move(row).error());
    if (before != nullptr) *before = row->containers;
    row->containers = containers;
    row->min_containers = std::min(row->min_containers, containers);
    row->max_containers = std::max(row->max_containers, containers);
    CROFT_TRY(update_service(tx, Scope::platform(), *row));
    auto sets = list_instance_sets(tx, Scope::platform(), service);
    if (!sets) return fail(std::move(sets).error());
    for (InstanceSet& set : *sets) {
      if (!serves(set)) continue;
      set.containers = containers;
      CROFT_TRY(update_instance_set(tx, Scope::platform(), set));
    }
    return {};
  });
  context_.wake();
  co_return done;
}

Task<Result<boost::json::array>> ScaleProcess::failed_containers(ServiceId service) {
  auto sets = co_await context_.store.read(
      [&service](const Tx& tx) { return list_instance_sets(tx, Scope::platform(), service); });
  if (!sets) co_return fail(std::move(sets).error());
  boost::json::array ids;
  for (const InstanceSet& set : *sets) {
    for (const InstanceView& instance : context_.world.instances(set.id)) {
      if (instance.exit_code.value_or(0) != 0) ids.emplace_back(instance.container_id);
    }
  }
  co_return ids;
}

Task<Status> ScaleProcess::wait_count(ProcessRun& run, ServiceId service, int containers) {
  const Millis deadline = context_.clock.steady() + kScaleLimit;
  // By name, not by time: clocks jump.
  std::set<std::string> old_failures;
  if (const auto* known = run.state().if_contains("failed_before")) {
    for (const auto& id : known->as_array()) old_failures.emplace(id.as_string());
  }
  for (;;) {
    const std::uint64_t seen = context_.world.changed().version();
    auto sets = co_await context_.store.read(
        [&service](const Tx& tx) { return list_instance_sets(tx, Scope::platform(), service); });
    if (!sets) co_return fail(std::move(sets).error());
    int ready = 0;
    int running = 0;
    for (const InstanceSet& set : *sets) {
      if (set.duty != InstanceDuty::kServe) continue;
      running += context_.world.running(set.id);
      for (const InstanceView& instance : context_.world.instances(set.id)) {
        ready += instance.health == InstanceState::kReady ? 1 : 0;
        if (instance.exit_code.value_or(0) == 0 || old_failures.contains(instance.container_id)) {
          continue;
        }
        run.failure = explain_exit(instance, 0);
        co_return fail(ErrorCode::kFailed, run.failure->message);
      }
    }
    if (ready >= containers && running <= containers) co_return Status{};
    if (run.cancel_wanted()) co_return fail(ErrorCode::kCancelled, "cancelled");
    if (context_.clock.steady() >= deadline) {
      co_return fail(
          ErrorCode::kTimeout,
          fmt::format("{} of {} containers became ready within 10 min", ready, containers));
    }
    co_await run.flush();
    co_await context_.world.changed().wait_past(seen, Millis(500));
  }
}

Task<Status> ScaleProcess::run(std::string step, ProcessRun& run) {
  const ServiceId id = run.process().service_id;
  const int containers = wanted_containers(run);
  if (step == "scale") {
    CROFT_CO_TRY(co_await rollout_.set_status(id, ServiceStatus::kScaling));
    auto sets = co_await context_.store.read(
        [&id](const Tx& tx) { return list_instance_sets(tx, Scope::platform(), id); });
    if (!sets) co_return fail(std::move(sets).error());
    // It was stopped after it was asked for.
    if (std::none_of(sets->begin(), sets->end(), serves)) {
      co_return fail(ErrorCode::kConflict, "the service does not run; start it, then scale it");
    }
    int before = 0;
    CROFT_CO_TRY(co_await set_count(id, containers, &before));
    // Only the first attempt knows the number from before.
    if (!run.state().contains("before")) {
      run.state()["before"] = before;
      auto failed = co_await failed_containers(id);
      if (!failed) co_return fail(std::move(failed).error());
      run.state()["failed_before"] = std::move(*failed);
    }
    run.log(fmt::format("from {} to {} containers", before, containers));
    co_return co_await run.save_state();
  }
  if (step == "ready") co_return co_await wait_count(run, id, containers);
  co_return co_await rollout_.set_status(id, ServiceStatus::kActive);
}

Task<Status> ScaleProcess::undo(ProcessRun& run) {
  const ServiceId id = run.process().service_id;
  Status restored;
  if (const boost::json::value* before = run.state().if_contains("before")) {
    restored = co_await set_count(id, before->to_number<int>(), nullptr);
  }
  Status told = co_await rollout_.settle_status(id, ServiceStatus::kActive);
  co_return restored ? told : restored;
}

Task<Result<boost::json::value>> ScaleProcess::result(ProcessRun& run) {
  co_return co_await service_result(context_, run.process().service_id);
}

namespace {

// A service and its project can be deleted at the same time: the slower one finds nothing, and that
// is what it was to achieve.
Task<Status> unless_gone(ProcessContext& context, ServiceId service, Status done) {
  if (done || done.error().code() != ErrorCode::kNotFound) co_return done;
  const auto row = co_await context.store.read(
      [&service](const Tx& tx) { return get_service(tx, Scope::platform(), service); });
  if (!row && row.error().code() == ErrorCode::kNotFound) co_return Status{};
  co_return done;
}

Task<Status> stop_for_good(Rollout& rollout, ServiceId service) {
  CROFT_CO_TRY(co_await rollout.set_status(service, ServiceStatus::kDeleting));
  co_return co_await rollout.begin_retiring(service, {});
}

Task<Status> delete_present_service(ProcessContext& context, Rollout& rollout, ProcessRun& run,
                                    ServiceId service) {
  auto row = co_await context.store.read(
      [&service](const Tx& tx) { return get_service(tx, Scope::platform(), service); });
  if (!row) co_return fail(std::move(row).error());
  CROFT_CO_TRY(co_await rollout.set_status(service, ServiceStatus::kDeleting));
  run.log(fmt::format("removing the containers of {}", row->hostname));
  CROFT_CO_TRY(co_await rollout.retire_others(run, service, {}));
  Page page{.limit = 200};
  do {
    auto versions = co_await context.store.read(
        [&](const Tx& tx) { return list_versions(tx, Scope::platform(), service, page); });
    if (!versions) co_return fail(std::move(versions).error());
    for (const Version& version : versions->items) co_await context.artifacts.discard(version);
    page.after = versions->next;
  } while (!page.after.empty());
  CROFT_CO_TRY(co_await context.artifacts.forget_service(service));
  auto deleted = co_await context.store.write(
      [&service](Tx& tx) { return delete_service(tx, Scope::platform(), service); });
  context.wake();
  co_return deleted;
}

}  // namespace

Task<Status> begin_service_deletion(ProcessContext& context, Rollout& rollout, ServiceId service) {
  co_return co_await unless_gone(context, service, co_await stop_for_good(rollout, service));
}

Task<Status> delete_service_with_all(ProcessContext& context, Rollout& rollout, ProcessRun& run,
                                     ServiceId service) {
  co_return co_await unless_gone(context, service,
                                 co_await delete_present_service(context, rollout, run, service));
}

Status settle_undeleted(Tx& tx, const ServiceId& service) {
  const auto sets = list_instance_sets(tx, Scope::platform(), service);
  if (!sets) return fail(sets.error());
  const bool runs = std::any_of(sets->begin(), sets->end(), serves);
  return set_service_status(tx, Scope::platform(), service,
                            runs ? ServiceStatus::kActive : ServiceStatus::kFailed);
}

std::vector<ProcessHandler::Step> DeleteServiceProcess::steps() const {
  return {{.name = "delete", .cancellable = false}};
}

Task<Status> DeleteServiceProcess::run(std::string, ProcessRun& run) {
  co_return co_await delete_service_with_all(context_, rollout_, run, run.process().service_id);
}

Task<Status> DeleteServiceProcess::undo(ProcessRun& run) {
  const ServiceId id = run.process().service_id;
  co_return co_await context_.store.write([&id](Tx& tx) { return settle_undeleted(tx, id); });
}

Task<Result<boost::json::value>> DeleteServiceProcess::result(ProcessRun&) {
  co_return boost::json::value(boost::json::object{});
}

}  // namespace croft

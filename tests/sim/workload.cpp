#include "workload.h"

#include <algorithm>
#include <array>

#include "agent.h"
#include "app/import_project.h"
#include "app/project_write.h"
#include "app/read.h"
#include "app/service_actions.h"
#include "app/variable_set.h"
#include "app/version_actions.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft::sim {
namespace {

constexpr const char* kCache = R"(
  - hostname: cache
    type: valkey@8
    mode: NON_HA
    priority: 5
)";

std::string import_file(int project, bool with_cache) {
  return fmt::format(R"(project:
  name: p{}
services:
  - hostname: db
    type: postgresql@17
    mode: NON_HA
    priority: 10
  - hostname: api
    type: nodejs@22
    minContainers: 2
    maxContainers: 4
    enableSubdomainAccess: true
  - hostname: web
    type: nodejs@22
    minContainers: 1
    maxContainers: 4
    enableSubdomainAccess: true
  - hostname: worker
    type: nodejs@22
    minContainers: 1
    maxContainers: 4
{})",
                     project, with_cache ? kCache : "");
}

std::string setup(const std::string& service, Behaviour behaviour) {
  return fmt::format(R"(croft:
  - setup: {}
    build:
      base: nodejs@22
      deployFiles: [app]
    deploy:
      temporaryShutdown: {}
      readinessCheck:
        httpGet:
          port: 3000
          path: /
        failureTimeout: 20
        retryPeriod: 1
    run:
      base: nodejs@22
      envVariables:
        DATABASE: ${{db_connectionString}}
      ports:
        - port: 3000
          httpSupport: true
      start: node app
)",
                     service, behaviour == Behaviour::kShutsDown ? "true" : "false");
}

Actor owner() {
  Actor actor{.user = {.name = "ann", .role = UserRole::kOwner},
              .token = {.name = "ann's", .scopes = {TokenScope::kAdmin}},
              .scope = Scope::platform()};
  actor.request_id = "sim";
  return actor;
}

std::optional<Service> find_service(SimWorld& world, const Op& op) {
  auto found = world.disk.look(world.clock.now(), [&](const Tx& tx) -> Result<Service> {
    auto projects = all_projects(tx, Scope::platform());
    if (!projects) return fail(projects.error());
    for (const Project& project : *projects) {
      if (project.name != fmt::format("p{}", op.project)) continue;
      return get_service_by_hostname(tx, Scope::platform(), project.id, op.service);
    }
    return fail(ErrorCode::kNotFound, "no such project");
  });
  if (!found) return std::nullopt;
  return std::move(*found);
}

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "taken" : "refused: " + result.error().message();
}

Task<std::string> deploy(SimWorld& world, ControlPlane& control, const Op& op, Service service) {
  AppContext& app = control.app();
  auto created = co_await create_version_use_case(app, Scope::platform(), service.id,
                                                  {.config = setup(op.service, op.behaviour)});
  if (!created) co_return outcome(created);
  const VersionId version = created->version.id;
  world.behaviours[version.str()] = op.behaviour;
  const Status uploaded = co_await version_uploaded(app, Scope::platform(), version, 1000);
  if (!uploaded) co_return outcome(uploaded);
  const auto process = co_await deploy_version(app, owner(), version);
  co_return outcome(process);
}

// Processes that are not over, the newest first; `step`: in that one only, unless it is empty.
std::vector<Process> unfinished(SimWorld& world, const std::string& step) {
  auto processes = world.disk.look(world.clock.now(), [](const Tx& tx) {
    return list_processes(
        tx, Scope::platform(),
        {.statuses = {ProcessStatus::kPending, ProcessStatus::kRunning, ProcessStatus::kCanceling}},
        {.limit = 200});
  });
  if (!processes) return {};
  std::erase_if(processes->items,
                [&](const Process& one) { return !step.empty() && one.step != step; });
  return std::move(processes->items);
}

// Any process at once; or the first that gets to a certain step within some seconds, as a user does
// who changes their mind late.
Task<std::string> cancel_any(SimWorld& world, ControlPlane& control, int which) {
  constexpr std::array kSteps{"", "start", "ready", "switch"};
  const auto choice = static_cast<std::size_t>(which);
  const std::string step = kSteps.at(choice % kSteps.size());
  std::uint64_t seen = world.disk.commits();
  std::vector<Process> found = unfinished(world, step);
  for (int i = 0; i < 100 && found.empty() && !step.empty(); ++i) {
    co_await sleep_for(Millis(60));
    if (world.disk.commits() == seen) continue;
    seen = world.disk.commits();
    found = unfinished(world, step);
  }
  if (found.empty()) co_return "nothing to cancel";
  const Process& one = found[choice % found.size()];
  const auto cancelled = co_await cancel_process(control.app(), owner(), one.id);
  co_return fmt::format("{} {}: {}", one.kind, one.number, outcome(cancelled));
}

Task<std::string> set_and_restart(ControlPlane& control, const Op& op, Service service) {
  std::vector<VariableInput> inputs;
  inputs.push_back({.key = "COLOUR", .value = Secret(std::to_string(op.number))});
  const auto set = co_await set_variables(
      control.app(), owner(), {.project = fmt::format("p{}", op.project), .service = op.service},
      std::move(inputs), false);
  if (!set) co_return outcome(set);
  const auto restarted =
      co_await act_on_service(control.app(), owner(), service.id, ServiceAction::kRestart);
  co_return outcome(restarted);
}

Task<std::string> act(ControlPlane& control, ServiceId service, ServiceAction action) {
  const auto done = co_await act_on_service(control.app(), owner(), service, action);
  co_return outcome(done);
}

Task<std::string> on_project(SimWorld& world, ControlPlane& control, const Op& op) {
  AppContext& app = control.app();
  const std::string project = fmt::format("p{}", op.project);
  if (op.kind == Op::Kind::kImport) {
    ImportRequest request{
        .file = "import.yml", .text = import_file(op.project, op.number == 1), .project = {}};
    const auto imported = co_await import_project(app, owner(), std::move(request));
    co_return outcome(imported);
  }
  if (op.kind == Op::Kind::kCancel) co_return co_await cancel_any(world, control, op.number);
  if (op.kind == Op::Kind::kDeleteProject) {
    const auto deleted = co_await delete_project(app, owner(), project, std::nullopt);
    co_return outcome(deleted);
  }
  Op sibling = op;
  sibling.service = "db";
  const auto row = find_service(world, sibling);
  if (!row) co_return "no such project";
  const auto created =
      co_await create_service_use_case(app, owner(), row->project_id,
                                       {.hostname = fmt::format("extra{}", world.between(0, 99)),
                                        .type = world.percent(50) ? "valkey@8" : "nodejs@22"});
  co_return outcome(created);
}

Task<std::string> on_service(SimWorld& world, ControlPlane& control, const Op& op) {
  auto service = find_service(world, op);
  if (!service) co_return "no such service";
  const ServiceId id = service->id;
  switch (op.kind) {
    case Op::Kind::kDeploy:
      co_return co_await deploy(world, control, op, std::move(*service));
    case Op::Kind::kSetVariable:
      co_return co_await set_and_restart(control, op, std::move(*service));
    case Op::Kind::kScale: {
      const auto scaled = co_await scale_service(control.app(), owner(), id, op.number);
      co_return outcome(scaled);
    }
    case Op::Kind::kRollback: {
      const auto back =
          co_await activate_version_use_case(control.app(), owner(), id, std::nullopt);
      co_return outcome(back);
    }
    case Op::Kind::kRestart:
      co_return co_await act(control, id, ServiceAction::kRestart);
    case Op::Kind::kStop:
      co_return co_await act(control, id, ServiceAction::kStop);
    case Op::Kind::kStart:
      co_return co_await act(control, id, ServiceAction::kStart);
    default:
      co_return co_await act(control, id, ServiceAction::kDelete);
  }
}

Task<void> call(SimWorld* world, ControlPlane* control, Op op) {
  const bool of_project = op.kind == Op::Kind::kImport || op.kind == Op::Kind::kCancel ||
                          op.kind == Op::Kind::kDeleteProject ||
                          op.kind == Op::Kind::kCreateService;
  std::string told;
  if (of_project) {
    told = co_await on_project(*world, *control, op);
  } else {
    told = co_await on_service(*world, *control, op);
  }
  world->trace(fmt::format("user: {}: {}", to_string(op), told));
}

Task<void> hand_in(SimWorld* world, Op op) {
  // Whoever finds croftd away tries again for a while.
  for (int i = 0; i < 60; ++i) {
    if (world->control != nullptr && world->control->ready()) {
      world->control->serve(call(world, world->control, op));
      co_return;
    }
    co_await sleep_for(Millis(500));
  }
}

// The containers of instances that run, in a fixed order.
std::vector<std::string> instances(SimWorld& world) {
  std::vector<std::string> found;
  for (const auto& [id, container] : world.node().containers) {
    const bool runs = container.info.state == engine::ContainerInfo::State::kRunning;
    if (runs && !SimWorld::label(container, "croft.set").empty()) found.push_back(id);
  }
  return found;
}

// Null until a core has seen it.
Truth* truth_of(SimWorld& world, const std::string& container) {
  const auto found = world.truths.find(container);
  return found == world.truths.end() ? nullptr : &found->second;
}

void strike(SimWorld& world, const Fault& fault) {
  const std::vector<std::string> running = instances(world);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(std::abs(fault.number)) % from.size()];
  };
  switch (fault.kind) {
    case Fault::Kind::kKill:
      if (world.control != nullptr) world.control->die("killed");
      return;
    case Fault::Kind::kKillAgent:
      if (world.agent != nullptr) world.agent->die("killed");
      return;
    case Fault::Kind::kClockJump:
      world.clock.jump_wall_clock(Millis(fault.number * 1000));
      return;
    case Fault::Kind::kCrashContainer:
      if (running.empty()) return;
      if (Truth* truth = truth_of(world, pick(running))) {
        truth->crashed = true;
        world.struck[truth->service] = world.now();
      }
      world.cluster.crash(pick(running), 1, false);
      return;
    case Fault::Kind::kUnhealthy:
      if (running.empty()) return;
      if (Truth* truth = truth_of(world, pick(running))) {
        truth->unhealthy_until = fault.until;
        world.struck[truth->service] = fault.until;
      }
      return;
    case Fault::Kind::kCrashCore: {
      std::vector<std::string> cores;
      for (const auto& [id, report] : world.core_reports) cores.push_back(id);
      if (cores.empty()) return;
      world.crashed_cores.insert(pick(cores));
      world.cluster.crash(pick(cores), 1, false);
      return;
    }
    case Fault::Kind::kDiskFull:
      world.disk.full = true;
      return;
    case Fault::Kind::kEdgeDown:
      world.edge.set_available(false);
      return;
    default:
      return;  // looked up while it lasts
  }
}

void end(SimWorld& world, const Fault& fault) {
  if (fault.kind == Fault::Kind::kDiskFull) {
    world.disk.full = world.active(Fault::Kind::kDiskFull) != nullptr;
  }
  if (fault.kind == Fault::Kind::kEdgeDown) {
    world.edge.set_available(world.active(Fault::Kind::kEdgeDown) == nullptr);
  }
}

Task<void> one_fault(SimWorld* world, Fault fault) {
  co_await sleep_for(fault.at - world->now());
  if (world->ending) co_return;
  world->trace("fault: " + to_string(fault));
  strike(*world, fault);
  co_await sleep_for(fault.until - world->now());
  end(*world, fault);
}

}  // namespace

Task<void> run_workload(SimWorld& world) {
  for (const Op& op : world.plan.ops) {
    if (op.at > world.now()) co_await sleep_for(op.at - world.now());
    if (world.ending) co_return;
    world.group.spawn("user", hand_in(&world, op));
  }
}

Task<void> run_faults(SimWorld& world) {
  for (const Fault& fault : world.plan.faults) {
    world.group.spawn("fault", one_fault(&world, fault));
  }
  co_return;
}

}  // namespace croft::sim

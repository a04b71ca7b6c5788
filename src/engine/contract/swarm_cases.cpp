// Swarm, nodes, services, tasks, secrets and configs.
#include "engine/contract/contract.h"

namespace croft::engine {
namespace {

bool one_runs(const std::vector<TaskInfo>& tasks) {
  return count_in_state(tasks, TaskState::kRunning) == 1;
}

class SwarmContract : public EngineContract {
 protected:
  Task<void> tells_about_itself() {
    const auto info = co_await engine().info(kCallLimit);
    CO_ASSERT(info);
    EXPECT_GE(info->api_version, "1.41");
    EXPECT_TRUE(info->swarm_active);
    EXPECT_TRUE(info->swarm_manager);
    EXPECT_FALSE(info->swarm_node_id.empty());
    EXPECT_GT(info->cpus, 0);
    EXPECT_GT(info->memory_bytes, 0);
    const SwarmInit init{.advertise_address = "127.0.0.1", .listen_address = "127.0.0.1:2377"};
    const auto again = co_await engine().init_swarm(init, kCallLimit);
    EXPECT_EQ(code_of(again), "conflict");
  }

  Task<void> changes_swarm_settings() {
    const auto before = co_await engine().inspect_swarm(kCallLimit);
    CO_ASSERT(before);
    SwarmSettings wanted = before->settings;
    wanted.dispatcher_heartbeat = Millis(25'000);
    wanted.task_history_limit = before->settings.task_history_limit + 1;
    const auto changed = co_await engine().update_swarm(before->version, wanted, kCallLimit);
    CO_ASSERT(changed);
    const auto after = co_await engine().inspect_swarm(kCallLimit);
    CO_ASSERT(after);
    EXPECT_EQ(after->settings, wanted);
    const auto stale = co_await engine().update_swarm(before->version, wanted, kCallLimit);
    EXPECT_EQ(code_of(stale), "conflict");
    const auto restored =
        co_await engine().update_swarm(after->version, before->settings, kCallLimit);
    CO_ASSERT(restored);
  }

  Task<void> labels_nodes() {
    const auto nodes = co_await engine().list_nodes(kCallLimit);
    CO_ASSERT(nodes);
    EXPECT_EQ(nodes->size(), 1u);
    const NodeInfo before = nodes->front();
    EXPECT_EQ(before.state, NodeInfo::State::kReady);
    EXPECT_TRUE(before.manager);
    NodeUpdate update{before.labels, before.availability};
    update.labels["croft.zone"] = name("zone");
    const auto changed =
        co_await engine().update_node(before.id, before.version, update, kCallLimit);
    CO_ASSERT(changed);
    const auto after = co_await engine().inspect_node(before.id, kCallLimit);
    CO_ASSERT(after);
    EXPECT_EQ(after->labels, update.labels);
    const auto stale = co_await engine().update_node(before.id, before.version, update, kCallLimit);
    EXPECT_EQ(code_of(stale), "conflict");
    const NodeUpdate back{before.labels, before.availability};
    const auto restored =
        co_await engine().update_node(before.id, after->version, back, kCallLimit);
    CO_ASSERT(restored);
    const auto missing = co_await engine().inspect_node("nosuchnode", kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
  }

  Task<void> runs_and_scales_a_service() {
    ServiceSpec spec = service("web", "serve");
    const auto id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(id);
    const auto twice = co_await engine().create_service(spec, kCallLimit);
    EXPECT_EQ(code_of(twice), "conflict");
    auto tasks = co_await wait_for_tasks(*id, one_runs);
    if (tasks.empty()) co_return;
    EXPECT_EQ(tasks[0].service_id, *id);
    EXPECT_EQ(tasks[0].slot, 1u);
    EXPECT_EQ(tasks[0].labels, labels());
    EXPECT_FALSE(tasks[0].exit_code);
    const auto running = co_await engine().inspect_container(tasks[0].container_id, kCallLimit);
    CO_ASSERT(running);
    EXPECT_EQ(running->state, ContainerInfo::State::kRunning);
    EXPECT_GT(running->pid, 0);

    const auto before = co_await engine().inspect_service(spec.name, kCallLimit);
    CO_ASSERT(before);
    EXPECT_EQ(before->spec, spec);
    spec.replicas = 3;
    const auto scaled = co_await engine().update_service(*id, before->version, spec, kCallLimit);
    CO_ASSERT(scaled);
    const auto stale = co_await engine().update_service(*id, before->version, spec, kCallLimit);
    EXPECT_EQ(code_of(stale), "conflict");
    tasks = co_await wait_for_tasks(
        *id, [](const auto& all) { return count_in_state(all, TaskState::kRunning) == 3; });
    // Scaling replaces nothing.
    EXPECT_EQ(tasks.size(), 3u);
    const auto removed = co_await engine().remove_service(*id, kCallLimit);
    CO_ASSERT(removed);
    co_await wait_for_tasks(*id, [](const auto& all) { return all.empty(); });
    const auto gone = co_await engine().inspect_service(*id, kCallLimit);
    EXPECT_EQ(code_of(gone), "not-found");
    const auto removed_twice = co_await engine().remove_service(*id, kCallLimit);
    EXPECT_EQ(code_of(removed_twice), "not-found");
  }

  Task<void> reports_exit_codes() {
    ServiceSpec spec = service("fails", "fail");
    spec.restart.condition = RestartPolicy::Condition::kNone;
    const auto id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(id);
    const auto tasks = co_await wait_for_tasks(
        *id, [](const auto& all) { return count_in_state(all, TaskState::kFailed) == 1; });
    if (tasks.empty()) co_return;
    EXPECT_EQ(tasks[0].exit_code, 3);
    EXPECT_FALSE(tasks[0].error.empty());
    EXPECT_FALSE(tasks[0].container_id.empty());
    co_await pass(Millis(1000));
    const auto later = co_await wait_for_tasks(*id, [](const auto&) { return true; });
    EXPECT_EQ(later.size(), 1u);
  }

  Task<void> restarts_as_told() {
    ServiceSpec failing = service("retries", "fail");
    failing.restart = {RestartPolicy::Condition::kOnFailure, Millis(100), 2, Millis(0)};
    const auto id = co_await engine().create_service(failing, kCallLimit);
    CO_ASSERT(id);
    ServiceSpec done = service("done", "succeed");
    done.restart = {RestartPolicy::Condition::kOnFailure, Millis(100), 0, Millis(0)};
    const auto done_id = co_await engine().create_service(done, kCallLimit);
    CO_ASSERT(done_id);
    co_await wait_for_tasks(*id, [](const auto& all) {
      return count_in_state(all, TaskState::kFailed) == 3;  // the first and two attempts
    });
    co_await wait_for_tasks(
        *done_id, [](const auto& all) { return count_in_state(all, TaskState::kComplete) == 1; });
    co_await pass(Millis(1500));
    const auto failed = co_await wait_for_tasks(*id, [](const auto&) { return true; });
    EXPECT_EQ(failed.size(), 3u);
    const auto completed = co_await wait_for_tasks(*done_id, [](const auto&) { return true; });
    EXPECT_EQ(completed.size(), 1u);
    for (const TaskInfo& task : failed) EXPECT_EQ(task.slot, 1u);
  }

  Task<void> replaces_tasks_when_the_template_changes() {
    ServiceSpec spec = service("changes", "serve");
    spec.update.start_first = true;
    const auto id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(id);
    const auto before = co_await wait_for_tasks(*id, one_runs);
    if (before.empty()) co_return;
    spec.container.env["CHANGED"] = "yes";
    const auto current = co_await engine().inspect_service(*id, kCallLimit);
    CO_ASSERT(current);
    const auto updated = co_await engine().update_service(*id, current->version, spec, kCallLimit);
    CO_ASSERT(updated);
    const std::string old_id = before[0].id;
    const auto after = co_await wait_for_tasks(*id, [&old_id](const auto& all) {
      bool stopped = false;
      bool runs = false;
      for (const TaskInfo& task : all) {
        if (task.id == old_id) stopped = is_final(task.state);
        if (task.id != old_id) runs = runs || task.state == TaskState::kRunning;
      }
      return stopped && runs;
    });
    EXPECT_EQ(after.size(), 2u);
    const TaskFilter running{.service = *id, .desired_running_only = true};
    const auto only = co_await engine().list_tasks(running, kCallLimit);
    CO_ASSERT(only);
    EXPECT_EQ(only->size(), 1u);
  }

  Task<void> waits_for_a_node_that_fits() {
    ServiceSpec spec = service("nowhere", "serve");
    spec.constraints = {"node.labels.croft.zone==" + name("none")};
    const auto id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(id);
    const auto tasks = co_await wait_for_tasks(*id, [](const auto& all) {
      return count_in_state(all, TaskState::kPending) == 1 && !all[0].error.empty();
    });
    if (!tasks.empty()) EXPECT_TRUE(tasks[0].node_id.empty());
  }

  Task<void> keeps_secrets_and_configs() {
    const Secret value("s3cret");
    const auto secret =
        co_await engine().create_secret(name("secret"), labels(), value, kCallLimit);
    CO_ASSERT(secret);
    const auto twice = co_await engine().create_secret(name("secret"), labels(), value, kCallLimit);
    EXPECT_EQ(code_of(twice), "conflict");
    const std::string text = "setting";
    const auto config = co_await engine().create_config(name("config"), labels(), text, kCallLimit);
    CO_ASSERT(config);
    const Filter filter = mine();
    const auto secrets = co_await engine().list_secrets(filter, kCallLimit);
    CO_ASSERT(secrets);
    EXPECT_EQ(secrets->size(), 1u);
    EXPECT_EQ(secrets->front().name, name("secret"));
    const auto configs = co_await engine().list_configs(filter, kCallLimit);
    CO_ASSERT(configs);
    EXPECT_EQ(configs->size(), 1u);

    ServiceSpec spec = service("reader", "serve");
    spec.secrets = {{*secret, name("secret"), "/run/secrets/key", 0, 0, 0400}};
    spec.configs = {{*config, name("config"), "/etc/setting", 0, 0, 0444}};
    const auto id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(id);
    const auto in_use = co_await engine().remove_secret(*secret, kCallLimit);
    EXPECT_NE(code_of(in_use), "ok");
    co_await wait_for_tasks(*id, one_runs);
    const auto service_info = co_await engine().inspect_service(*id, kCallLimit);
    CO_ASSERT(service_info);
    EXPECT_EQ(service_info->spec, spec);
    const auto removed_service = co_await engine().remove_service(*id, kCallLimit);
    CO_ASSERT(removed_service);
    const auto removed = co_await engine().remove_secret(*secret, kCallLimit);
    CO_ASSERT(removed);
    const auto missing = co_await engine().remove_secret(*secret, kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
    const auto removed_config = co_await engine().remove_config(*config, kCallLimit);
    CO_ASSERT(removed_config);
  }

  Task<void> lists_by_label_and_name() {
    ServiceSpec first = service("first", "serve");
    first.replicas = 0;
    first.labels["croft.role"] = "a";
    ServiceSpec second = service("first-longer", "serve");
    second.replicas = 0;
    const auto first_id = co_await engine().create_service(first, kCallLimit);
    CO_ASSERT(first_id);
    const auto second_id = co_await engine().create_service(second, kCallLimit);
    CO_ASSERT(second_id);
    const Filter all = mine();
    const auto both = co_await engine().list_services(all, kCallLimit);
    CO_ASSERT(both);
    EXPECT_EQ(both->size(), 2u);
    Filter narrow = mine();
    narrow.labels["croft.role"] = "";
    const auto labelled = co_await engine().list_services(narrow, kCallLimit);
    CO_ASSERT(labelled);
    EXPECT_TRUE(labelled->size() == 1 && labelled->front().id == *first_id);
    narrow.labels["croft.role"] = "b";
    const auto none = co_await engine().list_services(narrow, kCallLimit);
    CO_ASSERT(none);
    EXPECT_TRUE(none->empty());
    Filter named = mine();
    named.names = {first.name};  // not the one whose name begins the same
    const auto exact = co_await engine().list_services(named, kCallLimit);
    CO_ASSERT(exact);
    EXPECT_TRUE(exact->size() == 1 && exact->front().id == *first_id);
  }
};

TEST_P(SwarmContract, TellsAboutItself) {
  run(tells_about_itself());
}
TEST_P(SwarmContract, ChangesSwarmSettings) {
  run(changes_swarm_settings());
}
TEST_P(SwarmContract, LabelsNodes) {
  run(labels_nodes());
}
TEST_P(SwarmContract, RunsAndScalesAService) {
  run(runs_and_scales_a_service());
}
TEST_P(SwarmContract, ReportsExitCodes) {
  run(reports_exit_codes());
}
TEST_P(SwarmContract, RestartsAsTold) {
  run(restarts_as_told());
}
TEST_P(SwarmContract, ReplacesTasksWhenTheTemplateChanges) {
  run(replaces_tasks_when_the_template_changes());
}
TEST_P(SwarmContract, WaitsForANodeThatFits) {
  run(waits_for_a_node_that_fits());
}
TEST_P(SwarmContract, KeepsSecretsAndConfigs) {
  run(keeps_secrets_and_configs());
}
TEST_P(SwarmContract, ListsByLabelAndName) {
  run(lists_by_label_and_name());
}

INSTANTIATE_TEST_SUITE_P(Contract, SwarmContract, ::testing::ValuesIn(contract_worlds()));

}  // namespace
}  // namespace croft::engine

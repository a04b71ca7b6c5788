// Containers of their own: life, limits, files.
#include "engine/contract/contract.h"
#include "engine/fake/tar.h"

namespace croft::engine {
namespace {

class ContainerContract : public EngineContract {
 protected:
  Task<void> lives_and_dies() {
    const ContainerSpec spec = container("life", "serve");
    const auto id = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(id);
    const auto twice = co_await engine().create_container(spec, kCallLimit);
    EXPECT_EQ(code_of(twice), "conflict");
    auto info = co_await engine().inspect_container(*id, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->state, ContainerInfo::State::kCreated);
    EXPECT_EQ(info->name, spec.name);
    EXPECT_EQ(info->labels, labels());
    EXPECT_FALSE(info->started);
    EXPECT_FALSE(info->exit_code);
    const auto early_pause = co_await engine().set_paused(*id, true, kCallLimit);
    EXPECT_EQ(code_of(early_pause), "conflict");
    const auto early_kill = co_await engine().kill_container(*id, 15, kCallLimit);
    EXPECT_EQ(code_of(early_kill), "conflict");

    auto started = co_await engine().start_container(*id, kCallLimit);
    CO_ASSERT(started);
    started = co_await engine().start_container(*id, kCallLimit);
    EXPECT_EQ(code_of(started), "ok");
    info = co_await engine().inspect_container(spec.name, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->state, ContainerInfo::State::kRunning);
    EXPECT_GT(info->pid, 0);
    EXPECT_TRUE(info->started);
    EXPECT_FALSE(info->finished);
    const auto in_use = co_await engine().remove_container(*id, false, kCallLimit);
    EXPECT_EQ(code_of(in_use), "conflict");

    co_await pass(Millis(300));  // its shell sets the signal handler
    co_await stands_still_and_goes_on(*id);
    auto stopped = co_await engine().stop_container(*id, Millis(10'000), kCallLimit);
    CO_ASSERT(stopped);
    stopped = co_await engine().stop_container(*id, Millis(1000), kCallLimit);
    EXPECT_EQ(code_of(stopped), "ok");
    const auto code = co_await engine().wait_container(*id, kCallLimit);
    CO_ASSERT(code);
    EXPECT_EQ(*code, 0);
    info = co_await engine().inspect_container(*id, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->state, ContainerInfo::State::kExited);
    EXPECT_EQ(info->exit_code, 0);
    EXPECT_EQ(info->pid, 0);
    EXPECT_TRUE(info->finished);
    const auto removed = co_await engine().remove_container(*id, false, kCallLimit);
    CO_ASSERT(removed);
  }

  // Paused at the end, too: stopping it is possible all the same.
  Task<void> stands_still_and_goes_on(std::string id) {
    using State = ContainerInfo::State;
    for (const bool paused : {true, true, false, false, true}) {
      const auto done = co_await engine().set_paused(id, paused, kCallLimit);
      EXPECT_EQ(code_of(done), "ok");
      const auto info = co_await engine().inspect_container(id, kCallLimit);
      CO_ASSERT(info);
      EXPECT_EQ(info->state, paused ? State::kPaused : State::kRunning);
    }
  }

  Task<void> is_missed_when_it_is_not_there() {
    const std::string id = name("nobody");
    const auto inspected = co_await engine().inspect_container(id, kCallLimit);
    EXPECT_EQ(code_of(inspected), "not-found");
    const auto started = co_await engine().start_container(id, kCallLimit);
    EXPECT_EQ(code_of(started), "not-found");
    const auto stopped = co_await engine().stop_container(id, Millis(0), kCallLimit);
    EXPECT_EQ(code_of(stopped), "not-found");
    const auto removed = co_await engine().remove_container(id, true, kCallLimit);
    EXPECT_EQ(code_of(removed), "not-found");
    ContainerSpec spec = container("no-image", "serve");
    spec.settings.image = name("missing") + ":1";
    const auto created = co_await engine().create_container(spec, kCallLimit);
    EXPECT_EQ(code_of(created), "not-found");
    EXPECT_NE(created.error().message().find(spec.name), std::string::npos);
  }

  Task<void> is_killed_when_it_does_not_stop() {
    const ContainerSpec spec = container("stubborn", "stubborn");
    const std::string id = co_await start(spec);
    co_await pass(Millis(300));
    const auto stopped = co_await engine().stop_container(id, Millis(1000), kCallLimit);
    CO_ASSERT(stopped);
    const ContainerInfo info = co_await wait_for_exit(id);
    EXPECT_EQ(info.exit_code, 137);
    EXPECT_FALSE(info.oom_killed);
  }

  Task<void> gives_its_exit_code_to_who_waits() {
    const ContainerSpec spec = container("fails", "fail");
    const std::string id = co_await start(spec);
    const auto code = co_await engine().wait_container(id, kCallLimit);
    CO_ASSERT(code);
    EXPECT_EQ(*code, 3);
  }

  Task<void> ends_a_wait_at_its_limit() {
    const ContainerSpec spec = container("long", "serve");
    const std::string id = co_await start(spec);
    const auto code = co_await engine().wait_container(id, Millis(200));
    EXPECT_EQ(code_of(code), "timeout");
  }

  Task<void> tells_when_memory_ran_out() {
    ContainerSpec spec = container("hog", "hog");
    spec.settings.resources.memory_bytes = 16 << 20;
    const std::string id = co_await start(spec);
    const ContainerInfo info = co_await wait_for_exit(id);
    EXPECT_TRUE(info.oom_killed);
    EXPECT_EQ(info.exit_code, 137);
  }

  Task<void> changes_limits_while_it_runs() {
    ContainerSpec spec = container("limits", "serve");
    spec.settings.resources = {.nano_cpus = 500'000'000, .memory_bytes = 64 << 20, .pids = 50};
    const std::string id = co_await start(spec);
    const ContainerUpdate update{
        .nano_cpus = 1'000'000'000, .memory_bytes = 128 << 20, .cpu_shares = 4096};
    const auto updated = co_await engine().update_container(id, update, kCallLimit);
    CO_ASSERT(updated);
    co_await pass(Millis(300));
    const auto stats = co_await engine().container_stats(id, kCallLimit);
    CO_ASSERT(stats);
    EXPECT_EQ(stats->memory_limit_bytes, 128u << 20);
    EXPECT_GT(stats->memory_bytes, 0u);
    EXPECT_GE(stats->pids, 1u);
    EXPECT_GT(stats->cpu_ns, 0u);
    const auto info = co_await engine().inspect_container(id, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->cpu_shares, 4096);
  }

  Task<void> is_listed_by_label_and_state() {
    const ContainerSpec running = container("up", "serve");
    const ContainerSpec created = container("down", "serve");
    const std::string id = co_await start(running);
    const auto other = co_await engine().create_container(created, kCallLimit);
    CO_ASSERT(other);
    const Filter filter = mine();
    const auto up = co_await engine().list_containers(filter, false, kCallLimit);
    CO_ASSERT(up);
    EXPECT_TRUE(up->size() == 1 && up->front().id == id && up->front().name == running.name);
    const auto all = co_await engine().list_containers(filter, true, kCallLimit);
    CO_ASSERT(all);
    EXPECT_EQ(all->size(), 2u);
    Filter named = mine();
    named.names = {created.name};
    const auto exact = co_await engine().list_containers(named, true, kCallLimit);
    CO_ASSERT(exact);
    EXPECT_TRUE(exact->size() == 1 && exact->front().id == *other);
    EXPECT_EQ(exact->front().image, image());
  }

  Task<void> takes_and_gives_files() {
    const ContainerSpec spec = container("files", "serve");
    const auto id = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(id);
    const std::string content(100'000, 'x');
    StringSource tar(write_tar({{"note", {"hello", "", 0600}}, {"big", {content, "", 0644}}}));
    const auto put = co_await engine().put_archive(*id, "/tmp", tar, kCallLimit);
    CO_ASSERT(put);
    auto archive = co_await engine().get_archive(*id, "/tmp/note", kCallLimit);
    CO_ASSERT(archive);
    auto bytes = co_await read_all(**archive, 1 << 20);
    CO_ASSERT(bytes);
    const auto files = read_tar(*bytes);
    CO_ASSERT(files);
    EXPECT_EQ(*files, (TarFiles{{"note", {"hello", "", 0600}}}));
    archive = co_await engine().get_archive(*id, "/tmp/big", kCallLimit);
    CO_ASSERT(archive);
    bytes = co_await read_all(**archive, 1 << 20);
    CO_ASSERT(bytes);
    const auto big = read_tar(*bytes);
    EXPECT_TRUE(big && big->at("big").content == content);
    const auto missing = co_await engine().get_archive(*id, "/tmp/none", kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
    StringSource again(write_tar({{"x", {}}}));
    const auto no_folder = co_await engine().put_archive(*id, "/no/such/folder", again, kCallLimit);
    EXPECT_EQ(code_of(no_folder), "not-found");
  }
};

TEST_P(ContainerContract, LivesAndDies) {
  run(lives_and_dies());
}
TEST_P(ContainerContract, IsMissedWhenItIsNotThere) {
  run(is_missed_when_it_is_not_there());
}
TEST_P(ContainerContract, IsKilledWhenItDoesNotStop) {
  run(is_killed_when_it_does_not_stop());
}
TEST_P(ContainerContract, GivesItsExitCodeToWhoWaits) {
  run(gives_its_exit_code_to_who_waits());
}
TEST_P(ContainerContract, EndsAWaitAtItsLimit) {
  run(ends_a_wait_at_its_limit());
}
TEST_P(ContainerContract, TellsWhenMemoryRanOut) {
  run(tells_when_memory_ran_out());
}
TEST_P(ContainerContract, ChangesLimitsWhileItRuns) {
  run(changes_limits_while_it_runs());
}
TEST_P(ContainerContract, IsListedByLabelAndState) {
  run(is_listed_by_label_and_state());
}
TEST_P(ContainerContract, TakesAndGivesFiles) {
  run(takes_and_gives_files());
}

INSTANTIATE_TEST_SUITE_P(Contract, ContainerContract, ::testing::ValuesIn(contract_worlds()));

}  // namespace
}  // namespace croft::engine

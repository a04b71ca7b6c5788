// The executor passes a named failpoint before and after everything that a process does.
#include "reconcile/failpoints.h"

#include <gmock/gmock.h>

#include <fstream>

#include "reconcile/all_processes.h"
#include "reconcile/executor.h"
#include "reconcile/no_artifacts.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

class NotedFailpoints final : public Failpoints {
 public:
  void pass(const Process& process, const std::string& step, Moment moment) override {
    passed.push_back(failpoint_name(process.kind, step, moment));
  }
  bool fails(const Process&, const std::string& step) override { return step == failing; }
  std::vector<std::string> passed;
  std::string failing;
};

// Steps "one" and "two"; "two" fails when told to.
class TwoSteps final : public ProcessHandler {
 public:
  TwoSteps(std::vector<std::string>& done, bool fails) : done_(done), fails_(fails) {}
  std::string kind() const override { return "test"; }
  std::vector<Step> steps() const override { return {{.name = "one"}, {.name = "two"}}; }
  Task<Status> run(std::string step, ProcessRun&) override {
    done_.push_back(step);
    if (fails_ && step == "two") co_return fail(ErrorCode::kFailed, "told to");
    co_return Status{};
  }
  Task<Status> undo(ProcessRun&) override {
    done_.push_back("undo");
    co_return Status{};
  }
  Task<Result<boost::json::value>> result(ProcessRun&) override {
    co_return boost::json::value(nullptr);
  }

 private:
  std::vector<std::string>& done_;
  bool fails_;
};

class FailpointsTest : public StoreTest {
 protected:
  FailpointsTest() : StoreTest(StoreKind::kInline) {}

  Process run_one(bool fails) {
    const auto made = must(write([](Tx& tx) {
      return create_process(tx, Scope::platform(), {.kind = "test", .params = nullptr});
    }));
    Executor executor(runtime_, store(), failpoints_, 1);
    executor.add(std::make_unique<TwoSteps>(done_, fails));
    runtime_.run_until_done(run_until_over(&runtime_, &executor, &store(), made.id));
    return must(read([&](const Tx& tx) { return get_process(tx, Scope::platform(), made.id); }));
  }

  static Task<void> run_until_over(Runtime* runtime, Executor* executor, Store* store,
                                   ProcessId id) {
    Group group(*runtime);
    group.spawn("executor", executor->run());
    for (int i = 0; i < 1000; ++i) {
      auto process = co_await store->read(
          [&id](const Tx& tx) { return get_process(tx, Scope::platform(), id); });
      if (is_finished(process->status)) break;
      co_await sleep_for(Millis(1));
    }
    group.cancel();
    co_await group.join();
  }

  NotedFailpoints failpoints_;
  std::vector<std::string> done_;
};

TEST_F(FailpointsTest, PassesAFailpointBeforeAndAfterEveryStep) {
  EXPECT_EQ(run_one(false).status, ProcessStatus::kFinished);
  EXPECT_THAT(done_, testing::ElementsAre("one", "two"));
  EXPECT_THAT(failpoints_.passed, testing::ElementsAre("test/one/before", "test/one/after",
                                                       "test/two/before", "test/two/after"));
}

TEST_F(FailpointsTest, PassesAFailpointAroundUndoing) {
  EXPECT_EQ(run_one(true).status, ProcessStatus::kFailed);
  EXPECT_THAT(done_, testing::ElementsAre("one", "two", "undo"));
  EXPECT_THAT(failpoints_.passed,
              testing::ElementsAre("test/one/before", "test/one/after", "test/two/before",
                                   "test/two/after", "test/undo/before", "test/undo/after"));
}

TEST_F(FailpointsTest, DiesAtTheNamedFailpointOnly) {
  const Process process{.kind = "deploy"};
  NamedFailpoints named("deploy/switch/before");
  named.pass(process, "switch", Moment::kAfter);
  named.pass(process, "start", Moment::kBefore);
  EXPECT_EXIT(named.pass(process, "switch", Moment::kBefore), testing::KilledBySignal(SIGKILL),
              "deploy/switch/before");
  NamedFailpoints("").pass(process, "switch", Moment::kBefore);
}

TEST_F(FailpointsTest, SeveralNamesAndStepsThatAreToFail) {
  const Process process{.kind = "deploy"};
  NamedFailpoints named("deploy/ready/fail,deploy/undo/after");
  EXPECT_TRUE(named.fails(process, "ready"));
  EXPECT_FALSE(named.fails(process, "start"));
  named.pass(process, "ready", Moment::kAfter);
  EXPECT_EXIT(named.pass(process, kUndoStep, Moment::kAfter), testing::KilledBySignal(SIGKILL),
              "deploy/undo/after");
}

TEST_F(FailpointsTest, AStepThatIsToldToFailIsUndone) {
  failpoints_.failing = "two";
  EXPECT_EQ(run_one(false).status, ProcessStatus::kFailed);
  EXPECT_THAT(done_, testing::ElementsAre("one", "two", "undo"));
}

// Every process of croftd, on a world in which nothing runs.
class AllProcessesTest : public FailpointsTest {
 protected:
  AllProcessesTest() { add_all_processes(executor_, context_); }

  World world_{runtime_};
  NoArtifacts artifacts_;
  const catalog::Catalog catalog_ =
      must(catalog::Catalog::load(std::filesystem::path(CROFT_SOURCE_DIR) / "catalog"));
  const AddressPlan addresses_ = must(AddressPlan::create("fd12:3456:789a::/48"));
  ProcessContext context_{.store = store(),
                          .world = world_,
                          .artifacts = artifacts_,
                          .catalog = catalog_,
                          .addresses = addresses_,
                          .clock = clock_,
                          .platform = {},
                          .wake = [] {}};
  Executor executor_{runtime_, store(), failpoints_, 1};
};

// The list that tests which kill croftd go through: a step that is not in it is not tested.
TEST_F(AllProcessesTest, EveryFailpointIsInTheListOfTheCrashMatrix) {
  std::vector<std::string> listed;
  std::ifstream file(std::string(CROFT_SOURCE_DIR) + "/tests/data/failpoints.txt");
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && !line.starts_with('#')) listed.push_back(line);
  }
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(executor_.failpoint_names()));
}

TEST_F(AllProcessesTest, AProjectWhoseDeletionFailsCanBeWorkedWith) {
  const auto [project, process] = must(write([](Tx& tx) -> Result<std::pair<Project, Process>> {
    auto made = create_project(tx, Scope::platform(), {.name = "shop"});
    if (!made) return fail(made.error());
    auto deletion =
        create_process(tx, Scope::platform(), {.project_id = made->id, .kind = "project.delete"});
    if (!deletion) return fail(deletion.error());
    return std::pair(*made, *deletion);
  }));
  failpoints_.failing = "services";
  runtime_.run_until_done(run_until_over(&runtime_, &executor_, &store(), process.id));
  const ProjectId id = project.id;
  const Project after =
      must(read([id](const Tx& tx) { return get_project(tx, Scope::platform(), id); }));
  EXPECT_EQ(after.status, ProjectStatus::kActive);
}

}  // namespace
}  // namespace croft

// Durable processes on a real store, with a handler that the test drives.
#include "reconcile/executor.h"

#include <gmock/gmock.h>

#include "reconcile/cancellable.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

using testing::ElementsAre;

// Steps one, two and three; two waits until it is cancelled.
class WaitingHandler final : public ProcessHandler {
 public:
  WaitingHandler(Runtime& runtime, Signal& waits) : runtime_(runtime), waits_(waits) {}
  std::string kind() const override { return "test"; }
  std::vector<Step> steps() const override {
    return {{.name = "one"}, {.name = "two"}, {.name = "three"}};
  }
  Task<Status> run(std::string step, ProcessRun& run) override {
    if (step != "two") co_return Status{};
    co_await run_cancellable(runtime_, run, "wait", wait());
    if (run.cancel_wanted()) co_return fail(ErrorCode::kCancelled, "cancelled");
    co_return Status{};
  }
  Task<Status> undo(ProcessRun&) override {
    ++undone;
    co_return Status{};
  }
  Task<Result<boost::json::value>> result(ProcessRun&) override {
    co_return boost::json::value(nullptr);
  }

  int undone = 0;
  bool wait_ended = false;

 private:
  Task<void> wait() {
    waits_.notify();
    co_await sleep_for(Millis(600'000));
    wait_ended = true;
  }

  Runtime& runtime_;
  Signal& waits_;
};

// One step, which fails; the first attempt to undo it never ends.
class FailingHandler final : public ProcessHandler {
 public:
  FailingHandler(std::vector<std::string>& done, Signal& undoes, bool ends)
      : done_(done), undoes_(undoes), ends_(ends) {}
  std::string kind() const override { return "failing"; }
  std::vector<Step> steps() const override { return {{.name = "one"}}; }
  Task<Status> run(std::string step, ProcessRun& run) override {
    done_.push_back(step);
    run.failure = ProcessError{.step = "readiness", .last_lines = {"it said so"}};
    co_return fail(ErrorCode::kDeployFailed, "does not work");
  }
  Task<Status> undo(ProcessRun&) override {
    done_.push_back("undo");
    undoes_.notify();
    if (!ends_) co_await sleep_for(Millis(600'000));
    co_return undo_result;
  }
  Task<Result<boost::json::value>> result(ProcessRun&) override {
    co_return boost::json::value(nullptr);
  }

  Status undo_result;

 private:
  std::vector<std::string>& done_;
  Signal& undoes_;
  bool ends_;
};

class ExecutorTest : public StoreTest {
 protected:
  ExecutorTest() : StoreTest(StoreKind::kInline) {
    auto handler = std::make_unique<WaitingHandler>(runtime_, waits_);
    handler_ = handler.get();
    executor_.add(std::move(handler));
    const auto project =
        must(write([](Tx& tx) { return create_project(tx, Scope::platform(), {.name = "shop"}); }));
    id_ =
        must(write([&](Tx& tx) {
          return create_process(tx, Scope::platform(), {.project_id = project.id, .kind = "test"});
        })).id;
  }
  Task<Process> get() {
    auto found = co_await store().read(
        [this](const Tx& tx) { return get_process(tx, Scope::platform(), id_); });
    co_return must(std::move(found));
  }

  Signal waits_{runtime_};
  WaitingHandler* handler_ = nullptr;
  NamedFailpoints failpoints_{""};
  Executor executor_{runtime_, store(), failpoints_, 2};
  ProcessId id_;

 public:
  // Runs the executor until step two waits, then `then`, then cancels the executor and joins it.
  Task<void> beside(Task<void> then) {
    Group group(runtime_);
    group.spawn("executor", executor_.run());
    EXPECT_TRUE(co_await waits_.wait_for(Millis(10'000)));
    co_await std::move(then);
    group.cancel();
    co_await group.join();
  }
  Task<void> see_steps(std::vector<std::string>* seen) {
    const Process process = co_await get();
    for (const ProcessStep& step : process.steps) {
      seen->push_back(step.name + " " + std::string(enum_to_string(step.status)));
    }
  }
  Task<void> cancel_and_wait() {
    co_await store().write([this](Tx& tx) { return request_cancel(tx, Scope::platform(), id_); });
    executor_.cancel(id_);
    for (int i = 0; i < 1000; ++i) {
      const Process process = co_await get();
      if (is_finished(process.status)) co_return;
      co_await sleep_for(Millis(1));
    }
  }
  Task<void> nothing() { co_return; }
  // How the process is after its first undo, and in the end; from then on undoing works.
  Task<void> until_ended(Executor* executor, Signal* undoes, ProcessId id, Status* undo_result,
                         std::vector<ProcessStatus>* seen) {
    Group group(runtime_);
    group.spawn("executor", executor->run());
    EXPECT_TRUE(co_await undoes->wait_for(Millis(10'000)));
    for (int i = 0; i < 1000; ++i) {
      const auto process = co_await store().read(
          [id](const Tx& tx) { return get_process(tx, Scope::platform(), id); });
      seen->push_back(process->status);
      if (is_finished(process->status)) break;
      *undo_result = Status{};
      executor->wake();
      co_await sleep_for(Millis(1));
    }
    group.cancel();
    co_await group.join();
  }
  // Some turns more, so that the process can be finished.
  Task<void> until_undone(Executor* executor, Signal* undoes) {
    Group group(runtime_);
    group.spawn("executor", executor->run());
    EXPECT_TRUE(co_await undoes->wait_for(Millis(10'000)));
    for (int i = 0; i < 50; ++i) co_await sleep_for(Millis(1));
    group.cancel();
    co_await group.join();
  }
};

TEST_F(ExecutorTest, ShowsTheStepsThatAreToCome) {
  std::vector<std::string> seen;
  runtime_.run_until_done(beside(see_steps(&seen)));
  EXPECT_THAT(seen, ElementsAre("one finished", "two running", "three pending"));
}

TEST_F(ExecutorTest, CancellingAProcessEndsWhatItsStepWaitsFor) {
  runtime_.run_until_done(beside(cancel_and_wait()));
  const Process process = runtime_.run_until_done(get());
  EXPECT_EQ(process.status, ProcessStatus::kCanceled);
  EXPECT_EQ(process.steps.at(2).status, StepStatus::kSkipped);
  EXPECT_EQ(handler_->undone, 1);
}

// Abuse case A9: a build that prints for ever, in pieces of two bytes.
TEST_F(ExecutorTest, OutputWithoutEndTakesNoMemoryWithoutEnd) {
  ProcessRun run(store(), runtime_.run_until_done(get()));
  EXPECT_FALSE(run.log_is_full());
  for (int i = 0; i < kMaxProcessLogLines * 3; ++i) run.log("y");
  EXPECT_TRUE(run.log_is_full());
  EXPECT_EQ(run.waiting_lines(), static_cast<std::size_t>(kMaxProcessLogLines));
  runtime_.run_until_done(run.flush());
  run.log("y");
  EXPECT_EQ(run.waiting_lines(), 0u);
}

// The next croftd goes on with it: nothing is undone, and nobody is left running.
TEST_F(ExecutorTest, EndingTheExecutorLeavesItsProcessesRunning) {
  runtime_.run_until_done(beside(nothing()));
  const Process process = runtime_.run_until_done(get());
  EXPECT_EQ(process.status, ProcessStatus::kRunning);
  EXPECT_EQ(process.step, "two");
  EXPECT_EQ(handler_->undone, 0);
}

// croftd dies while something is undone: what the step left is half gone, so it is not tried again.
TEST_F(ExecutorTest, UndoingGoesOnWhereItWasBegun) {
  const ProcessId id = must(write([](Tx& tx) {
                         return create_process(tx, Scope::platform(), {.kind = "failing"});
                       })).id;
  std::vector<std::string> done;
  const auto run = [&](bool ends) {
    Executor executor(runtime_, store(), failpoints_, 2);
    Signal undoes(runtime_);
    executor.add(std::make_unique<FailingHandler>(done, undoes, ends));
    runtime_.run_until_done(until_undone(&executor, &undoes));
  };
  run(false);
  EXPECT_THAT(done, ElementsAre("one", "undo"));
  run(true);
  EXPECT_THAT(done, ElementsAre("one", "undo", "undo"));
  const Process process =
      must(read([&](const Tx& tx) { return get_process(tx, Scope::platform(), id); }));
  EXPECT_EQ(process.status, ProcessStatus::kFailed);
  ASSERT_TRUE(process.error);
  EXPECT_EQ(process.error->message, "does not work");
  EXPECT_EQ(process.error->code, to_string(ErrorCode::kDeployFailed));
  EXPECT_EQ(process.error->step, "readiness");
  EXPECT_THAT(process.error->last_lines, ElementsAre("it said so"));
}

// The disk is full while something is put right: it is tried again, and only then the process ends.
TEST_F(ExecutorTest, AProcessDoesNotEndBeforeItIsPutRight) {
  const ProcessId id = must(write([](Tx& tx) {
                         return create_process(tx, Scope::platform(), {.kind = "failing"});
                       })).id;
  std::vector<std::string> done;
  std::vector<ProcessStatus> seen;
  Executor executor(runtime_, store(), failpoints_, 2);
  Signal undoes(runtime_);
  auto handler = std::make_unique<FailingHandler>(done, undoes, true);
  handler->undo_result = fail(ErrorCode::kExhausted, "the disk is full");
  Status* undo_result = &handler->undo_result;
  executor.add(std::move(handler));
  runtime_.run_until_done(until_ended(&executor, &undoes, id, undo_result, &seen));
  EXPECT_EQ(std::count(done.begin(), done.end(), "one"), 1);
  EXPECT_GE(std::count(done.begin(), done.end(), "undo"), 2);
  EXPECT_EQ(seen.front(), ProcessStatus::kRunning);
  EXPECT_EQ(seen.back(), ProcessStatus::kFailed);
}

// What cannot be put right at all does not keep a process, and all behind it, for ever.
TEST_F(ExecutorTest, AnUndoThatWillNeverSucceedEndsTheProcess) {
  const ProcessId id = must(write([](Tx& tx) {
                         return create_process(tx, Scope::platform(), {.kind = "failing"});
                       })).id;
  std::vector<std::string> done;
  std::vector<ProcessStatus> seen;
  Executor executor(runtime_, store(), failpoints_, 2);
  Signal undoes(runtime_);
  auto handler = std::make_unique<FailingHandler>(done, undoes, true);
  handler->undo_result = fail(ErrorCode::kInvalid, "croft.yml has no setup any more");
  Status* undo_result = &handler->undo_result;
  executor.add(std::move(handler));
  runtime_.run_until_done(until_ended(&executor, &undoes, id, undo_result, &seen));
  EXPECT_THAT(done, ElementsAre("one", "undo"));
  EXPECT_EQ(seen.back(), ProcessStatus::kFailed);
}

}  // namespace
}  // namespace croft

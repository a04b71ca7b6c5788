// The contract of the Engine port: one test suite that every engine passes. A test program links
// this folder and defines contract_worlds().
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/fake/behaviour.h"
#include "task/group.h"

namespace croft::engine {

// An engine under test, in a swarm of one, with time.
class ContractWorld {
 public:
  virtual ~ContractWorld() = default;
  virtual Runtime& runtime() = 0;
  virtual Engine& engine() = 0;
  // Lets time pass: a real engine's passes by itself, a fake one's is turned.
  virtual Task<void> pass(Millis duration) = 0;
  // A static multi-call binary for the image: BusyBox, or any text where nothing runs it.
  virtual Result<std::string> shell() = 0;
  // Runs a test to its end.
  virtual void run(Task<void> test) = 0;
};

using ContractWorldFactory = std::function<std::unique_ptr<ContractWorld>()>;

// Defined by the test program that links this folder.
std::vector<ContractWorldFactory> contract_worlds();

inline constexpr Millis kCallLimit{30'000};

// The programs that contract tests run in containers: shell scripts for an engine that runs them,
// and what they do, for one that only pretends.
struct ContractProgram {
  std::string name;
  std::string script;
  std::function<FakeProcess(const ContainerSettings&)> behaviour;
};
const std::vector<ContractProgram>& contract_programs();
// The behaviour of a fake engine that knows these programs, also for processes in containers.
FakeBehaviour contract_behaviour();

class EngineContract : public ::testing::TestWithParam<ContractWorldFactory> {
 protected:
  EngineContract();
  // Removes what carries this test's label.
  ~EngineContract() override;

  // Runs a test's coroutine to its end.
  void run(Task<void> test) { world_->run(std::move(test)); }
  Engine& engine() { return world_->engine(); }
  ContractWorld& world() { return *world_; }
  Task<void> pass(Millis duration) { return world_->pass(duration); }

  // A name that no other test uses.
  std::string name(const std::string& what) const { return run_id_ + "-" + what; }
  Labels labels() const { return {{"croft.test", run_id_}}; }
  Filter mine() const { return {.labels = labels()}; }
  // "contract:base", an image with a shell that can run the programs.
  std::string image() const { return run_id_ + ":base"; }

  // Settings that run the program of that name.
  ContainerSettings program(const std::string& program_name) const;
  ServiceSpec service(const std::string& what, const std::string& program_name) const;
  ContainerSpec container(const std::string& what, const std::string& program_name) const;

  Task<Status> import_base();
  // Creates and starts; its id, empty when that failed (which is reported).
  Task<std::string> start(const ContainerSpec& spec);
  // Polls the service's tasks until `done`; the last list is returned either way.
  using TaskCheck = std::function<bool(const std::vector<TaskInfo>&)>;
  Task<std::vector<TaskInfo>> wait_for_tasks(std::string service_id, TaskCheck done);
  Task<ContainerInfo> wait_for_exit(std::string id);
  Task<std::vector<LogFrame>> read_log(std::string id, LogOptions options);
  // What the frames of one source hold, lines joined by '\n'.
  static std::string text_of(const std::vector<LogFrame>& frames, OutputSource source);

 private:
  Task<void> prepare();
  Task<void> clean_up();

  std::unique_ptr<ContractWorld> world_;
  std::string run_id_;
};

// The code of a call's error, "ok" without one.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : std::string(to_string(result.error().code()));
}

std::size_t count_in_state(const std::vector<TaskInfo>& tasks, TaskState state);

}  // namespace croft::engine

// For coroutines, which ASSERT_* cannot leave.
#define CO_ASSERT(result)                                              \
  do {                                                                 \
    if (!(result)) {                                                   \
      ADD_FAILURE() << #result << ": " << (result).error().describe(); \
      co_return;                                                       \
    }                                                                  \
  } while (false)

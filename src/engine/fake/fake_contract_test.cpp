// The contract of the Engine port, against the fake.
#include "engine/contract/contract.h"
#include "engine/fake/drive.h"
#include "engine/fake/fake_engine.h"

namespace croft::engine {
namespace {

class FakeWorld final : public ContractWorld {
 public:
  FakeWorld() { cluster_.behaviour = contract_behaviour(); }
  Runtime& runtime() override { return runtime_; }
  Engine& engine() override { return engine_; }
  Task<void> pass(Millis duration) override { return cluster_.schedule.sleep(duration); }
  Result<std::string> shell() override { return "a shell"; }
  void run(Task<void> test) override {
    EXPECT_TRUE(run_on_virtual_time(runtime_, clock_, cluster_, std::move(test))) << "it hangs";
  }

 private:
  Runtime runtime_;
  ManualClock clock_;
  FakeCluster cluster_{clock_, 1};
  FakeEngine engine_{cluster_};
};

}  // namespace

std::vector<ContractWorldFactory> contract_worlds() {
  return {[] { return std::make_unique<FakeWorld>(); }};
}

}  // namespace croft::engine

// The contract of the Engine port, against the real engine at the socket in CROFT_TEST_ENGINE.
#include <cstdlib>
#include <iostream>

#include "base/file.h"
#include "engine/contract/contract.h"
#include "engine/docker/docker_engine.h"

namespace croft::engine {
namespace {

class DockerWorld final : public ContractWorld {
 public:
  explicit DockerWorld(const std::string& socket) : engine_(runtime_, socket) {}
  Runtime& runtime() override { return runtime_; }
  Engine& engine() override { return engine_; }
  // Real time passes while the engine works; the contract polls.
  Task<void> pass(Millis duration) override { return sleep_for(duration); }
  Result<std::string> shell() override {
    auto busybox = read_file("/bin/busybox");
    if (busybox) return busybox;
    return fail(ErrorCode::kNotFound,
                "/bin/busybox is missing: install the package busybox-static");
  }
  void run(Task<void> test) override { runtime_.run_until_done(std::move(test)); }

 private:
  Runtime runtime_;
  DockerEngine engine_;
};

}  // namespace

std::vector<ContractWorldFactory> contract_worlds() {
  return {[] { return std::make_unique<DockerWorld>(std::getenv("CROFT_TEST_ENGINE")); }};
}

}  // namespace croft::engine

int main(int argc, char** argv) {
  if (std::getenv("CROFT_TEST_ENGINE") == nullptr) {
    std::cerr
        << "CROFT_TEST_ENGINE is not set: it names the socket of a container engine for tests, "
           "which may be in a swarm of its own. `./dev test integration` starts one.\n";
    return 1;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

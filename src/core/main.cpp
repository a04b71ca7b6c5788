// croft-core run         the program
// croft-core supervise   keeps it, keepalived and conntrackd running; PID 1 of the core container
// Options of both: --slot a|b, --revision TEXT (reported as it is), --state DIR, --run DIR (of this
// container alone).
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/log.h"
#include "core/core.h"
#include "core/supervise.h"
#include "network/linux/linux_core_network.h"

namespace croft {
namespace {

Task<int> run_core(Core* core) {
  const Status done = co_await core->run();
  if (!done) log_error("cannot run", {{"error", done.error().describe()}});
  co_return done ? 0 : 1;
}

// One connection to each instance: some thousands in a large project.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log_warning("cannot raise the descriptor limit");
}

int run(const CoreOptions& options) {
  allow_many_descriptors();
  Runtime runtime;
  LinuxCoreNetwork network;
  SystemRandom random;
  SystemClock clock;
  Core core(runtime, network, random, clock, options);
  return runtime.run(run_core(&core), [&core] { core.request_stop(); });
}

int main_with(std::vector<std::string> arguments) {
  CoreOptions options;
  char hostname[256] = {};
  ::gethostname(hostname, sizeof hostname - 1);
  options.hostname = hostname;
  const std::string verb = arguments.size() > 1 ? arguments[1] : "";
  bool good = (verb == "run" || verb == "supervise") && arguments.size() % 2 == 0;
  for (std::size_t i = 2; good && i < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--state") {
      options.state_dir = value;
    } else if (arguments[i] == "--run") {
      options.run_dir = value;
    } else if (arguments[i] == "--slot") {
      options.slot = value;
      good = value == kCoreSlots[0] || value == kCoreSlots[1];
    } else if (arguments[i] == "--revision") {
      options.revision = value;
    } else {
      // Between supervise and run only.
      good = verb == "run" && arguments[i] == "--kept" &&
             std::sscanf(value.c_str(), "%d,%d,%d", &options.shelf.in, &options.shelf.out,
                         &options.alive) == 3;
    }
  }
  if (!good) {
    std::fputs(
        "usage: croft-core run|supervise [--slot a|b] [--revision TEXT] [--state DIR] [--run "
        "DIR]\n",
        stderr);
    return 2;
  }
  if (verb == "run") return run(options);
  arguments[0] = "/proc/self/exe";
  arguments[1] = "run";
  return supervise(arguments, options.run_dir);
}

}  // namespace
}  // namespace croft

int main(int argc, char** argv) {
  croft::log_setup("croft-core", croft::LogLevel::kInfo);
  return croft::main_with({argv, argv + argc});
}

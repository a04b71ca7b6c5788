// croft-node --home DIR --node-id ID [--install-id ID] [--agent-socket PATH] [--engine PATH]
// croft-node --home DIR --node-id ID [--install-id ID] --purge
#include <cstdio>

#include "base/args.h"
#include "base/cpu_priority.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/docker/docker_engine.h"
#include "network/linux/linux_host_network.h"
#include "node/agent.h"
#include "node/log_collector.h"

namespace croft::node {
namespace {

constexpr const char* kUsage =
    "usage: croft-node --home DIR --node-id ID [--install-id ID] [--agent-socket PATH]\n"
    "                  [--engine PATH]\n"
    "       croft-node --home DIR --node-id ID [--install-id ID] --purge\n"
    "--install-id defaults to the content of DIR/state/install_id, --agent-socket to\n"
    "DIR/run/agent.sock, --engine to /var/run/docker.sock.\n";

// Six characters of [a-z0-9]: it becomes part of interface names.
bool valid_install_id(const std::string& id) {
  return id.size() == 6 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
}

std::string install_id(const Args& args, const std::filesystem::path& home) {
  if (args.has("install-id")) return args.get("install-id");
  const auto text = read_file(home / "state" / "install_id", 100);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

Task<int> run_agent(Runtime* runtime, Agent* agent, LogCollector* logs) {
  Group group(*runtime);
  group.spawn("collect logs", logs->run());
  co_await agent->run();
  logs->stop();
  co_await group.join();
  co_return 0;
}

int main_with(const Args& args) {
  const std::filesystem::path home = args.get("home");
  const std::string node_id = args.get("node-id");
  AgentOptions options{.directory = home / "nodes" / node_id,
                       .cores = home / "cores",
                       .access_log = home / "edge" / "access.log",
                       .routes = home / "edge" / "routes",
                       .node_id = node_id,
                       .install_id = install_id(args, home)};
  if (home.empty() || !is_valid_id(node_id) || !valid_install_id(options.install_id)) {
    std::fprintf(stderr, "croft-node: --home, --node-id and an installation id are needed\n%s",
                 kUsage);
    return 2;
  }
  LinuxHostNetwork network;
  if (args.has("purge")) {
    const Status done = purge(network, options);
    if (!done) log_error("purge", {{"error", done.error().describe()}});
    return done ? 0 : 1;
  }
  claim_cpu_priority();
  const std::string socket = args.get("agent-socket", (home / "run" / "agent.sock").string());
  options.control = HttpEndpoint::unix_socket(socket);
  Runtime runtime;
  SystemClock clock;
  engine::DockerEngine engine(runtime, args.get("engine", "/var/run/docker.sock"));
  FileMeter meter;
  Agent agent(runtime, network, engine, meter, clock, options);
  const std::filesystem::path log_directory = options.directory / "logs";
  if (const auto made = make_directories(log_directory, 0700); !made) {
    log_error("cannot start", {{"error", made.error().describe()}});
    return 1;
  }
  EngineLogSource log_source(engine, options.install_id);
  AgentLogSink log_sink(runtime, options.control, node_id);
  LogCollector logs(runtime, log_source, log_sink, log_directory / "cursors.json");
  return runtime.run(run_agent(&runtime, &agent, &logs), [&agent] { agent.request_stop(); });
}

}  // namespace
}  // namespace croft::node

int main(int argc, char** argv) {
  croft::log_setup("croft-node", croft::LogLevel::kInfo);
  const auto args = croft::Args::parse(
      argc, argv, {"home", "node-id", "install-id", "agent-socket", "engine"}, {"purge"});
  if (!args || args->has("help")) {
    if (!args) std::fprintf(stderr, "croft-node: %s\n", args.error().message().c_str());
    std::fputs(croft::node::kUsage, stderr);
    return args ? 0 : 2;
  }
  return croft::node::main_with(*args);
}

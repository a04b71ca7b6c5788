// croft-node --home DIR --node-id ID [--install-id ID] [--agent-socket PATH] [--engine PATH]
// croft-node --home DIR --node-id ID [--install-id ID] --purge
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/file.h"
#include "base/log.h"
#include "engine/docker/docker_engine.h"
#include "network/linux/linux_host_network.h"
#include "node/agent.h"

namespace croft::node {
namespace {

constexpr const char* kUsage =
    "usage: croft-node --home DIR --node-id ID [--install-id ID] [--agent-socket PATH]\n"
    "                  [--engine PATH]\n"
    "       croft-node --home DIR --node-id ID [--install-id ID] --purge\n"
    "--install-id defaults to the content of DIR/state/install_id, --agent-socket to\n"
    "DIR/run/agent.sock, --engine to /var/run/docker.sock.\n";

using Flags = std::map<std::string, std::string>;

std::optional<Flags> parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--purge") {
      flags[name] = "yes";
      continue;
    }
    const bool known = name == "--home" || name == "--node-id" || name == "--install-id" ||
                       name == "--agent-socket" || name == "--engine";
    if (!known || i + 1 == argc) return {};
    flags[name] = argv[++i];
  }
  if (!flags.contains("--home") || !flags.contains("--node-id")) return {};
  return flags;
}

// Six characters of [a-z0-9]: it becomes part of interface names.
bool valid_install_id(const std::string& id) {
  return id.size() == 6 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
}

std::string install_id(const Flags& flags, const std::filesystem::path& home) {
  const auto given = flags.find("--install-id");
  if (given != flags.end()) return given->second;
  const auto text = read_file(home / "state" / "install_id", 100);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

Task<int> run_agent(Agent* agent) {
  co_await agent->run();
  co_return 0;
}

int main_with(const Flags& flags) {
  const std::filesystem::path home = flags.at("--home");
  const auto value = [&](const char* name, std::string fallback) {
    const auto it = flags.find(name);
    return it == flags.end() ? std::move(fallback) : it->second;
  };
  AgentOptions options{.directory = home / "nodes" / flags.at("--node-id"),
                       .node_id = flags.at("--node-id"),
                       .install_id = install_id(flags, home)};
  if (!valid_install_id(options.install_id)) {
    std::fprintf(stderr, "croft-node: no installation id; give --install-id\n%s", kUsage);
    return 2;
  }
  LinuxHostNetwork network;
  if (flags.contains("--purge")) {
    const Status done = purge(network, options.directory, options.install_id);
    if (!done) log_error("purge", {{"error", done.error().describe()}});
    return done ? 0 : 1;
  }
  options.control =
      HttpEndpoint::unix_socket(value("--agent-socket", (home / "run" / "agent.sock").string()));
  Runtime runtime;
  SystemClock clock;
  engine::DockerEngine engine(runtime, value("--engine", "/var/run/docker.sock"));
  Agent agent(runtime, network, engine, clock, options);
  return runtime.run(run_agent(&agent), [&agent] { agent.request_stop(); });
}

}  // namespace
}  // namespace croft::node

int main(int argc, char** argv) {
  croft::log_setup("croft-node", croft::LogLevel::kInfo);
  const auto flags = croft::node::parse(argc, argv);
  if (!flags) {
    std::fputs(croft::node::kUsage, stderr);
    return 2;
  }
  return croft::node::main_with(*flags);
}

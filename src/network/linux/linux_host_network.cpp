#include "network/linux/linux_host_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/json_codec.h"
#include "base/log.h"
#include "base/spawn.h"
#include "network/linux/ip_command.h"
#include "network/linux/ip_json.h"
#include "network/linux/nft.h"
#include "plan/host_ruleset.h"

namespace croft {
namespace {

constexpr Millis kLimit{20'000};
constexpr const char* kSettingsRoot = "/proc/sys/net/";

std::string setting(const std::string& name) {
  const auto value = read_file(kSettingsRoot + name, 4096);
  return value ? value->substr(0, value->find('\n')) : std::string();
}

Status change_setting(const std::string& name, const std::string& value) {
  // Not write_file_atomically(): these are not files that can be replaced.
  std::ofstream file(kSettingsRoot + name);
  file << value;
  file.close();
  if (file) return {};
  return fail(
      ErrorCode::kFailed,
      fmt::format("kernel setting net/{}: cannot set it to {}; is croft-node root?", name, value));
}

// What forwarding needs, by name.
KernelSettings wanted_settings() {
  KernelSettings wanted = {{"ipv4/ip_forward", "1"}, {"ipv6/conf/all/forwarding", "1"}};
  // A forwarding machine ignores router advertisements unless told otherwise: one that got its
  // default route by them would lose it.
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(kSettingsRoot) + "ipv6/conf", error)) {
    const std::string name = "ipv6/conf/" + entry.path().filename().string() + "/accept_ra";
    if (setting(name) == "1") wanted[name] = "2";
  }
  return wanted;
}

Result<boost::json::value> bridge_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"bridge", "-json"});
  auto result = run_program_checked({.argv = std::move(arguments), .timeout = kLimit});
  if (!result) return fail(std::move(result).error());
  if (result->output.find_first_not_of(" \n") == std::string::npos) return boost::json::array();
  return parse_json(result->output);
}

// The two rules of an installation in DOCKER-USER: out of the uplink, and answers into it.
std::vector<std::vector<std::string>> docker_rules(const std::string& install_id,
                                                   const std::string& child) {
  const std::string mark = "croft_" + install_id;
  return {{"-i", child, "-m", "comment", "--comment", mark, "-j", "ACCEPT"},
          {"-o", child, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-m", "comment",
           "--comment", mark, "-j", "ACCEPT"}};
}

// False when the program or the chain does not exist, or the rule is not there.
bool iptables(const char* program, const char* verb, const std::vector<std::string>& rule) {
  std::vector<std::string> argv = {program, "-w", "5", verb, "DOCKER-USER"};
  argv.insert(argv.end(), rule.begin(), rule.end());
  const auto result = run_program({.argv = std::move(argv), .timeout = kLimit});
  return result && result->exit_code == 0;
}

}  // namespace

Result<HostState> LinuxHostNetwork::observe(const std::string& install_id) {
  HostState state;
  auto links = ip_json({"address", "show"});
  if (!links) return fail(std::move(links).error());
  state.devices = read_devices(*links, device_prefix(install_id));
  auto fdb = bridge_json({"fdb", "show"});
  if (!fdb) return fail(std::move(fdb).error());
  for (HostDevice& device : state.devices) device.peers = read_peers(*fdb, device.name);
  auto routes = ip_json({"-6", "route", "show", "proto", std::to_string(kRouteProtocol)});
  if (!routes) return fail(std::move(routes).error());
  state.routes = read_routes(*routes, device_prefix(install_id) + "u");
  for (const char* family : {"-4", "-6"}) {
    auto defaults = ip_json({family, "route", "show", "default"});
    if (!defaults) return fail(std::move(defaults).error());
    for (std::string& name : read_interfaces(*defaults)) {
      auto& all = state.default_interfaces;
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(std::move(name));
    }
  }
  return state;
}

Status LinuxHostNetwork::apply(const HostPlan& plan) {
  CROFT_TRY(ip_batch(plan.ip_lines));
  if (plan.bridge_lines.empty()) return {};
  auto result =
      run_program_checked({.argv = {"bridge", "-batch", "-"},
                           .input = fmt::format("{}\n", fmt::join(plan.bridge_lines, "\n")),
                           .timeout = kLimit});
  if (!result) return fail(std::move(result).error());
  return {};
}

Result<KernelSettings> LinuxHostNetwork::settings_in_the_way() {
  KernelSettings found;
  for (const auto& [name, value] : wanted_settings()) {
    const std::string now = setting(name);
    if (!now.empty() && now != value) found[name] = now;
  }
  return found;
}

Status LinuxHostNetwork::enable_forwarding() {
  // Advertisements first: their names come before those of forwarding only by chance.
  const KernelSettings wanted = wanted_settings();
  for (const bool forwarding : {false, true}) {
    for (const auto& [name, value] : wanted) {
      const std::string now = setting(name);
      if (name.ends_with("forward") || name.ends_with("forwarding") ? !forwarding : forwarding) {
        continue;
      }
      if (!now.empty() && now != value) CROFT_TRY(change_setting(name, value));
    }
  }
  return {};
}

Status LinuxHostNetwork::restore_settings(const KernelSettings& before) {
  for (const auto& [name, value] : before) {
    if (setting(name).empty()) continue;  // the interface is gone
    CROFT_TRY(change_setting(name, value));
  }
  return {};
}

Status LinuxHostNetwork::apply_ruleset(const std::string& script) {
  return run_nft(script);
}

Result<bool> LinuxHostNetwork::has_ruleset(const std::string& install_id) {
  return nft_table_exists(host_table(install_id));
}

Status LinuxHostNetwork::remove_ruleset(const std::string& install_id) {
  const std::string table = host_table(install_id);
  return run_nft(fmt::format("add table {0}\ndelete table {0}\n", table));
}

Status LinuxHostNetwork::open_docker_firewall(const std::string& install_id,
                                              const std::string& child) {
  for (const char* program : {"iptables", "ip6tables"}) {
    if (!iptables(program, "-S", {})) continue;
    for (const auto& rule : docker_rules(install_id, child)) {
      if (iptables(program, "-C", rule)) continue;
      if (!iptables(program, "-I", rule)) {
        return fail(ErrorCode::kFailed,
                    fmt::format("{}: cannot add a rule to DOCKER-USER; egress of projects is "
                                "blocked by Docker's FORWARD policy",
                                program));
      }
    }
  }
  return {};
}

Status LinuxHostNetwork::close_docker_firewall(const std::string& install_id,
                                               const std::string& child) {
  for (const char* program : {"iptables", "ip6tables"}) {
    if (!iptables(program, "-S", {})) continue;
    for (const auto& rule : docker_rules(install_id, child)) {
      // Bounded: more copies than this were not made by us.
      for (int i = 0; i < 10 && iptables(program, "-D", rule); ++i) {
      }
    }
  }
  return {};
}

}  // namespace croft

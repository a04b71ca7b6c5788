#include "plan/ruleset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/ip.h"
#include "plan/ruleset_frame.h"

namespace croft {
namespace {

std::string element_key(const std::string& address, const Port& port) {
  return fmt::format("{} . {} . {}", address,
                     port.protocol == PortProtocol::kTcp ? kTcpNumber : kUdpNumber, port.port);
}

Result<std::string> checked_address(const CoreService& service, const std::string& text, bool v6) {
  const auto address = IpAddress::parse(text);
  if (!address || address->is_v6() != v6) {
    return fail(ErrorCode::kInvalid, fmt::format("service {}: \"{}\" is not an IPv{} address",
                                                 service.hostname, text, v6 ? 6 : 4));
  }
  return address->str();
}

Status add_family(RulesetModel& model, const CoreService& service, bool v6,
                  const InRotation& in_rotation, const HasEnded& has_ended) {
  auto address = checked_address(service, v6 ? service.address6 : service.address4, v6);
  if (!address) return fail(std::move(address).error());
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < service.instances.size(); ++i) {
    const CoreInstance& instance = service.instances[i];
    auto at = checked_address(service, v6 ? instance.address6 : instance.address4, v6);
    if (!at) return fail(std::move(at).error());
    if (in_rotation(service, i)) targets.push_back(*at);
    // A drained instance still takes what the edge opens until it has asked DNS again.
    if (!v6 || instance.duty == InstanceDuty::kHold) continue;
    if (has_ended && has_ended(service, i)) continue;
    for (const Port& port : service.ports) model.published6.insert(element_key(*at, port));
  }
  if (targets.empty() || service.ports.empty()) return {};
  const std::string chain = fmt::format("s{}_{}", v6 ? 6 : 4, service.id.str());
  auto& services = v6 ? model.services6 : model.services4;
  for (const Port& port : service.ports) services[element_key(*address, port)] = chain;
  model.chains[chain] = std::move(targets);
  return {};
}

// The even spread: each new connection takes the next target.
std::string service_rule(const std::string& chain, const std::vector<std::string>& targets) {
  const std::string_view family = chain[1] == '6' ? "ip6" : "ip";
  if (targets.size() == 1) return fmt::format("dnat {} to {}", family, targets[0]);
  std::string slots;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    slots += fmt::format("{}{} : {}", i == 0 ? "" : ", ", i, targets[i]);
  }
  return fmt::format("dnat {} to numgen inc mod {} map {{ {} }}", family, targets.size(), slots);
}

std::vector<std::string> verdicts(const std::map<std::string, std::string>& services) {
  std::vector<std::string> out;
  for (const auto& [key, chain] : services) out.push_back(fmt::format("{} : goto {}", key, chain));
  return out;
}

void add_elements(std::string& script, std::string_view set, const std::vector<std::string>& all) {
  if (all.empty()) return;
  script += fmt::format("add element {} {} {{ {} }}\n", kCoreTable, set, fmt::join(all, ", "));
}

void remove_elements(std::string& script, std::string_view set,
                     const std::vector<std::string>& all) {
  if (all.empty()) return;
  script += fmt::format("delete element {} {} {{ {} }}\n", kCoreTable, set, fmt::join(all, ", "));
}

void add_chain(std::string& script, const std::string& chain,
               const std::vector<std::string>& targets) {
  script += fmt::format("add chain {0} {1}\nadd rule {0} {1} {2}\n", kCoreTable, chain,
                        service_rule(chain, targets));
}

using Services = std::map<std::string, std::string>;

// Keys of `from` that are not in `to`, or that lead elsewhere there.
std::vector<std::string> gone(const Services& from, const Services& to) {
  std::vector<std::string> out;
  for (const auto& [key, chain] : from) {
    const auto it = to.find(key);
    if (it == to.end() || it->second != chain) out.push_back(key);
  }
  return out;
}

std::vector<std::string> fresh(const Services& from, const Services& to) {
  Services added;
  for (const auto& [key, chain] : to) {
    const auto it = from.find(key);
    if (it == from.end() || it->second != chain) added.emplace(key, chain);
  }
  return verdicts(added);
}

std::vector<std::string> minus(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

}  // namespace

Result<RulesetModel> make_ruleset(const CoreDesired& desired, const CoreInterfaces& interfaces,
                                  const InRotation& in_rotation, const HasEnded& has_ended) {
  auto frame = render_frame(desired, interfaces);
  if (!frame) return fail(std::move(frame).error());
  RulesetModel model{.frame = std::move(*frame)};
  for (const CoreService& service : desired.services) {
    if (!is_valid_id(service.id.str())) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("service {}: it has no valid id", service.hostname));
    }
    for (const bool v6 : {false, true}) {
      CROFT_TRY(add_family(model, service, v6, in_rotation, has_ended));
    }
  }
  return model;
}

std::string render_full(const RulesetModel& model) {
  // Added first so that the delete also works when there was none; all of it is one transaction.
  std::string script = fmt::format("add table {0}\ndelete table {0}\ntable {0} {{\n{1}}}\n",
                                   kCoreTable, model.frame);
  for (const auto& [chain, targets] : model.chains) add_chain(script, chain, targets);
  add_elements(script, "services4", verdicts(model.services4));
  add_elements(script, "services6", verdicts(model.services6));
  add_elements(script, "published6", {model.published6.begin(), model.published6.end()});
  return script;
}

std::string render_change(const RulesetModel& from, const RulesetModel& to) {
  if (from.frame != to.frame) return render_full(to);
  std::string script;
  remove_elements(script, "services4", gone(from.services4, to.services4));
  remove_elements(script, "services6", gone(from.services6, to.services6));
  remove_elements(script, "published6", minus(from.published6, to.published6));
  for (const auto& [chain, targets] : from.chains) {
    const auto now = to.chains.find(chain);
    if (now != to.chains.end() && now->second == targets) continue;
    script += fmt::format("flush chain {} {}\n", kCoreTable, chain);
    if (now == to.chains.end()) {
      script += fmt::format("delete chain {} {}\n", kCoreTable, chain);
    } else {
      script +=
          fmt::format("add rule {} {} {}\n", kCoreTable, chain, service_rule(chain, now->second));
    }
  }
  for (const auto& [chain, targets] : to.chains) {
    if (!from.chains.contains(chain)) add_chain(script, chain, targets);
  }
  add_elements(script, "services4", fresh(from.services4, to.services4));
  add_elements(script, "services6", fresh(from.services6, to.services6));
  add_elements(script, "published6", minus(to.published6, from.published6));
  return script;
}

}  // namespace croft

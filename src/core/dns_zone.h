// What the core's DNS says, as a pure function of the project's state (docs/architecture.md, "DNS
// by the core").
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/dns_message.h"
#include "model/core_state.h"
#include "plan/ruleset.h"

namespace croft {

class DnsZone {
 public:
  DnsZone() = default;  // knows no names
  // `desired` must have passed make_ruleset(): its addresses are valid.
  DnsZone(const CoreDesired& desired, const InRotation& in_rotation);

  // For instances of the project. nullopt: ask the resolvers.
  std::optional<dns::Answer> answer_inside(const dns::Query& query) const;
  // For the edge: <hostname>.<project>.croft, instances in rotation. Everything else is refused.
  dns::Answer answer_uplink(const dns::Query& query) const;

 private:
  struct Host {
    std::vector<dns::Record> inside;  // service addresses
    std::vector<dns::Record> uplink;  // instances, IPv6
  };
  const Host* find_inside(const dns::Name& name) const;
  std::optional<dns::Answer> answer_reverse(const dns::Query& query) const;

  std::string project_name_;
  std::map<std::string, Host> hosts_;
  std::map<IpAddress, std::string> names_;  // of services and instances
  std::vector<IpPrefix> private_ranges_;    // never asked outside by address
};

}  // namespace croft

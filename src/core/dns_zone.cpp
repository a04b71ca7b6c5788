#include "core/dns_zone.h"

#include <algorithm>

#include "plan/ruleset_frame.h"

namespace croft {
namespace {

// Service addresses stay; the short life is for services that are deleted and made again.
constexpr std::uint32_t kInsideTtl = 5;
constexpr const char* kZone = "croft";
constexpr const char* kForeignZone = "zerops";  // so that migrated applications find their hosts

dns::Answer records_of(const std::vector<dns::Record>& all, std::uint16_t type,
                       const dns::Name& owner) {
  dns::Answer answer{.recursion_available = true, .negative_owner = owner};
  for (const dns::Record& r : all) {
    if (r.type == type || type == dns::kTypeAny) answer.records.push_back(r);
  }
  return answer;
}

dns::Answer no_such_name(dns::Name owner) {
  return {.rcode = dns::Rcode::kNameError,
          .recursion_available = true,
          .negative_owner = std::move(owner)};
}

bool is_zone(const std::string& label) {
  return label == kZone || label == kForeignZone;
}

dns::Name from(const dns::Name& name, std::size_t first) {
  return {name.begin() + static_cast<std::ptrdiff_t>(first), name.end()};
}

}  // namespace

DnsZone::DnsZone(const CoreDesired& desired, const InRotation& in_rotation)
    : project_name_(desired.project_name) {
  for (const CoreService& service : desired.services) {
    Host& host = hosts_[service.hostname];
    for (const std::string* text : {&service.address4, &service.address6}) {
      const auto address = IpAddress::parse(*text);
      if (!address) continue;
      host.inside.push_back(dns::address_record(*address, kInsideTtl));
      names_[*address] = service.hostname;
    }
    for (std::size_t i = 0; i < service.instances.size(); ++i) {
      for (const std::string* text :
           {&service.instances[i].address4, &service.instances[i].address6}) {
        const auto address = IpAddress::parse(*text);
        if (!address) continue;
        names_[*address] = service.hostname;
        if (!address->is_v6() || !in_rotation(service, i)) continue;
        host.uplink.push_back(dns::address_record(*address, 0));
      }
    }
  }
  for (const auto* list : {&desired.denied4, &desired.denied6}) {
    for (const std::string& text : *list) {
      if (const auto range = IpPrefix::parse(text)) private_ranges_.push_back(*range);
    }
  }
  for (const char* text : kNever4) private_ranges_.push_back(*IpPrefix::parse(text));
  for (const char* text : kNever6) private_ranges_.push_back(*IpPrefix::parse(text));
  for (const std::string* text : {&desired.service_range4, &desired.service_range6}) {
    if (const auto range = IpPrefix::parse(*text)) private_ranges_.push_back(*range);
  }
}

const DnsZone::Host* DnsZone::find_inside(const dns::Name& name) const {
  const bool bare = name.size() == 1;
  const bool with_zone = name.size() == 2 && is_zone(name[1]);
  const auto it = bare || with_zone ? hosts_.find(name[0]) : hosts_.end();
  return it == hosts_.end() ? nullptr : &it->second;
}

std::optional<dns::Answer> DnsZone::answer_reverse(const dns::Query& query) const {
  const auto address = dns::reverse_address(query.name);
  if (!address) return {};
  if (const auto it = names_.find(*address); it != names_.end()) {
    const dns::Name target = {it->second, kZone};
    return records_of({dns::pointer_record(target, kInsideTtl)}, query.type, query.name);
  }
  const bool is_private =
      std::any_of(private_ranges_.begin(), private_ranges_.end(),
                  [&](const IpPrefix& range) { return range.contains(*address); });
  if (!is_private) return {};
  return no_such_name(query.name);
}

std::optional<dns::Answer> DnsZone::answer_inside(const dns::Query& query) const {
  const dns::Name& name = query.name;
  if (const Host* host = find_inside(name)) return records_of(host->inside, query.type, name);
  if (name.empty()) return {};
  if (name.back() == "localhost") {  // RFC 6761, 6.3: never asked outside
    const std::vector<dns::Record> loopback = {
        dns::address_record(*IpAddress::parse("127.0.0.1"), kInsideTtl),
        dns::address_record(*IpAddress::parse("::1"), kInsideTtl)};
    return records_of(loopback, query.type, {"localhost"});
  }
  if (name.size() == 1 && is_zone(name[0])) return records_of({}, query.type, name);
  if (name.size() == 1 || is_zone(name.back())) return no_such_name(from(name, name.size() - 1));
  return answer_reverse(query);
}

dns::Answer DnsZone::answer_uplink(const dns::Query& query) const {
  const dns::Name& name = query.name;
  const bool ours = name.size() == 3 && name[1] == project_name_ && name[2] == kZone;
  if (!ours) return {.rcode = dns::Rcode::kRefused};
  const auto it = hosts_.find(name[0]);
  dns::Answer answer = it == hosts_.end()
                           ? no_such_name(from(name, 1))
                           : records_of(it->second.uplink, query.type, from(name, 1));
  answer.recursion_available = false;
  return answer;
}

}  // namespace croft

// Addresses that the fake hands out, as the engine's default address management does.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/fake/cluster.h"

namespace croft::engine {
namespace {

constexpr std::uint64_t kMaxTries = 1u << 16;

struct Range {
  int family = AF_INET;
  std::array<unsigned char, 16> base{};
  unsigned host_bits = 0;
};

std::optional<Range> parse_range(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  Range range;
  const std::string address = text.substr(0, slash);
  range.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (::inet_pton(range.family, address.c_str(), range.base.data()) != 1) return std::nullopt;
  const unsigned long prefix = std::strtoul(text.c_str() + slash + 1, nullptr, 10);
  const unsigned long bits = range.family == AF_INET ? 32 : 128;
  if (prefix > bits) return std::nullopt;
  range.host_bits = static_cast<unsigned>(bits - prefix);
  return range;
}

// The address number `host` of the range.
std::string address_at(const Range& range, std::uint64_t host) {
  auto bytes = range.base;
  const std::size_t size = range.family == AF_INET ? 4 : 16;
  for (std::size_t i = 0; i < 8 && i < size; ++i) {
    bytes[size - 1 - i] =
        static_cast<unsigned char>(bytes[size - 1 - i] | ((host >> (8 * i)) & 255));
  }
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(range.family, bytes.data(), text, sizeof text);
  return text;
}

std::uint64_t hosts_in(const Range& range) {
  return range.host_bits >= 63 ? std::uint64_t{1} << 62 : std::uint64_t{1} << range.host_bits;
}

}  // namespace

FakeNetwork* FakeCluster::find_network(FakeNode& at, const std::string& id_or_name) {
  for (auto* networks : {&at.networks, &swarm_networks}) {
    for (auto& [id, network] : *networks) {
      if (id == id_or_name || network.info.spec.name == id_or_name) return &network;
    }
  }
  return nullptr;
}

const NetworkSpec* FakeCluster::effective_spec(FakeNode& at, const FakeNetwork& network) {
  if (network.info.spec.config_from.empty()) return &network.info.spec;
  for (const auto& [id, other] : at.networks) {
    const NetworkSpec& spec = other.info.spec;
    if (spec.config_only && spec.name == network.info.spec.config_from) return &spec;
  }
  return nullptr;
}

Result<TaskAddresses> FakeCluster::allocate(FakeNode& at, FakeNetwork& network) {
  const std::string& network_id = network.info.id;
  const NetworkSpec* spec = effective_spec(at, network);
  if (spec == nullptr) {
    return fail(ErrorCode::kNotFound,
                fmt::format("network {}: its configuration {} is not on this node",
                            network.info.spec.name, network.info.spec.config_from));
  }
  std::set<std::string> used;
  for (const auto& [id, container] : at.containers) {
    for (const TaskAddresses& taken : container.info.addresses) {
      if (taken.network_id == network_id) used.insert({taken.ipv4, taken.ipv6});
    }
  }
  TaskAddresses given{network_id, network.info.spec.name, "", ""};
  for (const AddressRange& source : spec->ranges) {
    const std::string& pool = source.ip_range.empty() ? source.subnet : source.ip_range;
    const auto range = parse_range(pool);
    if (!range) continue;
    std::uint64_t& next = at.next_host[network_id + pool];
    const std::uint64_t hosts = hosts_in(*range);
    std::string& out = range->family == AF_INET ? given.ipv4 : given.ipv6;
    for (std::uint64_t tries = 0; tries < std::min(hosts, kMaxTries) && out.empty(); ++tries) {
      const std::uint64_t host = next++ % hosts;
      const bool reserved = host == 0 || (range->family == AF_INET && host == hosts - 1);
      const std::string address = address_at(*range, host);
      if (!reserved && address != source.gateway && !used.contains(address)) out = address;
    }
    if (out.empty()) {
      return fail(ErrorCode::kExhausted,
                  fmt::format("network {}: no free address in {}", network.info.spec.name, pool));
    }
  }
  return given;
}

bool FakeCluster::network_in_use(const std::string& id) const {
  for (const auto& [node_id, at] : nodes) {
    for (const auto& [container_id, container] : at.containers) {
      for (const TaskAddresses& addresses : container.info.addresses) {
        if (addresses.network_id == id) return true;
      }
    }
  }
  const auto attached = [&id](const ServiceSpec& spec) {
    return std::any_of(spec.networks.begin(), spec.networks.end(),
                       [&id](const NetworkAttachment& network) { return network.network == id; });
  };
  for (const auto& [service_id, service] : services) {
    if (attached(service.info.spec)) return true;
  }
  return false;
}

}  // namespace croft::engine

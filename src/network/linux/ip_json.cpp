#include "network/linux/ip_json.h"

#include <fmt/format.h>

namespace croft {
namespace {

namespace json = boost::json;

const json::value* member(const json::value& of, std::string_view key) {
  return of.is_object() ? of.get_object().if_contains(key) : nullptr;
}

std::string text(const json::value& of, std::string_view key) {
  const json::value* value = member(of, key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

int number(const json::value& of, std::string_view key) {
  const json::value* value = member(of, key);
  boost::system::error_code error;
  const int result = value != nullptr && value->is_number() ? value->to_number<int>(error) : 0;
  return error ? 0 : result;
}

const json::array& list(const json::value& of) {
  static const json::array kEmpty;
  return of.is_array() ? of.get_array() : kEmpty;
}

const json::array& list(const json::value& of, std::string_view key) {
  static const json::array kEmpty;
  const json::value* value = member(of, key);
  return value != nullptr && value->is_array() ? value->get_array() : kEmpty;
}

HostDevice read_device(const json::value& link) {
  HostDevice device{
      .name = text(link, "ifname"), .mtu = number(link, "mtu"), .parent = text(link, "link")};
  for (const json::value& flag : list(link, "flags")) {
    if (flag.is_string() && flag.get_string() == "UP") device.up = true;
  }
  for (const json::value& address : list(link, "addr_info")) {
    if (text(address, "scope") == "link") continue;
    device.addresses.push_back(
        fmt::format("{}/{}", text(address, "local"), number(address, "prefixlen")));
  }
  const json::value* info = member(link, "linkinfo");
  if (info == nullptr) return device;
  device.kind = text(*info, "info_kind");
  const json::value* data = member(*info, "info_data");
  if (data == nullptr || device.kind != "vxlan") return device;
  device.vni = number(*data, "id");
  device.port = number(*data, "port");
  device.local = text(*data, "local");
  if (device.local.empty()) device.local = text(*data, "local6");
  return device;
}

}  // namespace

std::vector<HostDevice> read_devices(const json::value& links, const std::string& prefix) {
  std::vector<HostDevice> devices;
  for (const json::value& link : list(links)) {
    if (text(link, "ifname").starts_with(prefix)) devices.push_back(read_device(link));
  }
  return devices;
}

std::vector<std::string> read_peers(const json::value& fdb, const std::string& device) {
  std::vector<std::string> peers;
  for (const json::value& entry : list(fdb)) {
    if (text(entry, "ifname") != device || text(entry, "mac") != "00:00:00:00:00:00") continue;
    if (std::string peer = text(entry, "dst"); !peer.empty()) peers.push_back(std::move(peer));
  }
  return peers;
}

std::vector<NodeRoute> read_routes(const json::value& routes, const std::string& device) {
  std::vector<NodeRoute> out;
  for (const json::value& route : list(routes)) {
    if (text(route, "dev") != device) continue;
    out.push_back({.destination = text(route, "dst"), .via = text(route, "gateway")});
  }
  return out;
}

std::vector<std::string> read_interfaces(const json::value& routes) {
  std::vector<std::string> out;
  for (const json::value& route : list(routes)) {
    if (std::string name = text(route, "dev"); !name.empty()) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace croft

// What the kernel says about interfaces of this namespace.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "network/linux/announcement.h"

namespace croft {

struct InterfaceAddress {
  std::string interface;
  IpAddress address;
  bool operator==(const InterfaceAddress&) const = default;
};

// Every address of every interface.
Result<std::vector<InterfaceAddress>> list_interface_addresses();

// Sends Ethernet frames out of `interface`, which must exist.
Status send_frames(const std::string& interface, const std::vector<std::string>& frames);

Result<MacAddress> interface_mac(const std::string& interface);

}  // namespace croft

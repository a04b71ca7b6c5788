// What the edge serves under one host name.
#pragma once

#include <cstdint>
#include <string>

#include "base/json_codec.h"

namespace croft {

struct EdgeRoute {
  std::string host;  // lower case; see edge_names()
  std::string project;
  std::string service;     // hostname in the project
  std::uint16_t port = 0;  // on which its instances speak HTTP
  std::string core;        // where the project's core answers DNS for the edge: an IPv6 address
  bool operator==(const EdgeRoute&) const = default;
};
BOOST_DESCRIBE_STRUCT(EdgeRoute, (), (host, project, service, port, core))

}  // namespace croft

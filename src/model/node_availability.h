// Whether containers may start on a node.
#pragma once

#include <cstdint>

#include "base/described.h"
#include "base/json_codec.h"

namespace croft {

enum class NodeAvailability : std::uint8_t {
  kActive,
  kDrained,  // the swarm moves what runs there away and starts nothing new
};
BOOST_DESCRIBE_ENUM(NodeAvailability, kActive, kDrained)

}  // namespace croft

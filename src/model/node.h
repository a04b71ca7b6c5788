// A node: one machine of the platform.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

inline constexpr int kMaxNodes = 15;

struct Node {
  NodeId id;
  std::string name;       // unique: the machine's host name
  int index = 0;          // 1..kMaxNodes, unique: its slice of every segment (plan/address_plan.h)
  std::string address;    // of the machine, as other nodes reach it
  std::string engine_id;  // the engine's own node id; empty until known
  std::string zone;       // failure domain; empty: none
  std::map<std::string, std::string> labels;
  Timestamp created_at;
  std::optional<Timestamp> last_seen_at;
};
BOOST_DESCRIBE_STRUCT(Node, (),
                      (id, name, index, address, engine_id, zone, labels, created_at, last_seen_at))

}  // namespace croft

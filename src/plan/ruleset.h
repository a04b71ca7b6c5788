// The core's nftables table: what it should be, as a value, and the script that gets there.
//
// Everything that changes while a project runs is in elements of named maps and sets and in one
// short chain per service and family, so that a change costs what changed and not what exists.
// The rest, the frame, changes only with the project's addresses.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/core_state.h"

namespace croft {

inline constexpr std::string_view kCoreTable = "inet croft";

struct CoreInterfaces {
  std::string segment;  // "eth0"
  std::string uplink;   // "eth1"
  // Addresses of both that are this container's own: neither the project's nor the pair's.
  std::vector<std::string> own = {};
  bool operator==(const CoreInterfaces&) const = default;
};

struct RulesetModel {
  std::string frame;  // sets and chains that do not depend on services, as text
  // Chain of a service in one family -> addresses in rotation; never empty.
  std::map<std::string, std::vector<std::string>> chains;
  // "100.64.0.1 . 6 . 80" (address, protocol, port) -> chain
  std::map<std::string, std::string> services4;
  std::map<std::string, std::string> services6;
  // "fd..::5 . 6 . 3000": what the edge may open.
  std::set<std::string> published6;
  bool operator==(const RulesetModel&) const = default;
};

// Answers whether an instance (by its place in the service) gets new connections.
using InRotation = std::function<bool(const CoreService&, std::size_t instance)>;

// Answers whether an instance has ended: the edge, which may hold its address for a moment longer,
// is refused there at once and goes to another, instead of waiting for an answer.
using HasEnded = std::function<bool(const CoreService&, std::size_t instance)>;

// kInvalid when an address of `desired` is none: nothing unchecked gets into a script. Without
// `has_ended` nobody has.
Result<RulesetModel> make_ruleset(const CoreDesired& desired, const CoreInterfaces& interfaces,
                                  const InRotation& in_rotation, const HasEnded& has_ended = {});

// Replaces the table, whether it exists or not.
std::string render_full(const RulesetModel& model);
// From one model to the other; render_full() when the frame differs; empty when nothing does.
std::string render_change(const RulesetModel& from, const RulesetModel& to);

}  // namespace croft

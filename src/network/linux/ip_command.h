// The `ip` program: changes as one batch, reads as JSON.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace croft {

// Each line as after the word `ip`, without shell quoting ("link add c1 type vxlan id 7"). Stops at
// the first line that fails. Nothing happens for an empty list.
Status ip_batch(const std::vector<std::string>& lines);

// `ip -json ARGUMENTS`; an empty array when ip prints nothing.
Result<boost::json::value> ip_json(std::vector<std::string> arguments);

}  // namespace croft

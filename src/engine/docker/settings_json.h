// Parts of container settings that services and containers write in the same form. Pure.
#pragma once

#include <boost/json/value.hpp>

#include "engine/docker/json_view.h"
#include "engine/spec.h"

namespace croft::engine {

boost::json::array mounts_to_json(const std::vector<Mount>& mounts);
std::vector<Mount> mounts_from_json(JsonView view);
boost::json::array ulimits_to_json(const std::vector<Ulimit>& ulimits);
std::vector<Ulimit> ulimits_from_json(JsonView view);

inline std::int64_t to_nanoseconds(Millis duration) {
  return std::chrono::nanoseconds(duration).count();
}

}  // namespace croft::engine

// What one tenant, one token and one address may take of the platform, so that nobody starves the
// others. Kept as one setting; an owner changes it (`croft platform limits`).
#pragma once

#include <cstdint>

#include "base/json_codec.h"

namespace croft {

// Of one project, over all its services. Containers count as they are wanted, whether they run now
// or not; the second set of a deployment is not counted.
struct ProjectCaps {
  std::int64_t containers = 250;
  std::int64_t builds = 6;                  // deployments under way at once
  std::int64_t cpus = 250;                  // sum of what the catalog gives their containers
  std::int64_t memory_bytes = 128ll << 30;  // the same
  std::int64_t disk_bytes = 20ll << 30;     // of uploads and bundles of its versions
  std::int64_t log_bytes = 512ll << 20;     // of kept log lines; the oldest go first
  // What one container, or one build, may have written beside its volumes; it is stopped beyond it.
  std::int64_t container_disk_bytes = 20ll << 30;
  // What the volumes of one container may hold; it is frozen beyond it until this is raised.
  std::int64_t volume_bytes = 100ll << 30;
};
BOOST_DESCRIBE_STRUCT(ProjectCaps, (),
                      (containers, builds, cpus, memory_bytes, disk_bytes, log_bytes,
                       container_disk_bytes, volume_bytes))

// Requests per second; four times as many may come at once. Log-ins are slowed down beside this
// (app/auth/login_limiter.h).
struct RequestRates {
  std::int64_t per_token = 1000;
  std::int64_t per_address = 50;  // without a valid token: log-in, set-up, wrong tokens
};
BOOST_DESCRIBE_STRUCT(RequestRates, (), (per_token, per_address))

struct Limits {
  ProjectCaps project;
  RequestRates requests;
};
BOOST_DESCRIBE_STRUCT(Limits, (), (project, requests))

inline constexpr std::int64_t kLargestLimit = 1ll << 50;

}  // namespace croft

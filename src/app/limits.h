// Showing and changing the platform's limits.
#pragma once

#include <map>
#include <string>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "model/limits.h"

namespace croft {

// One limit under the name that API and command line use.
struct NamedLimit {
  std::string_view name;
  std::int64_t& (*of)(Limits&);
};
inline constexpr NamedLimit kNamedLimits[] = {
    {"containers", [](Limits& l) -> std::int64_t& { return l.project.containers; }},
    {"builds", [](Limits& l) -> std::int64_t& { return l.project.builds; }},
    {"cpus", [](Limits& l) -> std::int64_t& { return l.project.cpus; }},
    {"memory_bytes", [](Limits& l) -> std::int64_t& { return l.project.memory_bytes; }},
    {"disk_bytes", [](Limits& l) -> std::int64_t& { return l.project.disk_bytes; }},
    {"log_bytes", [](Limits& l) -> std::int64_t& { return l.project.log_bytes; }},
    {"container_disk_bytes",
     [](Limits& l) -> std::int64_t& { return l.project.container_disk_bytes; }},
    {"volume_bytes", [](Limits& l) -> std::int64_t& { return l.project.volume_bytes; }},
    {"requests_per_token", [](Limits& l) -> std::int64_t& { return l.requests.per_token; }},
    {"requests_per_address", [](Limits& l) -> std::int64_t& { return l.requests.per_address; }},
};

Task<Result<Limits>> show_limits(const AppContext& context, const Actor& actor);
// Those named in `changes` (names of kNamedLimits); the rest stays. Audited. kInvalid: out of
// range.
Task<Result<Limits>> change_limits(const AppContext& context, const Actor& actor,
                                   std::map<std::string, std::int64_t> changes);

}  // namespace croft

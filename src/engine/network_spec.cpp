#include "engine/network_spec.h"

#include <fmt/format.h>

namespace croft::engine {

Status validate(const NetworkSpec& spec) {
  const auto invalid = [&spec](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("create network {}: {}", spec.name, why));
  };
  if (spec.name.empty()) return invalid("it has no name");
  const bool has_own = !spec.ranges.empty() || spec.enable_ipv6 || !spec.options.empty();
  if (!spec.config_from.empty() && has_own) {
    return invalid("ranges, options and IPv6 of a network come from its config-only network");
  }
  if (!spec.config_from.empty() && spec.config_only) {
    return invalid("a config-only network cannot take its settings from another one");
  }
  return {};
}

}  // namespace croft::engine

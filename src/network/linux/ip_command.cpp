#include "network/linux/ip_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_codec.h"
#include "base/spawn.h"

namespace croft {
namespace {
constexpr Millis kLimit{20'000};
}

Status ip_batch(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  auto result = run_program_checked({.argv = {"ip", "-batch", "-"},
                                     .input = fmt::format("{}\n", fmt::join(lines, "\n")),
                                     .timeout = kLimit});
  if (!result) {
    return fail(Error(result.error().code(), result.error().message(),
                      fmt::format("lines: {}", fmt::join(lines, " | "))));
  }
  return {};
}

Result<boost::json::value> ip_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"ip", "-details", "-json"});
  auto result = run_program_checked({.argv = std::move(arguments), .timeout = kLimit});
  if (!result) return fail(std::move(result).error());
  if (result->output.find_first_not_of(" \n") == std::string::npos) return boost::json::array();
  return parse_json(result->output);
}

}  // namespace croft

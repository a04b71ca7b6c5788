#include "init/options.h"

#include <fmt/format.h>

#include <charconv>

namespace croft::init {
namespace {

tl::unexpected<Error> usage(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message) + "; see croft-init --help");
}

}  // namespace

std::string options_help() {
  return "croft-init [--config FILE] [--report FILE] [--health-port PORT]\n"
         "    runs the service that the configuration describes; PID 1 of a service container\n"
         "croft-init exec [--config FILE] [--root] -- COMMAND [ARGUMENT...]\n"
         "    runs a command with the service's environment, user and directory\n";
}

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  std::size_t i = 0;
  if (!arguments.empty() && arguments[0] == "exec") {
    options.mode = Options::Mode::kExec;
    i = 1;
  }
  const bool exec = options.mode == Options::Mode::kExec;
  for (; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (word == "--help" || word == "-h") {
      options.mode = Options::Mode::kHelp;
      return options;
    }
    if (word == "--" && exec) {
      options.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                             arguments.end());
      break;
    }
    if (word == "--root" && exec) {
      options.as_root = true;
    } else if (word == "--config" && has_value) {
      options.config = arguments[++i];
    } else if (word == "--report" && has_value && !exec) {
      options.report = arguments[++i];
    } else if (word == "--health-port" && has_value && !exec) {
      const std::string& text = arguments[++i];
      const char* end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data(), end, options.health_port);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        return usage(fmt::format("'{}' is not a port", text));
      }
    } else {
      return usage(fmt::format("'{}' is not understood here", word));
    }
  }
  if (exec && options.command.empty()) return usage("exec needs a command after --");
  return options;
}

}  // namespace croft::init

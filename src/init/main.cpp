#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "init/program.h"
#include "init/resource_limits.h"
#include "init/zsc.h"

int main(int argc, char** argv) {
  using namespace croft::init;
  const std::string self = argc > 0 ? argv[0] : "";
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (self.substr(self.rfind('/') + 1) == "zsc") return zsc_main(arguments);
  const auto options = parse_options(arguments);
  if (!options) {
    fmt::print(stderr, "croft-init: {}\n", options.error().message());
    return 2;
  }
  if (options->mode != Options::Mode::kHelp) lower_resource_limits();
  switch (options->mode) {
    case Options::Mode::kHelp:
      fmt::print("{}", options_help());
      return 0;
    case Options::Mode::kExec:
      return exec_command(*options);
    case Options::Mode::kSupervise:
      return supervise(*options);
  }
}

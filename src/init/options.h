// The command lines of croft-init.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/init_config.h"

namespace croft::init {

struct Options {
  enum class Mode : unsigned char { kSupervise, kExec, kHelp } mode = Mode::kSupervise;
  // --config, --health-port, --report: so that tests can run the program beside others. In a
  // container it is started without arguments.
  std::filesystem::path config = kInitConfigPath;
  std::filesystem::path report = kExitReportPath;
  std::uint16_t health_port = kHealthPort;
  bool as_root = false;              // exec --root
  std::vector<std::string> command;  // exec
};

// `arguments` without argv[0]. kInvalid names the argument that is wrong.
Result<Options> parse_options(const std::vector<std::string>& arguments);

std::string options_help();

}  // namespace croft::init

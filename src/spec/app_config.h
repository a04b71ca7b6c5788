// Reading croft.yml and zerops.yml of any generation.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/app_model.h"

namespace croft::spec {

enum class Generation : unsigned char {
  kSingle,   // 2021: use, run, deploy of one application
  kHostMap,  // 2021-23: a map keyed by hostname
  kList,     // now: zerops: or croft: with a list of setups
};

struct AppConfig {
  Generation generation = Generation::kList;
  std::vector<Setup> setups;
};

// Complaints that do not forbid to go on.
using Warnings = std::vector<FieldError>;

struct ParsedAppConfig {
  AppConfig config;
  Warnings warnings;
};

// Parses any generation. `file` is the path shown in complaints; when its last part begins with
// "croft." every unknown key is an error, otherwise keys known to be harmless are warnings. Fails
// with kInvalid and one FieldError for each complaint (file, line, column, pointer).
Result<ParsedAppConfig> parse_app_config(std::string_view file, std::string_view text,
                                         const TypeResolver& resolver = {});

// The setup to use for a service: the one named `setup`, or when that is empty the one named like
// the hostname; the only one of a kSingle file fits every service. Null: none
// (zeropsYamlSetupNotFound).
const Setup* choose_setup(const AppConfig& config, std::string_view setup,
                          std::string_view hostname);

}  // namespace croft::spec

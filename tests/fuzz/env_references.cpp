#include "fuzz.h"
#include "spec/dotenv.h"
#include "spec/env.h"

using namespace croft;

namespace {

spec::ProjectVariables variables_of(const std::vector<spec::DotenvEntry>& entries, bool isolated) {
  spec::ProjectVariables input;
  input.isolation = isolated ? spec::Isolation::kService : spec::Isolation::kNone;
  input.services = {{.hostname = "a"}, {.hostname = "b"}, {.hostname = "a_b"}};
  for (const spec::DotenvEntry& entry : entries) {
    const auto dot = entry.key.find('.');
    if (dot == std::string::npos) {
      input.project[entry.key] = entry.value;
      continue;
    }
    auto& service = input.services[entry.key.starts_with("b")    ? 1
                                   : entry.key.starts_with("a_") ? 2
                                                                 : 0];
    auto& level = entry.line % 3 == 0   ? service.yaml
                  : entry.line % 3 == 1 ? service.system
                                        : service.user;
    level[entry.key.substr(dot + 1)] = entry.value;
  }
  return input;
}

}  // namespace

// The input is a .env file; keys "host.KEY" belong to a service, others to the project.
FUZZ_TARGET(env_references) {
  const auto entries = spec::parse_dotenv(input);
  if (!entries) return fuzz::expect_told(entries.error());
  const auto lines = std::count(input.begin(), input.end(), '\n') + 1;
  for (const auto& entry : *entries) {
    check(entry.line >= 1 && entry.line <= lines, "an entry has a place");
  }
  constexpr spec::EnvLimits kLimits{
      .max_value_bytes = 8u << 10, .max_total_bytes = 32u << 10, .max_references = 100};
  const auto project = variables_of(*entries, input.size() % 2 == 1);
  const auto env = spec::resolve_env(project, "a", kLimits);
  std::size_t total = 0;
  for (const auto& [key, value] : env.variables) total += value.size();
  // What does not resolve stays as it was written, whatever its size.
  check(total <= kLimits.max_total_bytes + kLimits.max_value_bytes + input.size() * 4,
        "the environment stays bounded");
  for (const spec::EnvWarning& warning : env.warnings) {
    check(!warning.message.empty(), "a warning says what is wrong");
  }
  check(spec::resolve_env(project, "a", kLimits).variables == env.variables,
        "the same variables resolve to the same");
  const auto build = spec::resolve_build_env(project, "b", project.project, kLimits);
  total = 0;
  for (const auto& [key, value] : build.variables) total += value.size();
  check(total <= kLimits.max_total_bytes + kLimits.max_value_bytes + input.size() * 4,
        "the environment of a build stays bounded");
  spec::find_reference_cycles(project.project);
}

#include <string_view>

#include "base/check.h"
#include "spec/dotenv.h"
#include "spec/env.h"

// The text is a .env file; keys "host.KEY" belong to a service, others to the project.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace croft;
  const auto entries = spec::parse_dotenv({reinterpret_cast<const char*>(data), size});
  if (!entries) return 0;
  spec::ProjectVariables input;
  input.isolation = size % 2 == 0 ? spec::Isolation::kNone : spec::Isolation::kService;
  input.services = {{.hostname = "a"}, {.hostname = "b"}};
  for (const spec::DotenvEntry& entry : *entries) {
    const auto dot = entry.key.find('.');
    if (dot == std::string::npos) {
      input.project[entry.key] = entry.value;
    } else {
      auto& service = input.services[entry.key.starts_with("b") ? 1 : 0];
      (entry.line % 2 == 0 ? service.yaml : service.system)[entry.key.substr(dot + 1)] =
          entry.value;
    }
  }
  const auto env = spec::resolve_env(input, "a");
  std::size_t total = 0;
  for (const auto& [key, value] : env.variables) total += value.size();
  check(total <= (6u << 20) + size * 4, "the environment stays bounded");
  return 0;
}

// croft-load: see usage() in stream_spec.cpp.
#include <cstdio>

#include "client.h"

namespace croft::load {
namespace {

Task<int> run_client(Client* client) {
  auto result = co_await client->run();
  if (!result) {
    std::fprintf(stderr, "croft-load: %s\n", result.error().message().c_str());
    co_return 2;
  }
  std::printf("%s\n", result->json.c_str());
  co_return result->all_ok ? 0 : 1;
}

}  // namespace
}  // namespace croft::load

int main(int argc, char** argv) {
  using namespace croft::load;
  auto options = parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "croft-load: %s\n", options.error().message().c_str());
    return 2;
  }
  if (options->help) {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  croft::Runtime runtime;
  Client client(runtime, std::move(*options));
  return runtime.run(run_client(&client), [&client] { client.stop(); });
}

// croft-api-server: serves the API of ApiWorld on a free port of 127.0.0.1 until SIGTERM, for
// schemathesis. Says where, and with which tokens, as one line of JSON.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "api_world.h"
#include "base/check.h"
#include "base/log.h"
#include "net/http_server.h"
#include "task/group.h"
#include "task/signal.h"

using namespace croft;

namespace {

Task<int> serve(Runtime& runtime, HttpServer& server, Signal& stop) {
  Group group(runtime);
  group.spawn("server", server.run());
  while (!co_await stop.wait_for(Millis(60'000))) {
  }
  co_await server.stop(Millis(0));
  co_await group.join();
  co_return 0;
}

}  // namespace

int main(int count, char** words) {
  log_setup("api-server", LogLevel::kError);
  if (count != 2) {
    fmt::print(stderr, "use: croft-api-server FOLDER-FOR-UPLOADS\n");
    return 2;
  }
  const auto catalog = catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog");
  check(catalog.has_value(), "the catalog loads");
  Runtime runtime;
  SystemClock clock;
  SeededRandom random(1);  // the same requests get the same ids
  fuzz::ApiWorld world(runtime, clock, random, *catalog, words[1]);
  world.make_shop();
  HttpServer server(runtime, world.handler(), {});
  const auto port = server.listen_tcp("127.0.0.1", 0);
  check(port.has_value(), "a free port");
  const boost::json::object said{
      {"url", fmt::format("http://127.0.0.1:{}/api/v1", *port)},
      {"owner", world.token_of("ann", UserRole::kOwner, TokenScope::kAdmin)},
      {"reader", world.token_of("ann", UserRole::kOwner, TokenScope::kRead)},
      {"shop", world.token_of("ann", UserRole::kOwner, TokenScope::kWrite, "shop")}};
  fmt::print("{}\n", boost::json::serialize(said));
  std::fflush(stdout);
  Signal stop(runtime);
  return runtime.run(serve(runtime, server, stop), [&] { stop.notify(); });
}

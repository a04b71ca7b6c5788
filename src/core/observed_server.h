// What the core says about itself, on a unix socket in the state directory:
// GET /v1/observed (once) and GET /v1/watch (a line now, at every change and every 2 s).
#pragma once

#include <list>
#include <memory>
#include <string>

#include "model/core_state.h"
#include "net/http_server.h"
#include "task/group.h"

namespace croft {

class ObservedServer final : public HttpHandler {
 public:
  explicit ObservedServer(Runtime& runtime);
  ~ObservedServer() override;

  // Serves on `socket_path` (0600: the agent is root) until stop().
  Status start(const std::string& socket_path);
  Task<void> stop();

  // Wakes the watchers when it differs from the last.
  void publish(const CoreObserved& observed);

  Task<void> handle(HttpExchange& exchange) override;

 private:
  Task<void> watch(HttpExchange& exchange);

  Runtime& runtime_;
  Group group_;
  std::unique_ptr<HttpServer> server_;
  std::string line_;  // the current state as JSON
  std::list<Signal*> watchers_;
};

}  // namespace croft

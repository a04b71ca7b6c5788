#include "core/observed_server.h"

namespace croft {
namespace {
constexpr Millis kRepeat{2000};
constexpr std::size_t kMaxConnections = 16;
}  // namespace

ObservedServer::ObservedServer(Runtime& runtime)
    : runtime_(runtime), group_(runtime), line_(to_json_text(CoreObserved{}) + "\n") {}

ObservedServer::~ObservedServer() = default;

Status ObservedServer::start(const std::string& socket_path) {
  HttpServerOptions options;
  options.max_connections = kMaxConnections;
  server_ = std::make_unique<HttpServer>(runtime_, *this, options);
  CROFT_TRY(server_->listen_unix(socket_path, 0600));
  group_.spawn("observed", server_->run());
  return {};
}

void ObservedServer::publish(const CoreObserved& observed) {
  std::string line = to_json_text(observed) + "\n";
  if (line == line_) return;
  line_ = std::move(line);
  for (Signal* watcher : watchers_) watcher->notify();
}

Task<void> ObservedServer::handle(HttpExchange& exchange) {
  if (exchange.method() != "GET") {
    co_await exchange.respond(405, {{"Allow", "GET"}}, "only GET\n");
  } else if (exchange.path() == "/v1/observed") {
    co_await exchange.respond(200, {{"Content-Type", "application/json"}}, line_);
  } else if (exchange.path() == "/v1/watch") {
    co_await watch(exchange);
  } else {
    co_await exchange.respond(404, {}, "GET /v1/observed or /v1/watch\n");
  }
}

Task<void> ObservedServer::watch(HttpExchange& exchange) {
  Signal changed(runtime_);
  // Leaves the list also when the task is cancelled and unwinds by exception.
  struct Enrolled {
    std::list<Signal*>& list;
    std::list<Signal*>::iterator place;
    ~Enrolled() { list.erase(place); }
  };
  const Enrolled enrolled{watchers_, watchers_.insert(watchers_.end(), &changed)};
  exchange.notify_when_gone(changed);
  Status sent = co_await exchange.start(200, {{"Content-Type", "application/x-ndjson"}});
  while (sent && !exchange.client_gone()) {
    std::string line = line_;
    sent = co_await exchange.write(std::move(line));
    if (sent) co_await changed.wait_for(kRepeat);
  }
}

Task<void> ObservedServer::stop() {
  if (server_) co_await server_->stop(Millis(0));
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft

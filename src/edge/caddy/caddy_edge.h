// Edge by Caddy's admin API. Source: Caddy's API documentation (POST /load, GET /config/).
#pragma once

#include <string>

#include "edge/edge.h"
#include "net/http_client.h"

namespace croft {

class CaddyEdge final : public Edge {
 public:
  // Sockets as this process sees them. Without its resolver the edge counts as down; empty: it is
  // not looked at.
  CaddyEdge(Runtime& runtime, std::string admin_socket, std::string resolver_socket);

  Task<Status> apply(std::string config, Millis limit) override;
  Task<Result<std::string>> current(Millis limit) override;

 private:
  HttpClient client_;
  std::string resolver_socket_;
};

}  // namespace croft

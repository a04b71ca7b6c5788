// Edge by Caddy's admin API. Source: Caddy's API documentation (POST /load, GET /config/).
#pragma once

#include <string>

#include "edge/edge.h"
#include "net/http_client.h"

namespace croft {

class CaddyEdge final : public Edge {
 public:
  // `admin_socket` as this process sees it.
  CaddyEdge(Runtime& runtime, std::string admin_socket);

  Task<Status> apply(std::string config, Millis limit) override;
  Task<Result<std::string>> current(Millis limit) override;

 private:
  HttpClient client_;
};

}  // namespace croft

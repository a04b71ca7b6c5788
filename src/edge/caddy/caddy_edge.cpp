#include "edge/caddy/caddy_edge.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "base/fd.h"
#include "base/json_codec.h"

namespace croft {
namespace {

// An older croft's, with ten thousand routes, is 20 MB.
constexpr std::size_t kMaxConfigBytes = 64u << 20;

// The text of Caddy's {"error": "…"}.
std::string reason_of(const HttpResponse& response) {
  if (const auto json = parse_json(response.body); json && json->is_object()) {
    const auto* error = json->get_object().if_contains("error");
    if (error != nullptr && error->is_string()) return std::string(error->get_string());
  }
  return fmt::format("status {}", response.status);
}

// The socket's file alone says nothing: it outlives its container.
bool listens(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) return false;
  std::copy(path.begin(), path.end(), at.sun_path);
  const Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

}  // namespace

CaddyEdge::CaddyEdge(Runtime& runtime, std::string admin_socket, std::string resolver_socket)
    : client_(runtime, HttpEndpoint::unix_socket(std::move(admin_socket))),
      resolver_socket_(std::move(resolver_socket)) {}

Task<Status> CaddyEdge::apply(std::string config, Millis limit) {
  // Caddy takes an empty body as a wish to forget everything.
  const auto json = parse_json(config);
  if (!json || !json->is_object()) {
    co_return fail(ErrorCode::kInvalid, "configure the edge: the configuration is not an object");
  }
  HttpRequest request{.method = "POST", .target = "/load"};
  request.headers.set("Content-Type", "application/json");
  request.body = std::move(config);
  request.limit = limit;
  auto response = co_await client_.send(request);
  if (!response) co_return fail(std::move(response).error().in("configure the edge"));
  if (response->status == 200) co_return Status();
  co_return fail(response->status == 400 ? ErrorCode::kInvalid : ErrorCode::kFailed,
                 "configure the edge: it refused the new configuration and works by the old one",
                 reason_of(*response));
}

Task<Result<std::string>> CaddyEdge::current(Millis limit) {
  if (!resolver_socket_.empty() && !listens(resolver_socket_)) {
    // As in the container of an older croft, which gets another one then.
    co_return fail(ErrorCode::kUnavailable, "read the edge's configuration: it has no resolver",
                   resolver_socket_);
  }
  HttpRequest request{.target = "/config/"};
  request.limit = limit;
  request.max_body_bytes = kMaxConfigBytes;
  auto response = co_await client_.send(request);
  if (!response) co_return fail(std::move(response).error().in("read the edge's configuration"));
  if (response->status != 200) {
    co_return fail(ErrorCode::kFailed, "read the edge's configuration: it did not say",
                   reason_of(*response));
  }
  std::string& body = response->body;
  while (!body.empty() && body.back() == '\n') body.pop_back();
  if (body == "null") body.clear();
  co_return std::move(body);
}

}  // namespace croft

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>

#include "api/place.h"
#include "api/problem.h"
#include "api/routes_live.h"
#include "store/instance_sets.h"

namespace croft {
namespace {

// First byte of every message (api/openapi.json, exec).
constexpr char kStdin = 0;
constexpr char kStdout = 1;
constexpr char kStderr = 2;
constexpr char kControl = 3;
constexpr Millis kWriteLimit{30'000};

struct ExecWish {
  std::vector<std::string> command;
  bool tty = false;
  std::string instance;
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
};

std::uint16_t size_of(const std::optional<std::string>& text, std::uint16_t fallback) {
  std::uint16_t value = 0;
  if (!text) return fallback;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && value > 0 ? value : fallback;
}

Result<ExecWish> read_query(ApiRequest& request) {
  ExecWish wish;
  wish.command = request.query_all("cmd");
  if (wish.command.empty()) return fail(ErrorCode::kInvalid, "the query needs cmd, once per word");
  auto tty = request.query_flag("tty");
  if (!tty) return fail(std::move(tty).error());
  wish.tty = *tty;
  wish.instance = request.query("instance").value_or("");
  wish.rows = size_of(request.query("rows"), wish.rows);
  wish.columns = size_of(request.query("cols"), wish.columns);
  return wish;
}

// The instance that was named, or the first one in rotation, or any that runs.
Result<LiveInstance> choose(const std::vector<LiveInstance>& instances, const Service& service,
                            const std::string& wanted) {
  const LiveInstance* best = nullptr;
  for (const LiveInstance& one : instances) {
    if (!one.running) continue;
    if (!wanted.empty() && one.name != wanted && one.id != wanted) continue;
    if (best == nullptr || (one.in_rotation && !best->in_rotation)) best = &one;
  }
  if (best != nullptr) return *best;
  if (!wanted.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("service {} has no running instance '{}'; see croft ps",
                            service.hostname, wanted));
  }
  return fail(ErrorCode::kConflict,
              fmt::format("service {} has no running container; see croft ps", service.hostname));
}

std::string control(const boost::json::object& message) {
  return std::string(1, kControl) + boost::json::serialize(message);
}

// One control message of the client.
Task<Status> obey(engine::ExecSession& session, std::string_view text) {
  const auto json = parse_json(text);
  if (!json || !json->is_object()) co_return fail(ErrorCode::kInvalid, "control: not an object");
  const boost::json::object& message = json->get_object();
  if (message.contains("eof")) co_return co_await session.close_stdin();
  const boost::json::value* resize = message.if_contains("resize");
  if (resize == nullptr || !resize->is_object()) co_return Status{};
  struct Size {
    std::uint16_t rows = 0;
    std::uint16_t cols = 0;
  } size;
  const auto number = [&](const char* key) {
    const boost::json::value* value = resize->get_object().if_contains(key);
    return value != nullptr && value->is_int64()
               ? std::clamp<std::int64_t>(value->get_int64(), 1, 65535)
               : 0;
  };
  size.rows = static_cast<std::uint16_t>(number("rows"));
  size.cols = static_cast<std::uint16_t>(number("cols"));
  if (size.rows == 0 || size.cols == 0) co_return Status{};
  co_return co_await session.resize(size.rows, size.cols, kWriteLimit);
}

// Until the client goes away; its input may end long before.
Task<void> pump_in(WebSocket& socket, engine::ExecSession& session) {
  for (;;) {
    auto message = co_await socket.read();
    if (!message || !*message) co_return;
    const std::string& data = (*message)->data;
    if (data.empty()) continue;
    Status done;
    if (data[0] == kStdin) {
      done = co_await session.write(data.substr(1), kWriteLimit);
    } else if (data[0] == kControl) {
      done = co_await obey(session, std::string_view(data).substr(1));
    }
    // What the process no longer reads is dropped, as a pipe would; its output goes on.
  }
}

// Until the process has ended and its output is sent.
Task<void> pump_out(WebSocket& socket, engine::ExecSession& session) {
  for (;;) {
    auto output = co_await session.read();
    if (!output) {
      co_await socket.write(
          {.binary = true, .data = control({{"error", problem_json(output.error(), "")}})});
      co_return;
    }
    if (!*output) break;
    const bool err = (*output)->source == engine::OutputSource::kStderr;
    std::string data(1, err ? kStderr : kStdout);
    data += (*output)->data;
    const Status sent = co_await socket.write({.binary = true, .data = std::move(data)});
    if (!sent) co_return;
  }
  auto code = co_await session.exit_code(kWriteLimit);
  const std::string last =
      code ? control({{"exit_code", *code}}) : control({{"error", problem_json(code.error(), "")}});
  co_await socket.write({.binary = true, .data = last});
}

Task<Result<ApiResponse>> exec_route(ApiContext& context, RunningPlatform& running,
                                     ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kWrite);
  if (!place) co_return fail(std::move(place).error());
  auto wish = read_query(request);
  if (!wish) co_return fail(std::move(wish).error());
  if (!request.exchange().wants_web_socket()) {
    co_return fail(ErrorCode::kInvalid, "exec is a WebSocket; this request asks for none");
  }
  const Scope& scope = request.actor().scope;
  auto sets = co_await context.app.store.read(
      [&](const Tx& tx) { return list_instance_sets(tx, scope, place->service.id); });
  if (!sets) co_return fail(std::move(sets).error());
  std::vector<LiveInstance> instances;
  for (const InstanceSet& set : *sets) {
    for (LiveInstance& one : running.instances(set.id)) instances.push_back(std::move(one));
  }
  auto chosen = choose(instances, place->service, wish->instance);
  if (!chosen) co_return fail(std::move(chosen).error());
  auto session = co_await running.exec(chosen->container_id, wish->command, wish->tty, wish->rows,
                                       wish->columns);
  if (!session) co_return fail(std::move(session).error());
  auto socket = co_await request.exchange().accept_web_socket({});
  if (!socket) co_return streamed_response();
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await (pump_out(**socket, **session) || pump_in(**socket, **session));
  co_await (*socket)->close(kWebSocketNormal, "");
  co_return streamed_response();
}

}  // namespace

void add_exec_route(Router& router, ApiContext& context, RunningPlatform& running) {
  router
      .add({"GET", "/api/v1/projects/{project}/services/{service}/exec", Access::kWrite,
            BodyKind::kNone,
            [&context, &running](ApiRequest& r) { return exec_route(context, running, r); }})
      .audit_as = "service.exec";
}

}  // namespace croft

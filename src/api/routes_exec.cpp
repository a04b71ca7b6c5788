#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>

#include "api/live.h"
#include "api/place.h"
#include "api/problem.h"
#include "api/routes_live.h"
#include "app/secret_values.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/instance_sets.h"

namespace croft {
namespace {

// First byte of every message (api/openapi.json, exec).
constexpr char kStdin = 0;
constexpr char kStdout = 1;
constexpr char kStderr = 2;
constexpr char kControl = 3;
constexpr Millis kWriteLimit{30'000};
// A terminal in which nothing happens is closed; a command without one may be silent for long.
constexpr Millis kIdleLimit{15 * 60'000};
constexpr std::size_t kAuditedCommand = 300;  // bytes

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

// One running command and who follows it.
struct ExecRun {
  WebSocket& socket;
  engine::ExecSession& session;
  Clock& clock;
  Millis last_used{0};  // steady time
  std::string ended;    // how, for the audit trail

  // The first reason counts: what ends afterwards ends because of it.
  void end(std::string why) {
    if (ended.empty()) ended = std::move(why);
  }
};

// Until the client goes away; its input may end long before.
Task<void> pump_in(ExecRun& run) {
  engine::ExecSession& session = run.session;
  for (;;) {
    auto message = co_await run.socket.read();
    run.last_used = run.clock.steady();
    if (!message || !*message) {
      run.end("the client left");
      co_return;
    }
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
Task<void> pump_out(ExecRun& run) {
  WebSocket& socket = run.socket;
  engine::ExecSession& session = run.session;
  for (;;) {
    auto output = co_await session.read();
    run.last_used = run.clock.steady();
    if (!output) {
      run.end(output.error().message());
      co_await socket.write(
          {.binary = true, .data = control({{"error", problem_json(output.error(), "")}})});
      co_return;
    }
    if (!*output) break;
    const bool err = (*output)->source == engine::OutputSource::kStderr;
    std::string data(1, err ? kStderr : kStdout);
    data += (*output)->data;
    const Status sent = co_await socket.write({.binary = true, .data = std::move(data)});
    if (!sent) {
      run.end("the client left");
      co_return;
    }
  }
  auto code = co_await session.exit_code(kWriteLimit);
  const std::string last =
      code ? control({{"exit_code", *code}}) : control({{"error", problem_json(code.error(), "")}});
  run.end(code ? fmt::format("exit code {}", *code) : code.error().message());
  co_await socket.write({.binary = true, .data = last});
}

// Until the caller may no longer be here: abuse cases A16 and A17.
Task<Error> guard(LiveAnswer& live, ExecRun& run, const ProjectId& project, bool tty) {
  for (;;) {
    co_await sleep_for(kRecheck);
    const Status may = co_await live.recheck(Action::kWrite, project);
    if (!may) co_return may.error();
    if (tty && run.clock.steady() - run.last_used >= kIdleLimit) {
      co_return Error(ErrorCode::kTimeout, "nothing happened in this terminal for 15 minutes");
    }
  }
}

// The argument list as one line: what was run, not how to run it again, and no secret of the
// project.
Task<Result<std::string>> command_text(ApiContext& context, ProjectId project,
                                       std::vector<std::string> command) {
  auto shown = co_await hide_secrets(context.app, std::move(project),
                                     fmt::format("{}", fmt::join(command, " ")));
  if (!shown) co_return shown;
  std::string text = to_valid_utf8(*shown);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() <= kAuditedCommand) co_return text;
  text.resize(kAuditedCommand);
  co_return to_valid_utf8(text) + "…";
}

Task<Status> audit_exec(ApiContext& context, const Actor& actor, const Place& place,
                        std::string action, std::string detail) {
  const std::string object =
      fmt::format("service {}/{}: {}", place.project.name, place.service.hostname, detail);
  co_return co_await context.app.store.write(
      [&](Tx& tx) { return audit_done(tx, actor, action, place.project.id, object); });
}

Task<void> follow(LiveAnswer& live, ExecRun& run, const Place& place, bool tty) {
  using boost::asio::experimental::awaitable_operators::operator||;
  const auto first =
      co_await (pump_out(run) || pump_in(run) || guard(live, run, place.project.id, tty));
  if (first.index() != 2) {
    co_await run.socket.close(kWebSocketNormal, "");
    co_return;
  }
  const Error& why = std::get<2>(first);
  run.ended = why.message();
  co_await run.socket.write({.binary = true, .data = control({{"error", problem_json(why, "")}})});
  co_await run.socket.close(kWebSocketPolicy, "");
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
  LiveAnswer live(context, request);
  CROFT_CO_TRY(live.ok());
  const Actor actor = request.actor();
  // Before it runs: what cannot be written down does not happen.
  auto said = co_await command_text(context, place->project.id, wish->command);
  if (!said) co_return fail(std::move(said).error());
  CROFT_CO_TRY(co_await audit_exec(context, actor, *place, "service.exec", std::move(*said)));
  const Millis began = context.app.clock.steady();
  auto session = co_await running.exec(chosen->container_id, wish->command, wish->tty, wish->rows,
                                       wish->columns);
  std::string ended = "the client left";
  if (session) {
    auto socket = co_await request.exchange().accept_web_socket({});
    if (socket) {
      ExecRun run{**socket, **session, context.app.clock, began, {}};
      co_await follow(live, run, *place, wish->tty);
      ended = run.ended;
    }
  } else {
    ended = session.error().message();
  }
  const auto seconds = (context.app.clock.steady() - began).count() / 1000;
  const Status written = co_await audit_exec(context, actor, *place, "service.exec.end",
                                             fmt::format("{} after {} s", ended, seconds));
  if (!written)
    log_error("the end of a command was not audited", {{"error", written.error().describe()}});
  if (!session) co_return fail(std::move(session).error());
  co_return streamed_response();
}

}  // namespace

void add_exec_route(Router& router, ApiContext& context, RunningPlatform& running) {
  router.add({"GET", "/api/v1/projects/{project}/services/{service}/exec", Access::kWrite,
              BodyKind::kNone,
              [&context, &running](ApiRequest& r) { return exec_route(context, running, r); }});
}

}  // namespace croft

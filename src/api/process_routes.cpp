#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/dto.h"
#include "api/live.h"
#include "api/routes.h"
#include "app/read.h"

namespace croft {
namespace {

constexpr std::int64_t kMaxLogLines = 10'000;
constexpr std::int64_t kDefaultLogLines = 100;
constexpr int kLogBatch = 500;
// Lines are stored without an event of their own.
constexpr Millis kLogPoll{300};

Task<Result<ApiResponse>> list_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  ProcessQuery query{.project = request.query("project").value_or(""),
                     .service = request.query("service").value_or("")};
  for (const std::string& word : request.query_all("status")) {
    const auto status = enum_from_string<ProcessStatus>(word);
    if (!status) co_return fail(ErrorCode::kInvalid, "query parameter `status`: unknown word");
    query.statuses.push_back(*status);
  }
  const auto processes =
      co_await list_processes(context.app, request.actor(), std::move(query), *page);
  if (!processes) co_return fail(processes.error());
  boost::json::array items;
  for (const ProcessView& view : processes->items) items.push_back(process_json(view));
  co_return json_response(200, page_json(std::move(items), processes->next));
}

// Seconds of `Prefer: wait=N` (RFC 7240), 0..60; anything else is ignored, as that standard says.
Millis preferred_wait(const HttpHeaders& headers) {
  const auto prefer = headers.find("Prefer");
  if (!prefer || !prefer->starts_with("wait=")) return Millis(0);
  int seconds = 0;
  const char* end = prefer->data() + prefer->size();
  const auto parsed = std::from_chars(prefer->data() + 5, end, seconds);
  if (parsed.ec != std::errc() || parsed.ptr != end) return Millis(0);
  return Millis(std::clamp(seconds, 0, 60) * 1000);
}

bool moved_on(const Process& before, const Process& now) {
  return is_finished(now.status) || before.step != now.step || before.progress != now.progress ||
         before.status != now.status;
}

Task<Result<ApiResponse>> show_route(ApiContext& context, ApiRequest& request) {
  const auto id = request.id_param<ProcessId>("id");
  if (!id) co_return fail(id.error());
  std::uint64_t seen = context.changes.version();
  auto view = co_await show_process(context.app, request.actor(), *id);
  if (!view) co_return fail(view.error());
  const Process first = view->process;
  const Millis end = context.app.clock.steady() + preferred_wait(request.exchange().headers());
  while (!is_finished(view->process.status) && !moved_on(first, view->process)) {
    const Millis left = end - context.app.clock.steady();
    if (left <= Millis(0)) break;
    co_await context.changes.wait_past(seen, std::min(left, kRecheck));
    seen = context.changes.version();
    view = co_await show_process(context.app, request.actor(), *id);
    if (!view) co_return fail(view.error());
  }
  co_return request.with_etag(json_response(200, process_json(*view)), view->process.number);
}

struct LogWish {
  std::optional<std::int64_t> after;  // go on behind this line
  std::int64_t newest = kDefaultLogLines;
  bool follow = false;
};

std::optional<std::int64_t> natural_number(const std::string& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number < 0) {
    return std::nullopt;
  }
  return number;
}

Result<LogWish> log_wish(const ApiRequest& request) {
  LogWish wish;
  const auto follow = request.query_flag("follow");
  if (!follow) return fail(follow.error());
  wish.follow = *follow;
  if (const auto limit = request.query("limit")) {
    const auto number = natural_number(*limit);
    if (!number || *number > kMaxLogLines) {
      return fail(ErrorCode::kInvalid, "query parameter `limit`: 0 to 10000");
    }
    wish.newest = *number;
  }
  if (const auto after = request.query("after")) {
    wish.after = natural_number(*after);
    if (!wish.after) {
      return fail(ErrorCode::kInvalid, "query parameter `after`: give the id of a line");
    }
  }
  return wish;
}

struct LogPart {
  std::vector<ProcessLogLine> lines;
  bool complete = false;  // the process has ended and there is nothing behind these
};

// Both in one transaction: a line stored just before the end is not missed.
Task<Result<LogPart>> read_part(ApiContext& context, const Actor& actor, ProcessId id,
                                std::int64_t after) {
  co_return co_await context.app.store.read([&](const Tx& tx) -> Result<LogPart> {
    const auto process = get_process(tx, actor.scope, id);
    if (!process) return fail(process.error());
    auto lines = process_log(tx, actor.scope, id, after, kLogBatch);
    if (!lines) return fail(std::move(lines).error());
    const bool all = lines->size() < static_cast<std::size_t>(kLogBatch);
    return LogPart{std::move(*lines), all && is_finished(process->status)};
  });
}

Task<Status> stream_log(ApiContext& context, ApiRequest& request, LiveAnswer& live, ProcessId id,
                        std::int64_t after, bool follow) {
  while (true) {
    const auto part = co_await read_part(context, request.actor(), id, after);
    if (!part) co_return fail(part.error());
    std::string text;
    for (const ProcessLogLine& line : part->lines) {
      text += boost::json::serialize(log_line_json(line)) + "\n";
      after = line.seq;
    }
    if (!text.empty()) CROFT_CO_TRY(co_await live.write(std::move(text)));
    if (part->complete) co_return Status();
    if (part->lines.size() == static_cast<std::size_t>(kLogBatch)) continue;
    if (!follow) co_return Status();
    CROFT_CO_TRY(co_await live.wait(kLogPoll, "\n"));
  }
}

Task<Result<ApiResponse>> log_route(ApiContext& context, ApiRequest& request) {
  const auto id = request.id_param<ProcessId>("id");
  if (!id) co_return fail(id.error());
  const auto wish = log_wish(request);
  if (!wish) co_return fail(wish.error());
  const Actor& actor = request.actor();
  const auto last = co_await context.app.store.read(
      [&](const Tx& tx) { return process_log_end(tx, actor.scope, *id); });
  if (!last) co_return fail(last.error());
  LiveAnswer live(context, request);
  CROFT_CO_TRY(live.ok());
  if (!co_await request.start_stream("application/x-ndjson")) co_return streamed_response();
  const std::int64_t after =
      wish->after ? *wish->after : std::max<std::int64_t>(0, *last - wish->newest);
  const Status sent = co_await stream_log(context, request, live, *id, after, wish->follow);
  // The head is out: an answer that breaks off is how the client learns of an error.
  if (sent) static_cast<void>(co_await request.exchange().finish());
  co_return streamed_response();
}

Task<Result<ApiResponse>> cancel_route(ApiContext& context, ApiRequest& request) {
  const auto id = request.id_param<ProcessId>("id");
  if (!id) co_return fail(id.error());
  const auto view = co_await cancel_process(context.app, request.actor(), *id);
  if (!view) co_return fail(view.error());
  co_return accepted(*view);
}

}  // namespace

ApiResponse accepted(const ProcessView& process) {
  ApiResponse response = json_response(202, process_json(process));
  response.headers.set("Location",
                       fmt::format("{}/processes/{}", kApiPrefix, process.process.id.str()));
  return response;
}

void add_process_routes(Router& router, ApiContext& context) {
  const auto add = [&](const char* method, const char* path, Access access, BodyKind body,
                       RouteFunction function) {
    router.add(
        {method, std::string(kApiPrefix) + path, access, body, bind_route(context, function)});
  };
  add("GET", "/processes", Access::kRead, BodyKind::kNone, list_route);
  add("GET", "/processes/{id}", Access::kRead, BodyKind::kNone, show_route);
  add("GET", "/processes/{id}/log", Access::kRead, BodyKind::kNone, log_route);
  // At least; what the process does decides whether more is needed (cancel_process).
  add("POST", "/processes/{id}/cancel", Access::kDeploy, BodyKind::kJson, cancel_route);
}

}  // namespace croft

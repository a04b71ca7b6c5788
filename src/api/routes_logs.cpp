#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <limits>
#include <map>
#include <utility>

#include "api/place.h"
#include "api/routes_live.h"
#include "store/processes.h"
#include "store/services.h"

namespace croft {
namespace {

// While following, an empty line that often says that the connection lives.
constexpr Millis kSignOfLife{15'000};
constexpr int kMaxBacklog = 10'000;
constexpr int kBuildPage = 1000;

struct LogRequest {
  int limit = 100;
  bool limited = false;  // the request named the limit
  std::optional<Timestamp> since;
  std::string grep;
  bool follow = false;
  bool build = false;
  std::string instance;
  std::optional<std::int64_t> after;
};

std::optional<std::int64_t> integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error bad_query(const std::string& name, const std::string& why) {
  return Error(ErrorCode::kInvalid, fmt::format("query parameter {}: {}", name, why))
      .with_field({.pointer = "/" + name, .message = why});
}

Result<LogRequest> read_query(ApiRequest& request, Clock& clock) {
  LogRequest wanted;
  if (const auto text = request.query("limit")) {
    const auto limit = integer(*text);
    if (!limit || *limit < 0 || *limit > kMaxBacklog) {
      return fail(bad_query("limit", fmt::format("a number from 0 to {}", kMaxBacklog)));
    }
    wanted.limit = static_cast<int>(*limit);
    wanted.limited = true;
  }
  if (const auto text = request.query("since")) {
    const auto back = parse_duration(*text);
    wanted.since = back ? Timestamp{clock.now().ms - back->count()} : parse_rfc3339(*text);
    if (!wanted.since) return fail(bad_query("since", "a time (RFC 3339), or 90s, 5m, 2h, 7d"));
  }
  if (const auto text = request.query("after")) {
    wanted.after = integer(*text);
    if (!wanted.after) return fail(bad_query("after", "not an id of a line"));
  }
  wanted.grep = request.query("grep").value_or("");
  if (wanted.grep.size() > 256) return fail(bad_query("grep", "at most 256 characters"));
  wanted.instance = request.query("instance").value_or("");
  auto follow = request.query_flag("follow");
  if (!follow) return fail(std::move(follow).error());
  auto build = request.query_flag("build");
  if (!build) return fail(std::move(build).error());
  wanted.follow = *follow;
  wanted.build = *build;
  return wanted;
}

std::string format_ns(std::int64_t ns) {
  std::string text = format_rfc3339({ns / 1'000'000});
  text.pop_back();  // the Z
  return fmt::format("{}{:06}Z", text, ns % 1'000'000);
}

std::string line_json(const LogLine& line, const std::string& project,
                      const std::map<ServiceId, std::string>& services) {
  const auto service = services.find(line.service);
  return boost::json::serialize(
             boost::json::object{{"id", std::to_string(line.id)},
                                 {"ts", format_ns(line.ts)},
                                 {"project", project},
                                 {"service", service == services.end() ? "" : service->second},
                                 {"instance", line.instance},
                                 {"stream", enum_to_string(line.stream)},
                                 {"line", line.line}}) +
         "\n";
}

struct LogSubject {
  Project project;
  std::optional<Service> service;
  std::map<ServiceId, std::string> names;
};

// The newest lines first in whole pages, then what comes, until the client goes away.
Task<Result<ApiResponse>> stream_lines(ApiRequest& request, Runtime& runtime,
                                       RunningPlatform& running, const LogSubject& subject,
                                       LogRequest wanted) {
  LogQuery query{.project = subject.project.id};
  if (subject.service) query.service = subject.service->id;
  query.instance = wanted.instance;
  query.since = wanted.after ? std::nullopt : wanted.since;
  query.grep = wanted.grep;
  query.limit = std::min(wanted.limit, kMaxLogLines);
  query.after = wanted.after;
  auto page = co_await running.logs().query(query);
  if (!page) co_return fail(std::move(page).error());
  if (!wanted.after && wanted.limit == 0) page->lines.clear();
  CROFT_CO_TRY(co_await request.start_stream("application/x-ndjson"));
  Status sent;
  const auto send = [&](const std::vector<LogLine>& lines) {
    std::string text;
    for (const LogLine& line : lines) text += line_json(line, subject.project.name, subject.names);
    return text;
  };
  if (!page->lines.empty()) sent = co_await request.exchange().write(send(page->lines));
  while (sent && wanted.after && page->more) {
    query.after = page->next;
    page = co_await running.logs().query(query);
    if (!page) break;
    if (!page->lines.empty()) sent = co_await request.exchange().write(send(page->lines));
  }
  if (sent && page && wanted.follow) {
    query.after = page->next;
    query.limit = kMaxLogLines;
    LogFollower follower(runtime, running.logs(), query);
    while (sent) {
      auto lines = co_await follower.next(kSignOfLife);
      if (!lines) break;
      sent = co_await request.exchange().write(lines->empty() ? "\n" : send(*lines));
    }
  }
  co_await request.exchange().finish();
  co_return streamed_response();
}

// What is sent of a build's log: all of it, or of what there already is the newest `limit` lines.
class BuildBacklog {
 public:
  explicit BuildBacklog(const LogRequest& wanted)
      : most_(wanted.limited ? static_cast<std::size_t>(wanted.limit)
                             : std::numeric_limits<std::size_t>::max()) {}
  void add(std::string line) {
    lines_.push_back(std::move(line));
    if (lines_.size() > most_) lines_.pop_front();
  }
  // What is to be sent now; from here on nothing is left out.
  std::string take() {
    std::string text;
    for (const std::string& line : lines_) text += line;
    lines_.clear();
    most_ = std::numeric_limits<std::size_t>::max();
    return text;
  }

 private:
  std::size_t most_;
  std::deque<std::string> lines_;
};

std::string build_line_json(const ProcessLogLine& line, const LogSubject& subject) {
  return boost::json::serialize(
             boost::json::object{{"id", std::to_string(line.seq)},
                                 {"ts", format_rfc3339(line.at)},
                                 {"project", subject.project.name},
                                 {"service", subject.service->hostname},
                                 {"instance", ""},
                                 {"stream", line.step == "build" ? "build" : "system"},
                                 {"step", line.step},
                                 {"line", line.text}}) +
         "\n";
}

// Lines of the newest deployment's process: what its build said.
Task<Result<ApiResponse>> stream_build(ApiContext& context, ApiRequest& request,
                                       const LogSubject& subject, LogRequest wanted) {
  const Scope scope = request.actor().scope;
  auto newest = co_await context.app.store.read([&](const Tx& tx) -> Result<Process> {
    auto listed = list_processes(
        tx, scope, {.project_id = subject.project.id, .service_id = subject.service->id},
        {.limit = 200});
    if (!listed) return fail(std::move(listed).error());
    for (Process& one : listed->items) {
      if (one.kind == "deploy") return std::move(one);
    }
    return fail(ErrorCode::kNotFound,
                fmt::format("service {} was not deployed yet", subject.service->hostname));
  });
  if (!newest) co_return fail(std::move(newest).error());
  CROFT_CO_TRY(co_await request.start_stream("application/x-ndjson"));
  std::int64_t after = wanted.after.value_or(0);
  BuildBacklog backlog(wanted);
  Status sent;
  bool over = false;
  while (sent && !over) {
    const std::uint64_t seen = context.changes.version();
    auto current = co_await context.app.store.read(
        [&](const Tx& tx) { return get_process(tx, scope, newest->id); });
    auto lines = co_await context.app.store.read(
        [&](const Tx& tx) { return process_log(tx, scope, newest->id, after, kBuildPage); });
    if (!current || !lines) break;
    for (const ProcessLogLine& line : *lines) {
      after = line.seq;
      if (!wanted.grep.empty() && line.text.find(wanted.grep) == std::string::npos) continue;
      backlog.add(build_line_json(line, subject));
    }
    if (std::cmp_equal(lines->size(), kBuildPage)) continue;
    const std::string text = backlog.take();
    if (!text.empty()) sent = co_await request.exchange().write(text);
    over = !wanted.follow || is_finished(current->status);
    if (!over) co_await context.changes.wait_past(seen, Millis(1000));
  }
  co_await request.exchange().finish();
  co_return streamed_response();
}

Task<Result<ApiResponse>> logs_route(ApiContext& context, RunningPlatform& running,
                                     ApiRequest& request, bool of_service) {
  auto wanted = read_query(request, context.app.clock);
  if (!wanted) co_return fail(std::move(wanted).error());
  LogSubject subject;
  const Scope& scope = request.actor().scope;
  if (of_service) {
    auto place = co_await find_place(context, request, Action::kRead);
    if (!place) co_return fail(std::move(place).error());
    subject.project = std::move(place->project);
    subject.names[place->service.id] = place->service.hostname;
    subject.service = std::move(place->service);
  } else {
    const std::string name = request.param("project");
    auto found = co_await context.app.store.read([&](const Tx& tx) -> Result<LogSubject> {
      LogSubject read;
      auto project = find_project(tx, scope, name);
      if (!project) return fail(std::move(project).error());
      auto services = list_services(tx, scope, project->id);
      if (!services) return fail(std::move(services).error());
      for (const Service& one : *services) read.names[one.id] = one.hostname;
      read.project = std::move(*project);
      return read;
    });
    if (!found) co_return fail(std::move(found).error());
    subject = std::move(*found);
  }
  if (wanted->build) {
    if (!subject.service) {
      co_return fail(ErrorCode::kInvalid, "build logs belong to a service; name one");
    }
    co_return co_await stream_build(context, request, subject, std::move(*wanted));
  }
  co_return co_await stream_lines(request, context.runtime, running, subject, std::move(*wanted));
}

}  // namespace

void add_log_routes(Router& router, ApiContext& context, RunningPlatform& running) {
  router.add(
      {"GET", "/api/v1/projects/{project}/services/{service}/logs", Access::kRead, BodyKind::kNone,
       [&context, &running](ApiRequest& r) { return logs_route(context, running, r, true); }});
  router.add(
      {"GET", "/api/v1/projects/{project}/logs", Access::kRead, BodyKind::kNone,
       [&context, &running](ApiRequest& r) { return logs_route(context, running, r, false); }});
}

}  // namespace croft

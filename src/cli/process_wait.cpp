#include "cli/process_wait.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/interrupt.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

constexpr int kLongPoll_s = 25;
constexpr Millis kShortestPoll{200};
constexpr Millis kAwayLimit{60'000};

bool is_deployment(const ApiProcess& process) {
  return process.kind == "deploy" || process.kind == "activate";
}

// Waiting as a state: what was shown, since when the server is away, until when to wait.
class Waiter {
 public:
  Waiter(Session& session, Api& api, std::string id, const WaitOptions& options)
      : session_(session), api_(api), id_(std::move(id)), options_(options) {
    if (options_.timeout) deadline_ = clock_.steady() + *options_.timeout;
  }

  Outcome<boost::json::value> run() {
    for (;;) {
      if (options_.follow_log) CLI_TRY(follow_log());
      const Millis before = clock_.steady();
      auto answer = poll();
      if (!answer) {
        CLI_TRY(away(std::move(answer).error()));
        continue;
      }
      away_since_.reset();
      CLI_LET(process, decode<ApiProcess>(*answer));
      show(process);
      if (process.ended()) return *answer;
      if (deadline_ && clock_.steady() >= *deadline_) return stop(too_late(process));
      // A server that answers at once, all the time, is not asked more often than this.
      const Millis spent = clock_.steady() - before;
      if (spent < kShortestPoll) pause(kShortestPoll - spent);
    }
  }

 private:
  void pause(Millis duration) { api_.runtime().run_until_done(sleep_for(duration)); }

  Outcome<boost::json::value> poll() {
    int wait = options_.follow_log ? 1 : kLongPoll_s;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(*deadline_ - clock_.steady());
      wait = std::clamp(static_cast<int>(left.count()), 1, wait);
    }
    // The first answer tells where the process stands; only then is there a change to wait for.
    if (!seen_) wait = 0;
    return api_.call(
        {.path = path_of({"processes", id_}), .wait_s = wait, .limit = Millis(60'000)});
  }

  // Shows the log up to the end of the process, or to a broken connection.
  Outcome<void> follow_log() {
    Query query;
    query.add("follow", "true").add("limit", "10000");
    if (!last_line_.empty()) query.add("after", last_line_);
    auto streamed = api_.stream_lines(path_of({"processes", id_}) + "/log", std::move(query),
                                      [this](const std::string& line) { return show_line(line); });
    if (streamed) return {};
    if (deadline_ && clock_.steady() >= *deadline_) return {};
    return away(std::move(streamed).error());
  }

  bool show_line(const std::string& text) {
    const auto json = parse_json(text);
    if (!json) return true;
    const auto line = decode<ApiLogLine>(*json);
    if (!line) return true;
    last_line_ = line->id;
    away_since_.reset();
    if (session_.out().json()) {
      session_.out().value(*json);
    } else {
      show_step(line->step);
      const Escapes escapes = session_.io().err_is_terminal ? Escapes::kColours : Escapes::kNone;
      session_.out().progress("    " + safe_text(line->line, escapes));
    }
    return !deadline_ || clock_.steady() < *deadline_;
  }

  void show_step(const std::string& step) {
    if (step.empty() || step == shown_step_) return;
    shown_step_ = step;
    session_.out().progress(session_.out().paint_err(fmt::format("==> {}", step), Tone::kStrong));
  }

  void show(const ApiProcess& process) {
    if (!seen_ && process.status == "pending" && !session_.out().json()) {
      session_.out().progress(fmt::format("{}: waiting for its turn", subject_of(process)));
    }
    seen_ = true;
    if (!session_.out().json()) show_step(process.step);
  }

  // Goes on when the server may come back; fails when it will not.
  Outcome<void> away(Failure failure) {
    const ErrorCode code = failure.error.code();
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kTimeout) return stop(failure);
    const Millis now = clock_.steady();
    if (!away_since_) {
      away_since_ = now;
      session_.out().progress("lost the connection; the process goes on, trying again");
    }
    if (now - *away_since_ > kAwayLimit) {
      failure.hint = fmt::format("croft process wait {}", id_);
      return stop(std::move(failure));
    }
    pause(Millis(500));
    return {};
  }

  Failure too_late(const ApiProcess& process) const {
    return {Error(ErrorCode::kTimeout, fmt::format("process {}: not finished in time, it goes on "
                                                   "in step {}",
                                                   id_, process.step)),
            kExitTimeout, fmt::format("croft process wait {}", id_)};
  }

  Session& session_;
  Api& api_;
  std::string id_;
  WaitOptions options_;
  SystemClock clock_;
  std::optional<Millis> deadline_;
  std::optional<Millis> away_since_;
  std::string last_line_;
  std::string shown_step_;
  bool seen_ = false;
};

// What serves now that a deployment has failed.
std::string what_serves(Session& session, const ApiProcess& process) {
  auto api = session.api();
  if (!api) return {};
  auto raw = (*api)->get(service_path({process.project, process.service}));
  if (!raw) return {};
  const auto service = decode<ApiService>(*raw);
  if (!service) return {};
  if (service->active_version == 0) return "no version of it is active";
  return fmt::format("the old version ({}) serves on", service->active_version);
}

}  // namespace

std::string subject_of(const ApiProcess& process) {
  if (process.project.empty()) return "the platform";
  if (process.service.empty()) return process.project;
  return process.project + "/" + process.service;
}

Outcome<boost::json::value> wait_for_process(Session& session, const std::string& id,
                                             const WaitOptions& options) {
  CLI_LET(api, session.api());
  const InterruptMessage message(fmt::format(
      "\ndetached: it goes on without this program\n"
      "  follow it: croft process wait {0} --log\n  stop it: croft process cancel {0}\n",
      id));
  return Waiter(session, *api, id, options).run();
}

boost::json::value process_summary(const boost::json::value& process) {
  boost::json::object summary = process.is_object() ? process.get_object() : boost::json::object();
  const auto decoded = decode<ApiProcess>(process);
  if (!decoded) return summary;
  const ApiProcessResult result = decoded->result.value_or(ApiProcessResult{});
  summary["version"] = result.version.empty() ? decoded->version_id : result.version;
  summary["url"] = result.url;
  return summary;
}

Outcome<void> judge_process(Session& session, const ApiProcess& process) {
  if (process.status == "finished") return {};
  const ApiProcessError error = process.error.value_or(ApiProcessError{});
  const std::string step = error.step.empty() ? process.step : error.step;
  const std::string verb = process.status == "canceled" ? "canceled" : "failed";
  std::string message = fmt::format("{}: {} {}", subject_of(process), process.kind, verb);
  if (!step.empty()) message += fmt::format(" in step {}", step);
  if (!error.message.empty()) message += fmt::format(": {}", error.message);
  if (error.exit_code) message += fmt::format(" (exit code {})", *error.exit_code);
  std::vector<FieldError> lines;
  for (const std::string& line : error.last_lines) lines.push_back({"", "| " + line});
  std::string hint = fmt::format("croft process show {}", process.id);
  if (is_deployment(process)) {
    const std::string serves = what_serves(session, process);
    if (!serves.empty()) lines.push_back({"", serves});
    if (process.kind == "deploy") {
      hint = fmt::format("croft logs {} --build; croft process show {}", subject_of(process),
                         process.id);
    }
  }
  const ErrorCode code = is_deployment(process) ? ErrorCode::kDeployFailed : ErrorCode::kFailed;
  Failure failure = to_failure(Error(code, std::move(message)).with_fields(std::move(lines)));
  failure.hint = std::move(hint);
  return stop(std::move(failure));
}

Outcome<void> finish_process(Session& session, const Args& args, const boost::json::value& process,
                             const std::string& done) {
  CLI_LET(started, decode<ApiProcess>(process));
  if (args.has("detach")) {
    if (session.out().json()) {
      session.out().value(process);
    } else {
      session.out().line(started.id);
      session.out().progress(fmt::format("follow it: croft process wait {}", started.id));
    }
    return {};
  }
  WaitOptions options;
  CLI_LET(timeout, timeout_of(args));
  options.timeout = timeout;
  CLI_LET(ended, wait_for_process(session, started.id, options));
  if (session.out().json()) session.out().value(ended);
  CLI_LET(result, decode<ApiProcess>(ended));
  CLI_TRY(judge_process(session, result));
  if (!session.out().json()) session.out().progress(done);
  return {};
}

Outcome<std::optional<Millis>> timeout_of(const Args& args) {
  if (!args.has("timeout")) return std::nullopt;
  const auto duration = parse_duration(args.text("timeout"));
  if (!duration) {
    return stop_usage(fmt::format("--timeout: '{}' is not a duration", args.text("timeout")),
                      "write it like 90s, 5m or 1h");
  }
  return *duration;
}

}  // namespace croft::cli

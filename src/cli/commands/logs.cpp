// logs
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/session.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

constexpr Millis kFirstPause{250};
constexpr Millis kLongestPause{5'000};
constexpr Millis kAwayLimit{120'000};

// Prints lines as they come and remembers where they ended.
class LogPrinter {
 public:
  LogPrinter(Session& session, bool with_service, bool with_time)
      : session_(session), with_service_(with_service), with_time_(with_time) {}

  bool show(const std::string& text) {
    const auto json = parse_json(text);
    if (!json) return true;
    const auto line = decode<ApiLogLine>(*json);
    if (!line) return true;
    last_ = line->id;
    ++count_;
    if (session_.out().json()) {
      session_.out().value(*json);
    } else {
      session_.out().line(format(*line));
    }
    return true;
  }

  const std::string& last() const { return last_; }
  std::size_t count() const { return count_; }

 private:
  std::string format(const ApiLogLine& line) const {
    std::string source = with_service_ && !line.service.empty() ? line.service : "";
    if (!line.instance.empty()) source = line.instance;
    if (source.empty()) source = line.step;
    std::string out;
    if (with_time_) out += session_.out().paint(line.ts, Tone::kDim) + " ";
    if (!source.empty()) {
      const Tone tone = line.stream == "stderr" ? Tone::kWarn : Tone::kGood;
      out += session_.out().paint(safe_text(source, Escapes::kNone) + " |", tone) + " ";
    }
    const Escapes escapes = session_.out().colours() ? Escapes::kColours : Escapes::kNone;
    return out + safe_text(line.line, escapes);
  }

  Session& session_;
  bool with_service_;
  bool with_time_;
  std::string last_;
  std::size_t count_ = 0;
};

// Follows until it is interrupted: a broken connection is opened anew behind the last line seen.
Outcome<void> follow(Session& session, Api& api, const std::string& path, Query query,
                     LogPrinter& printer) {
  const SystemClock clock;
  Millis pause = kFirstPause;
  std::optional<Millis> away_since;
  query.add("follow", "true");
  bool connected = false;
  for (;;) {
    const std::size_t before = printer.count();
    Query from = query;
    if (!printer.last().empty()) from.add("after", printer.last());
    auto streamed = api.stream_lines(path, std::move(from),
                                     [&](const std::string& line) { return printer.show(line); });
    if (!streamed && streamed.error().error.code() != ErrorCode::kUnavailable &&
        streamed.error().error.code() != ErrorCode::kTimeout) {
      return streamed;
    }
    const bool went_well = streamed || printer.count() > before;
    connected = connected || went_well;
    if (went_well) {
      away_since.reset();
      pause = kFirstPause;
    } else if (!connected) {
      return streamed;  // a wrong address, not a lost connection
    } else if (!away_since) {
      away_since = clock.steady();
      session.out().progress("lost the connection, trying again");
    } else if (clock.steady() - *away_since > kAwayLimit) {
      return streamed;
    }
    api.runtime().run_until_done(sleep_for(pause));
    pause = std::min(pause * 2, kLongestPause);
  }
}

Outcome<Query> query_of(const Args& args) {
  Query query;
  CLI_LET(lines, args.number("lines", 0, 10'000));
  if (lines) query.add("limit", std::to_string(*lines));
  if (args.has("since")) {
    const std::string since = args.text("since");
    if (!parse_duration(since) && !parse_rfc3339(since)) {
      return stop_usage(fmt::format("--since: '{}' is neither a duration nor a time", since),
                        "write it like 5m, 2h, or 2026-11-21T08:00:00Z");
    }
    query.add("since", since);
  }
  if (args.has("grep")) query.add("grep", args.text("grep"));
  if (args.has("build")) query.add("build", "true");
  if (args.has("instance")) query.add("instance", args.text("instance"));
  return query;
}

Outcome<void> run_logs(Session& session, const Args& args) {
  CLI_LET(query, query_of(args));
  std::string path;
  const bool one_service = args.has("service");
  if (one_service) {
    CLI_LET(name, session.service_name(args.text("service")));
    CLI_TRY(session.service(name));
    path = service_path(name, "/logs");
  } else {
    if (args.has("build") || args.has("instance")) {
      return stop_usage("--build and --instance need a SERVICE", "croft logs SERVICE --build");
    }
    CLI_LET(project, session.project());
    path = project_path(project, "/logs");
  }
  CLI_LET(api, session.api());
  LogPrinter printer(session, !one_service, args.has("timestamps"));
  if (args.has("follow")) return follow(session, *api, path, std::move(query), printer);
  CLI_TRY(api->stream_lines(path, std::move(query),
                            [&](const std::string& line) { return printer.show(line); }));
  if (printer.count() == 0) session.out().progress("no lines");
  return {};
}

constexpr ArgSpec kArgs[] = {{.name = "SERVICE",
                              .help = "hostname, or project/hostname; default: all of the project",
                              .required = false,
                              .completes = Completes::kService}};
constexpr OptionSpec kOptions[] = {
    {.name = "follow", .letter = 'f', .help = "go on with new lines as they come"},
    {.name = "lines", .letter = 'n', .value = "N", .help = "the newest N lines; default 100"},
    {.name = "since", .value = "TIME", .help = "only later than 5m, 2h, or an RFC 3339 time"},
    {.name = "grep", .letter = 'g', .value = "TEXT", .help = "only lines that contain TEXT"},
    {.name = "build", .letter = 'b', .help = "of the latest build instead of the containers"},
    {.name = "instance", .letter = 'i', .value = "NAME", .help = "only this container (croft ps)"},
    {.name = "timestamps", .letter = 't', .help = "each line with its time"}};

constexpr Command kCommands[] = {
    {.name = "logs",
     .summary = "Show what services, or a build, print",
     .args = kArgs,
     .options = kOptions,
     .examples = "croft logs api -f\n"
                 "croft logs api --since 10m --grep error\n"
                 "croft logs api --build",
     .notes = "Following goes on without a gap when the connection breaks. Control characters are "
              "shown, not\nobeyed; colours stay on a terminal. --json gives one object a line.",
     .run = run_logs},
};

}  // namespace

std::span<const Command> logs_commands() {
  return kCommands;
}

}  // namespace croft::cli

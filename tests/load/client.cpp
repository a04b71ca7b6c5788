#include "client.h"

#include <boost/json.hpp>

#include "requests.h"
#include "sessions.h"

namespace croft::load {

namespace json = boost::json;

namespace {

json::object describe(const StreamSpec& spec, const Recorder& recorder, bool series) {
  json::object all{{"name", spec.name},
                   {"mode", to_string(spec.mode)},
                   {"protocol", to_string(spec.protocol)},
                   {"method", spec.method}};
  for (auto& entry : recorder.summary(series)) all[entry.key()] = entry.value();
  return all;
}

// Sums of several streams.
struct Totals {
  std::int64_t counts[3] = {0, 0, 0};
  std::vector<float> latencies_ms;

  void add(const Recorder& recorder) {
    for (const Outcome each : {Outcome::kOk, Outcome::kFailed, Outcome::kUnknown}) {
      counts[static_cast<int>(each)] += recorder.count(each);
    }
    const std::vector<float>& more = recorder.latencies_ms();
    latencies_ms.insert(latencies_ms.end(), more.begin(), more.end());
  }
  json::object summary() const {
    return {{"attempts", counts[0] + counts[1] + counts[2]},
            {"ok", counts[0]},
            {"failed", counts[1]},
            {"unknown", counts[2]},
            {"latency_ms", latency_summary(latencies_ms)}};
  }
};

bool holds_sessions(const StreamSpec& spec) {
  return spec.mode == Mode::kWebSocket || spec.mode == Mode::kSse || spec.mode == Mode::kTcp;
}

}  // namespace

Client::Client(Runtime& runtime, LoadOptions options)
    : runtime_(runtime), options_(std::move(options)) {}

void Client::stop() {
  stopped_ = true;
  if (on_stop_ != nullptr) *on_stop_ = true;
}

Task<Result<RunResult>> Client::run() {
  auto tls = TlsSettings::make(options_.ca_file);
  if (!tls) co_return fail(std::move(tls).error());
  const RunStart start = RunStart::now();
  Run run{.runtime = runtime_,
          .tls = std::move(*tls),
          .names = {options_.version_header, options_.instance_header},
          .start = start,
          .end = start.steady + options_.duration,
          .stopped = stopped_};
  on_stop_ = &run.stopped;
  std::vector<std::unique_ptr<RequestStream>> requests;
  std::vector<std::unique_ptr<SessionStream>> sessions;
  Group group(runtime_);
  for (const StreamSpec& spec : options_.streams) {
    if (holds_sessions(spec)) {
      sessions.push_back(std::make_unique<SessionStream>(run, spec));
      group.spawn(spec.name, sessions.back()->start());
    } else {
      requests.push_back(std::make_unique<RequestStream>(run, spec));
      group.spawn(spec.name, requests.back()->start());
    }
  }
  co_await group.join();
  on_stop_ = nullptr;

  Totals all_requests, all_sessions;
  json::array streams;
  for (const auto& stream : requests) {
    all_requests.add(stream->recorder());
    streams.push_back(describe(stream->spec(), stream->recorder(), options_.series));
  }
  for (const auto& stream : sessions) {
    all_sessions.add(stream->recorder());
    streams.push_back(describe(stream->spec(), stream->recorder(), options_.series));
  }
  const json::object summary{{"started_at", format_rfc3339(Timestamp{start.wall_ms})},
                             {"duration_s", start.seconds(std::chrono::steady_clock::now())},
                             {"requests", all_requests.summary()},
                             {"sessions", all_sessions.summary()},
                             {"streams", std::move(streams)}};
  const auto bad = all_requests.counts[1] + all_requests.counts[2] + all_sessions.counts[1] +
                   all_sessions.counts[2];
  const bool any = all_requests.counts[0] + all_sessions.counts[0] > 0;
  co_return RunResult{json::serialize(summary), bad == 0 && any};
}

}  // namespace croft::load

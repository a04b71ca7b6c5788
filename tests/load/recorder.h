// Counts of one stream: outcomes, latencies, errors with their first examples, versions over time.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "link.h"
#include "reply.h"

namespace croft::load {

float ms_between(TimePoint from, TimePoint to);

// p50, p90, p99 and the largest, of milliseconds; null without values.
boost::json::value latency_summary(std::vector<float> values_ms);

// Times of a run: seconds since its begin, and the wall clock for comparing with other logs.
struct RunStart {
  TimePoint steady;
  std::int64_t wall_ms = 0;
  static RunStart now();
  double seconds(TimePoint at) const;
};

class Recorder {
 public:
  static constexpr std::size_t kExamples = 5;  // of each kind of error

  explicit Recorder(const RunStart& start) : start_(start) {}

  // One attempt that ended at `ended`; `latency_ms` counts when it is ok.
  void attempt(const Verdict& verdict, std::optional<float> latency_ms, TimePoint ended);
  void answered_by(const std::string& version, const std::string& instance, TimePoint at);

  std::int64_t attempts() const { return counts_[0] + counts_[1] + counts_[2]; }
  std::int64_t count(Outcome outcome) const { return counts_[static_cast<int>(outcome)]; }
  const std::vector<float>& latencies_ms() const { return latencies_ms_; }
  boost::json::object summary(bool with_series) const;

  // Sessions and connections.
  std::int64_t opened = 0;        // connections
  std::int64_t idle_closed = 0;   // by the server, between two requests
  std::int64_t alive_at_end = 0;  // sessions
  std::int64_t beats = 0;         // messages that came as they should
  std::vector<float> beat_ms;     // WebSocket and TCP: until the echo; SSE: between two events
  std::map<int, std::int64_t> close_codes;  // of WebSockets, by the server
  std::vector<float> lifetimes_s;           // of sessions that the server ended

 private:
  struct Errors {
    Outcome outcome = Outcome::kFailed;
    std::int64_t count = 0;
    std::vector<std::pair<TimePoint, std::string>> examples;
  };
  struct Version {
    std::int64_t count = 0;
    double first_s = 0;
    double last_s = 0;
  };
  struct Second {
    std::int64_t counts[3] = {0, 0, 0};
    float max_ms = 0;
    std::map<std::string, std::int64_t> versions;
  };

  boost::json::array errors() const;
  boost::json::object versions() const;
  boost::json::array series() const;
  Second& second(TimePoint at);

  RunStart start_;
  std::int64_t counts_[3] = {0, 0, 0};
  std::vector<float> latencies_ms_;
  std::map<std::string, Errors> errors_;
  std::map<std::string, Version> versions_;
  std::map<std::string, std::int64_t> instances_;
  std::map<std::int64_t, Second> seconds_;
};

std::string_view to_string(Outcome outcome);

}  // namespace croft::load

#include "recorder.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/time.h"

namespace croft::load {

namespace json = boost::json;

namespace {

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

}  // namespace

float ms_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<float, std::milli>(to - from).count();
}

json::value latency_summary(std::vector<float> values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  // Nearest rank: the smallest value that is not below the share.
  const auto rank = [&values](double share) {
    const auto index =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return rounded(values[std::max<std::size_t>(index, 1) - 1]);
  };
  return json::object{
      {"p50", rank(0.5)}, {"p90", rank(0.9)}, {"p99", rank(0.99)}, {"max", rounded(values.back())}};
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "";
}

RunStart RunStart::now() {
  return {std::chrono::steady_clock::now(), system_now().ms};
}

double RunStart::seconds(TimePoint at) const {
  return rounded(std::chrono::duration<double>(at - steady).count());
}

Recorder::Second& Recorder::second(TimePoint at) {
  return seconds_[static_cast<std::int64_t>(start_.seconds(at))];
}

void Recorder::attempt(const Verdict& verdict, std::optional<float> latency_ms, TimePoint ended) {
  const int index = static_cast<int>(verdict.outcome);
  ++counts_[index];
  Second& now = second(ended);
  ++now.counts[index];
  if (verdict.outcome == Outcome::kOk) {
    if (!latency_ms) return;
    latencies_ms_.push_back(*latency_ms);
    now.max_ms = std::max(now.max_ms, *latency_ms);
    return;
  }
  Errors& errors = errors_[std::string(to_string(verdict.outcome)) + " " + verdict.kind];
  errors.outcome = verdict.outcome;
  ++errors.count;
  if (errors.examples.size() < kExamples) errors.examples.emplace_back(ended, verdict.detail);
}

void Recorder::answered_by(const std::string& version, const std::string& instance, TimePoint at) {
  if (!version.empty()) {
    Version& known = versions_[version];
    if (known.count++ == 0) known.first_s = start_.seconds(at);
    known.last_s = start_.seconds(at);
    ++second(at).versions[version];
  }
  if (!instance.empty()) ++instances_[instance];
}

json::array Recorder::errors() const {
  json::array list;
  for (const auto& [key, errors] : errors_) {
    json::array examples;
    for (const auto& [at, detail] : errors.examples) {
      const auto since = std::chrono::duration_cast<Millis>(at - start_.steady);
      examples.push_back(json::object{{"second", start_.seconds(at)},
                                      {"at", format_rfc3339(Timestamp{start_.wall_ms} + since)},
                                      {"detail", detail}});
    }
    list.push_back(json::object{{"outcome", to_string(errors.outcome)},
                                {"kind", key.substr(key.find(' ') + 1)},
                                {"count", errors.count},
                                {"examples", std::move(examples)}});
  }
  return list;
}

json::object Recorder::versions() const {
  json::object all;
  for (const auto& [name, version] : versions_) {
    all[name] = json::object{
        {"count", version.count}, {"first_s", version.first_s}, {"last_s", version.last_s}};
  }
  return all;
}

json::array Recorder::series() const {
  json::array list;
  for (const auto& [number, second] : seconds_) {
    json::object versions;
    for (const auto& [name, count] : second.versions) versions[name] = count;
    list.push_back(json::object{{"second", number},
                                {"ok", second.counts[0]},
                                {"failed", second.counts[1]},
                                {"unknown", second.counts[2]},
                                {"max_ms", rounded(second.max_ms)},
                                {"versions", std::move(versions)}});
  }
  return list;
}

json::object Recorder::summary(bool with_series) const {
  json::object all{{"attempts", attempts()},
                   {"ok", count(Outcome::kOk)},
                   {"failed", count(Outcome::kFailed)},
                   {"unknown", count(Outcome::kUnknown)},
                   {"latency_ms", latency_summary(latencies_ms_)},
                   {"errors", errors()},
                   {"versions", versions()},
                   {"connections", opened},
                   {"idle_closed", idle_closed}};
  json::object instances;
  for (const auto& [name, count] : instances_) instances[name] = count;
  all["instances"] = std::move(instances);
  json::object codes;
  for (const auto& [code, count] : close_codes) codes[std::to_string(code)] = count;
  const float shortest =
      lifetimes_s.empty() ? 0 : *std::min_element(lifetimes_s.begin(), lifetimes_s.end());
  all["sessions"] =
      json::object{{"alive_at_end", alive_at_end},          {"beats", beats},
                   {"beat_ms", latency_summary(beat_ms)},   {"close_codes", std::move(codes)},
                   {"ended_by_server", lifetimes_s.size()}, {"shortest_s", rounded(shortest)}};
  if (with_series) all["series"] = series();
  return all;
}

}  // namespace croft::load

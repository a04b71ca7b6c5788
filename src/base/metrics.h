// Prometheus' text format (version 0.0.4), written at the moment somebody asks: figures live where
// they arise and are gathered then. Names: croft_, base units, counters end in _total.
//
// Labels are few and bounded: kinds, steps, classes, projects, nodes. Never a path, a user, a
// container, an address or anything a tenant chose beside the names of projects and services.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace croft {

inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

// How often a duration fell below each bound. One thread.
class Histogram {
 public:
  // Upper bounds in seconds, ascending; above the last there is one more bucket.
  explicit Histogram(std::initializer_list<double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}
  // What somebody else counted; `counts` has one more than `bounds`.
  Histogram(std::vector<double> bounds, std::vector<std::uint64_t> counts, double sum)
      : bounds_(std::move(bounds)), counts_(std::move(counts)), sum_(sum) {}

  void observe(double seconds);

 private:
  friend class MetricsText;
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

class MetricsText {
 public:
  enum class Kind : unsigned char { kCounter, kGauge, kHistogram };

  // What follows belongs to it, until the next.
  void family(std::string_view name, Kind kind, std::string_view help);
  void value(const MetricLabels& labels, double value);
  void value(const MetricLabels& labels, const Histogram& histogram);
  // A family of one value without labels.
  void single(std::string_view name, Kind kind, std::string_view help, double value);

  const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, const MetricLabels& labels, double value);

  std::string name_;
  std::string text_;
};

}  // namespace croft

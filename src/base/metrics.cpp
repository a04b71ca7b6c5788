#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace croft {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  return out;
}

std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  return fmt::format("{}", value);
}

std::string_view word_of(MetricsText::Kind kind) {
  switch (kind) {
    case MetricsText::Kind::kCounter:
      return "counter";
    case MetricsText::Kind::kGauge:
      return "gauge";
    case MetricsText::Kind::kHistogram:
      return "histogram";
  }
  return "gauge";
}

}  // namespace

void Histogram::observe(double seconds) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
  ++counts_[static_cast<std::size_t>(at)];
  sum_ += seconds;
}

void MetricsText::family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, word_of(kind));
}

void MetricsText::line(std::string_view suffix, const MetricLabels& labels, double value) {
  text_ += name_;
  text_ += suffix;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text_ +=
        fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped(labels[i].second));
  }
  text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", number(value));
}

void MetricsText::value(const MetricLabels& labels, double value) {
  line("", labels, value);
}

void MetricsText::value(const MetricLabels& labels, const Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts_.size(); ++i) {
    below += histogram.counts_[i];
    const std::string bound =
        i < histogram.bounds_.size() ? number(histogram.bounds_[i]) : std::string("+Inf");
    MetricLabels with = labels;
    with.emplace_back("le", bound);
    line("_bucket", with, static_cast<double>(below));
  }
  line("_sum", labels, histogram.sum_);
  line("_count", labels, static_cast<double>(below));
}

void MetricsText::single(std::string_view name, Kind kind, std::string_view help, double value) {
  family(name, kind, help);
  line("", {}, value);
}

}  // namespace croft

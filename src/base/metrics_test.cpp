#include "base/metrics.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  MetricsText text;
  text.single("croft_up", MetricsText::Kind::kGauge, "Whether it runs.", 1);
  text.family("croft_things_total", MetricsText::Kind::kCounter, "Things by kind.");
  text.value({{"kind", "a \"b\" \\ \n c"}, {"node", "n1"}}, 3);
  text.value({{"kind", "half"}, {"node", "n1"}}, 0.5);
  EXPECT_EQ(text.text(),
            "# HELP croft_up Whether it runs.\n"
            "# TYPE croft_up gauge\n"
            "croft_up 1\n"
            "# HELP croft_things_total Things by kind.\n"
            "# TYPE croft_things_total counter\n"
            "croft_things_total{kind=\"a \\\"b\\\" \\\\ \\n c\",node=\"n1\"} 3\n"
            "croft_things_total{kind=\"half\",node=\"n1\"} 0.5\n");
}

TEST(Metrics, AHistogramCountsWhatIsAtMostEachBound) {
  Histogram histogram{0.1, 1};
  for (const double seconds : {0.05, 0.1, 0.5, 7.0}) histogram.observe(seconds);
  MetricsText text;
  text.family("croft_x_seconds", MetricsText::Kind::kHistogram, "X.");
  text.value({{"step", "build"}}, histogram);
  EXPECT_EQ(text.text(),
            "# HELP croft_x_seconds X.\n"
            "# TYPE croft_x_seconds histogram\n"
            "croft_x_seconds_bucket{step=\"build\",le=\"0.1\"} 2\n"
            "croft_x_seconds_bucket{step=\"build\",le=\"1\"} 3\n"
            "croft_x_seconds_bucket{step=\"build\",le=\"+Inf\"} 4\n"
            "croft_x_seconds_sum{step=\"build\"} 7.65\n"
            "croft_x_seconds_count{step=\"build\"} 4\n");
}

}  // namespace
}  // namespace croft

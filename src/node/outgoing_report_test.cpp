#include "node/outgoing_report.h"

#include <gtest/gtest.h>

namespace croft::node {
namespace {

NodeObserved sent(const OutgoingReport& report) {
  return from_json_text<NodeObserved>(report.body()).value();
}

TEST(OutgoingReport, NumbersWhatIsNewOnly) {
  OutgoingReport report("life");
  EXPECT_EQ(report.body(), "");
  EXPECT_TRUE(report.set({.generation = 7}));
  EXPECT_EQ(sent(report).life, "life");
  EXPECT_EQ(sent(report).sequence, 1);
  EXPECT_FALSE(report.set({.life = "another", .sequence = 9, .generation = 7}));
  EXPECT_EQ(sent(report).sequence, 1);
  EXPECT_TRUE(report.set({.generation = 8}));
  EXPECT_EQ(sent(report).sequence, 2);
  EXPECT_EQ(sent(report).generation, 8);
}

}  // namespace
}  // namespace croft::node

#include "base/line_ring.h"

#include <gtest/gtest.h>

#include "base/oom.h"

namespace croft {
namespace {

TEST(LineRing, KeepsTheLastLinesAsUtf8) {
  LineRing ring;
  for (int i = 0; i < 30; ++i) ring.feed(std::to_string(i) + "\n");
  EXPECT_EQ(ring.lines().size(), LineRing::kMaxLines);
  EXPECT_EQ(ring.lines().front(), "10");
  ring.feed("cut ");
  ring.feed("here\r\nopen \xFF\xC3");
  EXPECT_EQ(ring.lines().size(), LineRing::kMaxLines);
  EXPECT_EQ(ring.lines().back(), "open \uFFFD\uFFFD");
  EXPECT_EQ(*(ring.lines().end() - 2), "cut here");
  ring.feed("other\n", 1);
  EXPECT_EQ(*(ring.lines().end() - 2), "other");
  ring.feed("\n  \n");
  EXPECT_EQ(ring.last_line(), "open \uFFFD\uFFFD");
  ring.feed(std::string(1 << 20, 'x'));
  EXPECT_EQ(ring.lines().back().size(), LineRing::kMaxLineBytes);
}

TEST(Oom, ReadsBothHierarchies) {
  EXPECT_EQ(parse_oom_kills("low 0\noom 4\noom_kill 3\noom_group_kill 9\n"), 3U);
  EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 2"), 2U);
  EXPECT_EQ(parse_oom_kills("low 0\n"), 0U);
}

}  // namespace
}  // namespace croft

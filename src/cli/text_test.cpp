#include "cli/text.h"

#include <gtest/gtest.h>

namespace croft::cli {
namespace {

TEST(SafeText, KeepsColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(safe_text("\x1b[1;31mred\x1b[0m", Escapes::kColours), "\x1b[1;31mred\x1b[0m\x1b[0m");
  EXPECT_EQ(safe_text("\x1b[1;31mred\x1b[0m", Escapes::kNone), "red");
}

TEST(SafeText, ShowsWhatWouldControlTheTerminal) {
  // Title, cursor movement, clipboard, bell, backspace, delete, carriage return.
  EXPECT_EQ(safe_text("\x1b]0;owned\x07", Escapes::kColours), "^[]0;owned^G");
  EXPECT_EQ(safe_text("\x1b[2J\x1b[1A", Escapes::kColours), "^[[2J^[[1A");
  EXPECT_EQ(safe_text("a\bb\x7f\r", Escapes::kNone), "a^Hb^?^M");
  // C1 control sequence introducer, as U+009B in UTF-8.
  EXPECT_EQ(safe_text("\xC2\x9B"
                      "31m",
                      Escapes::kColours),
            "\\x9b31m");
  EXPECT_EQ(safe_text("tab\tžluťoučký", Escapes::kNone), "tab\tžluťoučký");
  // An unfinished sequence is no colour.
  EXPECT_EQ(safe_text("\x1b[31", Escapes::kColours), "^[[31");
}

TEST(Table, AlignsByWhatIsSeen) {
  EXPECT_EQ(format_table({{"NAME", "X"}, {"\x1b[32mžába\x1b[0m", "1"}, {"longer", ""}}),
            "NAME    X\n\x1b[32mžába\x1b[0m    1\nlonger\n");
}

TEST(RelativeTime, InTheUnitThatFits) {
  const Timestamp now{1'000'000'000'000};
  EXPECT_EQ(relative_time(now + Millis(5000), now), "just now");
  EXPECT_EQ(relative_time(now + Millis(-90'000), now), "90s ago");
  EXPECT_EQ(relative_time(now + Millis(-600'000), now), "10m ago");
  EXPECT_EQ(relative_time(now + Millis(-3 * 3'600'000), now), "3h ago");
  EXPECT_EQ(relative_time(now + Millis(-72 * 3'600'000), now), "3d ago");
}

TEST(BytesText, InTheUnitThatFits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(5ll << 30), "5.0 GiB");
}

}  // namespace
}  // namespace croft::cli

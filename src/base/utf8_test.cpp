#include "base/utf8.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(Utf8, ReplacesWhatIsNotWellFormed) {
  EXPECT_EQ(to_valid_utf8("plain é € 😀"), "plain é € 😀");
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(to_valid_utf8("a\xFF"), "a" + mark);
  EXPECT_EQ(to_valid_utf8("\xC3"), mark);
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), mark + mark);             // overlong
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), mark + mark + mark);  // surrogate
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80x"), mark + mark + mark + mark + "x");
  EXPECT_EQ(to_valid_utf8("\xE2\x82z"), mark + mark + "z");
  EXPECT_EQ(to_valid_utf8(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8, KnowsWhatIsWellFormed) {
  for (const char* good : {"", "plain é € 😀"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"a\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80"}) EXPECT_FALSE(is_utf8(bad));
}

TEST(Utf8, ShowsOfALineWhatATerminalWould) {
  EXPECT_EQ(shown_line("plain"), "plain");
  EXPECT_EQ(shown_line("of Windows\r"), "of Windows");
  EXPECT_EQ(shown_line(" 5%\r 50%\r100% done\r"), "100% done");
  EXPECT_EQ(shown_line("\r"), "");
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("abc", 5), "abc");
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("a€", 3), "a");
  EXPECT_EQ(utf8_prefix("a€", 4), "a€");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80\x80", 4).size(), 4u);
}

}  // namespace
}  // namespace croft

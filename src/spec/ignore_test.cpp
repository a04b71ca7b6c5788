#include "spec/ignore.h"

#include <gtest/gtest.h>

#include "spec/path_match.h"
#include "spec/test_clock.h"

namespace croft::spec {
namespace {

struct Case {
  const char* patterns;
  const char* path;
  bool ignored;
};

// A path that ends with a slash is a directory. Expectations are those of `git check-ignore`, but
// that a ? is a character here and a byte there.
class IgnoreTable : public testing::TestWithParam<Case> {};

TEST_P(IgnoreTable, Agrees) {
  std::string_view path = GetParam().path;
  const bool directory = path.ends_with('/');
  if (directory) path.remove_suffix(1);
  EXPECT_EQ(IgnoreList(GetParam().patterns).ignores(path, directory), GetParam().ignored)
      << GetParam().patterns << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Git, IgnoreTable,
    testing::Values(
        Case{"*.log", "a.log", true}, Case{"*.log", "x/y/a.log", true},
        Case{"*.log", "a.logs", false}, Case{"/a", "a", true}, Case{"/a", "b/a", false},
        Case{"a/b", "a/b", true}, Case{"a/b", "x/a/b", false}, Case{"a/b", "a/b/c", true},
        Case{"dir/", "dir/", true}, Case{"dir/", "dir", false}, Case{"dir/", "x/dir/", true},
        Case{"dir/", "dir/file", true}, Case{"**/a", "a", true}, Case{"**/a", "x/y/a", true},
        Case{"**/a/b", "x/a/b", true}, Case{"a/**", "a/", false}, Case{"a/**", "a/b", true},
        Case{"a/**", "a/b/c", true}, Case{"a/**/b", "a/b", true}, Case{"a/**/b", "a/x/y/b", true},
        Case{"a/**/b", "ab", false}, Case{"*", "a", true}, Case{"/*", "a/b", true},
        Case{"/*\n!/keep", "keep", false}, Case{"/*\n!/keep", "keep/x", false},
        Case{"/*\n!/keep", "drop/x", true}, Case{"dir\n!dir/keep", "dir/keep", true},
        Case{"dir/*\n!dir/keep", "dir/keep", false}, Case{"*.txt\n!a.txt", "a.txt", false},
        Case{"!a.txt\n*.txt", "a.txt", true}, Case{"# comment", "# comment", false},
        Case{"\\#file", "#file", true}, Case{"\\!file", "!file", true}, Case{"a  ", "a", true},
        Case{"a\\ ", "a ", true}, Case{"a?c", "abc", true}, Case{"a?c", "a/c", false},
        Case{"a?c", "ažc", true}, Case{"a*c", "a/c", false}, Case{"[ab].c", "b.c", true},
        Case{"[!ab].c", "b.c", false}, Case{"[^ab].c", "c.c", true}, Case{"[a-c]x", "bx", true},
        Case{"[]x]", "]", true}, Case{"[[:digit:]]x", "5x", true},
        Case{"[[:digit:]]x", "ax", false}, Case{"\\*", "*", true}, Case{"\\*", "a", false},
        Case{"", "a", false}, Case{"/", "a", false}, Case{"a\r\nb\r\n", "a", true},
        Case{"node_modules", "x/node_modules/y/z", true}, Case{"a**b", "axxb", true},
        Case{"a**b", "a/b", false}, Case{"foo/*", "foo/a/b", true},
        Case{"foo/*.js", "foo/a/b.js", false}, Case{".env*", ".env.local", true},
        Case{"a//b", "a/b", false}));

TEST(Ignore, FilesInFoldersBindToTheirFolder) {
  IgnoreList list("*.tmp\n");
  list.add("!keep.tmp\n/only\nsub/x\n", "a/b");
  EXPECT_TRUE(list.ignores("keep.tmp", false));
  EXPECT_FALSE(list.ignores("a/b/keep.tmp", false));
  EXPECT_FALSE(list.ignores("a/b/c/keep.tmp", false));
  EXPECT_TRUE(list.ignores("a/b/only", false));
  EXPECT_FALSE(list.ignores("only", false));
  EXPECT_FALSE(list.ignores("a/b/c/only", false));
  EXPECT_TRUE(list.ignores("a/b/sub/x", false));
  EXPECT_FALSE(list.ignores("a/bsub/x", false));
}

TEST(Ignore, HostilePatternsStayCheap) {
  const double start = cpu_seconds();
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "**/a/";
  const IgnoreList list(stars + "b\n" + deep + "b\n");
  std::string path;
  for (int i = 0; i < 100; ++i) path += "a/";
  EXPECT_FALSE(list.ignores(path + std::string(5000, 'a'), false));
  EXPECT_LT(cpu_seconds() - start, 10.0);
}

TEST(PathMatch, IsGosFilepathMatch) {
  struct {
    const char* pattern;
    const char* path;
    bool matches;
  } const cases[] = {{"abc", "abc", true},
                     {"*", "abc", true},
                     {"*c", "abc", true},
                     {"a*", "a", true},
                     {"a*", "ab/c", false},
                     {"a*/b", "abc/b", true},
                     {"a*/b", "a/c/b", false},
                     {"a*b*c*d*e*/f", "axbxcxdxe/f", true},
                     {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
                     {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
                     {"a*b?c*x", "abxbbxdbxebxczzx", true},
                     {"a*b?c*x", "abxbbxdbxebxczzy", false},
                     {"ab[c]", "abc", true},
                     {"ab[b-d]", "abc", true},
                     {"ab[e-g]", "abc", false},
                     {"ab[^c]", "abc", false},
                     {"ab[^e-g]", "abc", true},
                     {"a\\*b", "a*b", true},
                     {"a\\*b", "ab", false},
                     {"a?b", "a\u263Ab", true},
                     {"a[^a]b", "a\u263Ab", true},
                     {"a???b", "a\u263Ab", false},
                     {"[a-\u03B6]*", "\u03B1", true},
                     {"*[a-\u03B6]", "A", false},
                     {"a?b", "a/b", false},
                     {"a*b", "a/b", false},
                     {"a*", "a\xF1x/b", false},
                     {"[\\]a]", "]", true},
                     {"[x\\-]", "-", true},
                     {"[]a]", "]", false},
                     {"[-]", "-", false},
                     {"[a-b-c]", "a", false},
                     {"[", "a", false},
                     {"a[", "a", false},
                     {"*x", "xxx", true},
                     {"node_modules", "node_modules", true}};
  for (const auto& c : cases) {
    EXPECT_EQ(path_match(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
  }
  for (const char* bad : {"[", "[]a]", "[-]", "[a-]", "a\\", "[^", "[^bc", "a["}) {
    EXPECT_FALSE(is_path_pattern(bad)) << bad;
  }
}

}  // namespace
}  // namespace croft::spec

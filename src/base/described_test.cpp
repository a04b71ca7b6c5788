#include "base/described.h"

#include <gtest/gtest.h>

#include <string>

namespace croft {
namespace {

struct Inner {
  int number = 0;
  std::optional<std::string> text;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (number, text))

struct Outer {
  std::string name;
  std::vector<Inner> list;
  std::optional<Inner> one;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (name, list, one))

TEST(Same, LooksAtEveryMember) {
  const Outer base{.name = "a", .list = {{1, "x"}, {2, {}}}, .one = Inner{3, "y"}};
  EXPECT_TRUE(same(base, Outer(base)));
  const auto differs = [&base](auto change) {
    Outer other = base;
    change(other);
    return !same(base, other) && !same(other, base);
  };
  EXPECT_TRUE(differs([](Outer& o) { o.name = "b"; }));
  EXPECT_TRUE(differs([](Outer& o) { o.list.pop_back(); }));
  EXPECT_TRUE(differs([](Outer& o) { o.list[0].number = 2; }));
  EXPECT_TRUE(differs([](Outer& o) { o.list[1].text = ""; }));
  EXPECT_TRUE(differs([](Outer& o) { o.one.reset(); }));
  EXPECT_TRUE(differs([](Outer& o) { o.one->text = "z"; }));
}

}  // namespace
}  // namespace croft

#include "spec/yaml.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "spec/test_clock.h"

namespace croft::spec {
namespace {

NodePtr parsed(std::string_view text) {
  auto result = parse_yaml("test.yml", text);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().describe());
  return result ? *result : std::make_shared<Node>();
}

Error refused(std::string_view text, const YamlLimits& limits = {}) {
  auto result = parse_yaml("test.yml", text, limits);
  EXPECT_FALSE(result.has_value()) << text.substr(0, 200);
  return result ? Error(ErrorCode::kInternal, "") : result.error();
}

TEST(Yaml, KeepsPositionsOfKeysAndValues) {
  const NodePtr root = parsed("a: 1\nlist:\n  - žluť: x\n    second: 'y'\n");
  EXPECT_EQ(root->find("a")->at, (Position{1, 1}));
  EXPECT_EQ(root->find("a")->value->at, (Position{1, 4}));
  const NodePtr item = root->find("list")->value->items.at(0);
  EXPECT_EQ(item->find("žluť")->at, (Position{3, 5}));
  EXPECT_EQ(item->find("žluť")->value->at, (Position{3, 11}));
  EXPECT_EQ(item->find("second")->value->style, ScalarStyle::kSingleQuoted);
  EXPECT_EQ(root->find("missing"), nullptr);
}

TEST(Yaml, UnderstandsEveryScalarStyle) {
  const NodePtr root = parsed(
      "literal: |\n  one\n   two\nfolded: >-\n  one\n  two\nplain: one\n  two\n"
      "double: \"a\\tb\\u00e9\"\nsingle: 'it''s'\n");
  EXPECT_EQ(root->find("literal")->value->text, "one\n two\n");
  EXPECT_EQ(root->find("folded")->value->text, "one two");
  EXPECT_EQ(root->find("plain")->value->text, "one two");
  EXPECT_EQ(root->find("double")->value->text, "a\tb\xC3\xA9");
  EXPECT_EQ(root->find("single")->value->text, "it's");
}

TEST(Yaml, DistinguishesNullFromText) {
  const NodePtr root = parsed("a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: !!str\ng: nulla\n");
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(root->find(key)->value->is_null()) << key;
  for (const char* key : {"d", "e", "f", "g"}) {
    EXPECT_FALSE(root->find(key)->value->is_null()) << key;
  }
  EXPECT_TRUE(parsed("")->is_null());
  EXPECT_TRUE(parsed("# only a comment\n")->is_null());
}

TEST(Yaml, MergesWithOwnKeysFirst) {
  const NodePtr root = parsed(
      "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n"
      "c:\n  <<: [*a, *b]\n  x: own\nd:\n  <<: *b\nq: {'<<': 5}\n");
  const NodePtr c = root->find("c")->value;
  EXPECT_EQ(c->find("x")->value->text, "own");
  EXPECT_EQ(c->find("y")->value->text, "2");
  EXPECT_EQ(c->find("z")->value->text, "4");
  EXPECT_EQ(c->find("<<"), nullptr);
  EXPECT_EQ(root->find("d")->value->find("y")->value->text, "3");
  EXPECT_EQ(root->find("q")->value->find("<<")->value->text, "5") << "quoted << is a plain key";
  EXPECT_EQ(refused("a: {<<: 5}\n").fields().at(0).line, 1);
  EXPECT_EQ(refused("a: {<<: [{x: 1}, 5]}\n").fields().at(0).line, 1);
}

TEST(Yaml, ReportsEveryDuplicateKey) {
  const Error error = refused("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n");
  ASSERT_EQ(error.fields().size(), 2u);
  EXPECT_EQ(error.fields()[0].pointer, "/b/c");
  EXPECT_EQ(error.fields()[0].line, 4);
  EXPECT_EQ(error.fields()[0].column, 3);
  EXPECT_EQ(error.fields()[0].message, "the key 'c' is already set at 3:3");
  EXPECT_EQ(error.fields()[1].pointer, "/a");
  EXPECT_EQ(error.message(), "test.yml:4:3: the key 'c' is already set at 3:3");
}

TEST(Yaml, RefusesAliasBombWithoutExpandingIt) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int k = 0; k < 10; ++k) bomb += fmt::format("{}*a{}", k == 0 ? "" : ", ", i - 1);
    bomb += "]\n";
  }
  const double start = cpu_seconds();
  const Error error = refused(bomb);
  EXPECT_EQ(error.code(), ErrorCode::kTooLarge);
  EXPECT_EQ(error.fields().at(0).line, 5);
  EXPECT_LT(cpu_seconds() - start, 10.0);

  std::string merges = "a0: &a0 {";
  for (int i = 0; i < 500; ++i) merges += fmt::format("k{}: v, ", i);
  merges += "}\nlist:\n";
  for (int i = 0; i < 500; ++i) merges += "  - {<<: *a0}\n";
  EXPECT_EQ(refused(merges).code(), ErrorCode::kTooLarge);
}

TEST(Yaml, RefusesAliasOfItselfAndOfNothing) {
  EXPECT_EQ(refused("a: &a [1, *a]\n").fields().at(0).column, 11);
  EXPECT_NE(refused("a: *missing\n").message().find("no anchor"), std::string::npos);
}

TEST(Yaml, LimitsDepthAlsoThroughAliases) {
  EXPECT_EQ(refused(std::string(10'000, '[')).code(), ErrorCode::kTooLarge);
  EXPECT_TRUE(parse_yaml("t", std::string(64, '[') + std::string(64, ']')).has_value());
  EXPECT_FALSE(parse_yaml("t", std::string(65, '[') + std::string(65, ']')).has_value());
  const std::string half = std::string(40, '[') + std::string(40, ']');
  EXPECT_EQ(refused("a: &a " + half + "\nb: " + std::string(40, '[') + "*a" + std::string(40, ']'))
                .code(),
            ErrorCode::kTooLarge);
  std::string block;
  for (int i = 0; i < 1000; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  EXPECT_EQ(refused(block).code(), ErrorCode::kTooLarge);
}

TEST(Yaml, LimitsSizeAndKeys) {
  EXPECT_EQ(refused("a: " + std::string(2u << 20, 'x')).code(), ErrorCode::kTooLarge);
  EXPECT_EQ(refused("? " + std::string(1'000'000, 'k') + "\n: 1\n").code(), ErrorCode::kTooLarge);
  refused(std::string(1'000'000, 'k') + ": 1\n");
  EXPECT_EQ(refused("a: b", {.max_bytes = 3}).code(), ErrorCode::kTooLarge);
  EXPECT_EQ(refused("[1, 2, 3, 4]", {.max_nodes = 4}).code(), ErrorCode::kTooLarge);
}

TEST(Yaml, LocatesBadBytes) {
  EXPECT_EQ(refused("a: b\nc: \xFF\n").fields().at(0).line, 2);
  EXPECT_EQ(refused("a: b\nc: \xFF\n").fields().at(0).column, 4);
  EXPECT_NE(refused("a: \xC0\xAF").message().find("UTF-8"), std::string::npos);
  EXPECT_NE(refused("a: \xED\xA0\x80").message().find("UTF-8"), std::string::npos);
  EXPECT_NE(refused(std::string("a: b\0c", 6)).message().find("U+0000"), std::string::npos);
  EXPECT_NE(refused("a:\n\t- b\n").message().find("tab"), std::string::npos);
  EXPECT_EQ(refused("a:\n\t- b\n").fields().at(0).line, 2);
}

TEST(Yaml, RefusesWhatHasNoMeaningHere) {
  EXPECT_EQ(refused("a: 1\n---\nb: 2\n").fields().at(0).line, 2);
  EXPECT_NE(refused("? [a]\n: 1\n").message().find("key must be text"), std::string::npos);
  EXPECT_NE(refused("a: !include x\n").message().find("tag"), std::string::npos);
  EXPECT_EQ(refused("a: [1, 2\nb: 3\n").fields().at(0).line, 2);
}

TEST(Yaml, AcceptsByteOrderMarkAndWindowsLines) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "a: 1\r\nb: 2\r\n")
                ->find("b")
                ->value->text,
            "2");
}

TEST(Yaml, EscapesPointers) {
  EXPECT_EQ(pointer_step("a/b~c"), "/a~1b~0c");
  EXPECT_EQ(pointer_step(std::size_t{3}), "/3");
}

}  // namespace
}  // namespace croft::spec

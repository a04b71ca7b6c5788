#include "spec/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include "spec/file_kind.h"
#include "spec/test_clock.h"

namespace croft::spec {
namespace {

using testing::HasSubstr;

ValidationReport validate(std::string_view file, std::string_view content,
                          const TypeResolver& resolver = {}) {
  SeededRandom random(7);
  const ManualClock clock;
  return validate_file(file, content, {.resolver = resolver, .random = random, .clock = clock});
}

std::string kind(std::string_view file, std::string_view content) {
  return std::string(to_string(detect_kind(file, content).kind));
}

TEST(Validate, TellsKindsApart) {
  EXPECT_EQ(kind("croft.yml", "zerops:\n"), "croft.yml");
  EXPECT_EQ(kind("a/b.yml", "# x\ncroft:\n"), "croft.yml");
  EXPECT_EQ(kind("zerops.yml", "zerops:\n  - setup: a\n"), "zerops.yml");
  EXPECT_EQ(kind("zerops.yml", "\xEF\xBB\xBFzerops:\r\n"), "zerops.yml");
  EXPECT_EQ(kind("zerops.yml", "app:\n  build:\n"), "zerops.yml(old)");
  EXPECT_EQ(kind("zerops.yml", "use: []\nrun: []\n"), "zerops.yml(old)");
  EXPECT_EQ(kind("x.yml", "services:\n- hostname: a\nzerops:\n"), "zerops.yml+services");
  EXPECT_EQ(kind("x.yml", "project:\n  name: a\n"), "import");
  EXPECT_EQ(kind("x.yml", "services:\n  # comment\n\n  - hostname: a\n"), "import");
  EXPECT_EQ(kind("x.yml", "\"services\": [{hostname: a}]\nproject: {name: a}"), "import");
  EXPECT_EQ(kind("x.yml", "services:\n  web:\n    image: a\n"), "docker-compose");
  EXPECT_EQ(kind("x.yml", "services:\n  - hostname: \"<@pickRandom(<a>)>\"\n"),
            "preprocessor-vector");
  EXPECT_EQ(kind("x.yml", "#yamlPreprocessor=on\nservices:\n  - hostname: <@pickRandom(<a>)>\n"),
            "import");
  EXPECT_EQ(kind("thirty.ini", ""), "thirty.ini");
  EXPECT_EQ(kind("any", "; x\n[environment]\nroot = .\n"), "thirty.ini");
  EXPECT_EQ(kind("zerops-import.yml", "\t"), "import");
  EXPECT_EQ(kind("croft.yml", ""), "croft.yml");
  EXPECT_EQ(kind("x.yml", "name: y\n"), "unknown");
}

TEST(Validate, ReportsSetups) {
  const TypeResolver resolver = [](const TypeRef&, TypeRole) {
    return TypeAnswer{TypeAnswer::Verdict::kUnknownVersion, "nodejs@22"};
  };
  const ValidationReport report = validate(
      "zerops.yml", "zerops:\n  - setup: a\n    run: {base: nodejs@9}\n  - setup: b\n", resolver);
  EXPECT_TRUE(report.ok);
  EXPECT_EQ(
      boost::json::serialize(to_json(report)),
      R"({"file":"zerops.yml","kind":"zerops.yml","ok":true,"setups":["a","b"],"errors":[],)"
      R"("warnings":[{"file":"zerops.yml","line":3,"column":17,"pointer":"/zerops/0/run/base",)"
      R"("message":"the catalog has no version of nodejs like 'nodejs@9'; the nearest is )"
      R"('nodejs@22'"}]})");
}

TEST(Validate, ReportsServices) {
  const ValidationReport report =
      validate("import.yml",
               "services:\n  - {hostname: db, type: postgresql@17, priority: 10}\nzerops: []\n");
  EXPECT_EQ(boost::json::serialize(to_json(report)),
            R"({"file":"import.yml","kind":"zerops.yml+services","ok":true,"setups":[],)"
            R"("services":[{"hostname":"db","type":"postgresql@17","priority":10}],"errors":[],)"
            R"("warnings":[]})");
}

TEST(Validate, LocatesRefusals) {
  const ValidationReport ini = validate("thirty.ini", "\n; x\n[environment]\n");
  EXPECT_FALSE(ini.ok);
  EXPECT_EQ(ini.errors.at(0).line, 3);
  EXPECT_THAT(ini.errors.at(0).message, HasSubstr("not supported yet"));
  const ValidationReport compose =
      validate("docker-compose.yml", "version: '3'\nservices:\n  web:\n    image: x\n");
  EXPECT_EQ(compose.errors.at(0).line, 2);
  EXPECT_THAT(compose.errors.at(0).message, HasSubstr("not supported yet"));
  EXPECT_EQ(validate("x.txt", "hello").errors.at(0).line, 1);
  EXPECT_THAT(validate("zerops.yml", "zerops: [").errors.at(0).message,
              HasSubstr("not valid YAML"));
}

TEST(Validate, ChecksFunctionsOfAVector) {
  const std::string head = "services:\n  - hostname: \"<@pickRandom(<a>)>\"\n    x: ";
  EXPECT_TRUE(validate("v.yml", head + "<@generateRSA4096Key(<k>)>\n").ok);
  const ValidationReport wrong = validate("v.yml", head + "<@nope(<k>)>\n");
  EXPECT_FALSE(wrong.ok);
  EXPECT_EQ(wrong.errors.at(0).line, 3);
}

TEST(Validate, WarnsOfSelfReferences) {
  const ValidationReport report = validate(
      "croft.yml",
      "croft:\n  - setup: a\n    run:\n      envVariables:\n        A: ${A}\n        B: ${C}\n"
      "        C: x${B}\n");
  EXPECT_TRUE(report.ok);
  ASSERT_EQ(report.warnings.size(), 3u);
  EXPECT_EQ(report.warnings[0].line, 5);
  EXPECT_EQ(report.warnings[0].pointer, "/croft/0/run/envVariables/A");
}

// Each of these ends soon and with a located complaint, under every name a file can have.
TEST(Validate, StandsHostileFiles) {
  const auto repeated = [](std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
  };
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    bomb += fmt::format("{}: &{} [{}]\n", c, c, repeated(fmt::format("*{}, ", char(c - 1)), 9));
  }
  std::string setups = "zerops:\n";
  for (int i = 0; i < 20'000; ++i) setups += fmt::format("  - {{setup: s{}, unknown: 1}}\n", i);
  std::string maps = "zerops:\n";
  for (int i = 0; i < 3'000; ++i) {
    maps +=
        fmt::format("  - {{setup: s{}, run: {{envVariables: {{A: '{}', B: '{}', C: '{}'}}}}}}\n", i,
                    repeated("x", 50), repeated("${A}", 20), repeated("${B}", 20));
  }
  const std::vector<std::string> files = {
      "zerops:\n" + bomb,
      "zerops: " + std::string(10'000, '['),
      "zerops: " + repeated("{a: ", 10'000),
      "services: " + std::string(10'000, '['),
      "zerops:\n  ? " + std::string(1'000'000, 'k') + "\n  : 1\n",
      std::string(1'000'000, 'k') + ": 1\nzerops: []\n",
      "zerops: \xFF\xFE",
      std::string("zerops:\0\n", 9),
      "zerops:\n\t- setup: a\n",
      "zerops: []\nzerops: []\n",
      "zerops: 5\n",
      "services: {a: 1}\nproject: []\n",
      "#yamlPreprocessor=on\nservices: " + std::string(50'000, '<'),
      "#yamlPreprocessor=on\nproject: {name: " + repeated("<@setVar(<a>, <", 2'000),
      "services:\n" + repeated("- [[[{\n", 5'000),
      setups,
      maps + "  - {setup: 1, setup: 2}\n",
      "zerops:\n  - " + repeated("- ", 50'000),
      repeated("\n", 500'000) + "zerops: x",
      repeated("%YAML 1.1\n", 1'000) + "zerops: []",
      "zerops: &a\n  - *a\n",
      std::string(2u << 20, 'x'),
      "",
      "# nothing\n",
  };
  for (const char* name : {"zerops.yml", "import.yml", "croft.yml"}) {
    for (const std::string& file : files) {
      const double start = cpu_seconds();
      const ValidationReport report = validate(name, file);
      const double took = cpu_seconds() - start;
      EXPECT_FALSE(report.ok) << name << ": " << file.substr(0, 60);
      ASSERT_FALSE(report.errors.empty());
      EXPECT_GT(report.errors[0].line, 0) << file.substr(0, 60);
      EXPECT_LE(report.errors.size(), 200u);
      EXPECT_LT(took, 10.0) << file.substr(0, 60);
      for (const FieldError& e : report.errors) EXPECT_LT(e.message.size(), 2000u);
    }
  }
  const double start = cpu_seconds();
  EXPECT_TRUE(validate("zerops.yml", maps).ok) << "many maps of references are no crime";
  EXPECT_LT(cpu_seconds() - start, 10.0);
}

}  // namespace
}  // namespace croft::spec

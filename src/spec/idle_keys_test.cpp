#include "spec/idle_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/app_config.h"
#include "spec/import_config.h"

namespace croft::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<FieldError>& warnings) {
  std::vector<std::string> found;
  for (const FieldError& w : warnings) {
    found.push_back(fmt::format("{}:{} {} {}", w.line, w.column, w.pointer, w.message));
  }
  return found;
}

std::vector<std::string> app_warnings(std::string_view text) {
  const auto parsed = parse_app_config("croft.yml", text);
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return parsed ? texts(parsed->warnings) : std::vector<std::string>();
}

std::vector<std::string> import_warnings(std::string_view text) {
  const auto parsed = parse_import("import.yml", text, {});
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return parsed ? texts(parsed->warnings) : std::vector<std::string>();
}

TEST(IdleKeys, AreWarnedOfWhereTheyStand) {
  EXPECT_THAT(app_warnings("croft:\n  - setup: a\n    run:\n      volume: {hostname: files}\n"),
              ElementsAre(HasSubstr("4:7 /croft/0/run/volume 'volume' has no effect")));
  EXPECT_THAT(import_warnings("project:\n  name: shop\n  location: eu\nservices:\n"
                              "  - hostname: a\n    type: nodejs@22\n    profile: big\n"
                              "    verticalAutoscaling: {minRam: 1}\n    maxContainers: 3\n"),
              ElementsAre(HasSubstr("3:3 /project/location 'location' has no effect"),
                          HasSubstr("7:5 /services/0/profile 'profile' has no effect"),
                          HasSubstr("8:5 /services/0/verticalAutoscaling"),
                          HasSubstr("9:5 /services/0/maxContainers")));
}

TEST(IdleKeys, ThatAskForNothingAreFine) {
  EXPECT_THAT(
      import_warnings("project: {name: shop, corePackage: LIGHT, sharedIpv4: false}\nservices:\n"
                      "  - {hostname: a, type: x@1, override: false, enableCdn: false, mount: [],\n"
                      "     startWithoutCode: false, minContainers: 2, maxContainers: 2}\n"),
      IsEmpty());
}

TEST(IdleKeys, DependOnTheirNeighbours) {
  EXPECT_THAT(app_warnings("croft:\n  - setup: a\n    build: {os: ubuntu, deployFiles: x,\n"
                           "            addToRunPrepare: y}\n    run: {os: alpine}\n"),
              ElementsAre(HasSubstr("'os' has no effect without 'base'"),
                          HasSubstr("'addToRunPrepare' has no effect"),
                          HasSubstr("'os' has no effect without 'base'")));
  EXPECT_THAT(
      app_warnings("croft:\n  - setup: a\n    run: {documentRoot: x, routing: {root: y}}\n"),
      ElementsAre(HasSubstr("documentRoot is set too")));
}

TEST(StartCommands, UsersHaveANameOrANumber) {
  const auto user_of = [](const std::string& user) {
    const auto parsed = parse_app_config(
        "croft.yml",
        "croft: [{setup: a, run: {startCommands: [{command: x, user: " + user + "}]}}]");
    return parsed ? parsed->config.setups[0].run->start_commands[0].user
                  : "refused: " + parsed.error().message();
  };
  for (const std::string good : {"root", "www-data", "_apt", "1000", "0"}) {
    EXPECT_EQ(user_of(good), good);
  }
  for (const std::string bad : {"'a b'", "-x", "1x", "'a:b'", "4294967296", "../x"}) {
    EXPECT_THAT(user_of(bad), HasSubstr("refused: croft.yml:1:"));
    EXPECT_THAT(user_of(bad), HasSubstr("a uid"));
  }
}

}  // namespace
}  // namespace croft::spec

#include "cli/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Invocation parsed(const std::vector<std::string>& words) {
  auto invocation = parse_command_line(words);
  EXPECT_TRUE(invocation) << (invocation ? "" : invocation.error().error.message());
  return invocation.value_or(Invocation{});
}

Failure refused(const std::vector<std::string>& words) {
  auto invocation = parse_command_line(words);
  EXPECT_FALSE(invocation);
  if (invocation) return to_failure(Error(ErrorCode::kInternal, "accepted"));
  EXPECT_EQ(invocation.error().exit, kExitUsage);
  return invocation.error();
}

TEST(Parser, TakesTheLongestCommand) {
  const Invocation set = parsed({"project", "env", "set", "A=1", "B=2"});
  EXPECT_EQ(set.command->name, "project env set");
  EXPECT_THAT(set.args.list("key=value"), ElementsAre("A=1", "B=2"));
  EXPECT_EQ(parsed({"project", "env"}).command->name, "project env");
  EXPECT_EQ(parsed({"service", "env", "api"}).args.text("service"), "api");
}

TEST(Parser, OptionsStandAnywhere) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--project", "shop", "--json", "service", "show", "api"},
        std::vector<std::string>{"service", "-p", "shop", "show", "--json", "api"},
        std::vector<std::string>{"service", "show", "api", "--project=shop", "--json"}}) {
    const Invocation shown = parsed(words);
    EXPECT_EQ(shown.command->name, "service show");
    EXPECT_EQ(shown.options.project, "shop");
    EXPECT_TRUE(shown.options.json);
    EXPECT_EQ(shown.args.text("service"), "api");
  }
}

TEST(Parser, WordsBehindTheMarkAreTakenAsTheyAre) {
  const Invocation exec =
      parsed({"exec", "-i", "api-1", "api", "--", "sh", "-c", "echo --json", "--", "[a,b]"});
  EXPECT_EQ(exec.args.text("instance"), "api-1");
  EXPECT_FALSE(exec.options.json);
  EXPECT_THAT(exec.args.list("cmd"), ElementsAre("sh", "-c", "echo --json", "--", "[a,b]"));
  EXPECT_FALSE(wants_json({"exec", "api", "--", "--json"}));
}

TEST(Parser, ValuesAreNotTakenApart) {
  const Invocation set = parsed({"project", "env", "set", "A=[x,y]", "B=a=b c", "C="});
  EXPECT_THAT(set.args.list("key=value"), ElementsAre("A=[x,y]", "B=a=b c", "C="));
  const Invocation create =
      parsed({"service", "create", "api", "-t", "nodejs@22", "-e", "A=1", "-e", "B=2"});
  EXPECT_THAT(create.args.list("env"), ElementsAre("A=1", "B=2"));
  EXPECT_EQ(create.args.text("hostname"), "api");
}

TEST(Parser, NamesTheNearestCommand) {
  const Failure failure = refused({"project", "lst"});
  EXPECT_THAT(failure.error.message(), HasSubstr("unknown command 'project lst'"));
  EXPECT_THAT(failure.hint, HasSubstr("croft project list"));
  EXPECT_THAT(refused({"depoly", "api"}).hint, HasSubstr("croft deploy"));
}

TEST(Parser, NamesTheNearestOption) {
  EXPECT_THAT(refused({"deploy", "api", "--sutup", "x"}).hint, HasSubstr("--setup"));
  EXPECT_THAT(refused({"deploy", "api", "--setup"}).error.message(), HasSubstr("--setup"));
}

TEST(Parser, SaysWhatIsMissingOrTooMuch) {
  EXPECT_THAT(refused({"deploy"}).error.message(), HasSubstr("SERVICE is missing"));
  EXPECT_THAT(refused({"deploy", "a", "b", "c"}).error.message(), HasSubstr("'c' is too much"));
  EXPECT_THAT(refused({"project"}).error.message(), HasSubstr("which command"));
  EXPECT_THAT(refused({"--json"}).error.message(), HasSubstr("a command is missing"));
}

TEST(Parser, HelpAndVersion) {
  EXPECT_EQ(parsed({}).what, Invocation::What::kHelp);
  EXPECT_EQ(parsed({"--version"}).what, Invocation::What::kVersion);
  EXPECT_EQ(parsed({"project", "-h"}).topic, "project");
  EXPECT_EQ(parsed({"deploy", "api", "--help"}).topic, "deploy");
  EXPECT_EQ(parsed({"help", "project", "env"}).topic, "project env");
  EXPECT_EQ(parsed({"help"}).topic, "");
  EXPECT_EQ(parsed({"exec", "api", "--", "ls", "--help"}).what, Invocation::What::kRun);
}

TEST(Parser, NumbersAreChecked) {
  const Invocation scale = parsed({"service", "scale", "api", "3x"});
  const auto count = scale.args.number("count", 1, 10);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().exit, kExitUsage);
  EXPECT_THAT(count.error().error.message(), HasSubstr("1 to 10"));
}

}  // namespace
}  // namespace croft::cli

// The contract of the command line (issue 3.13) against the API itself: --json everywhere, and
// every exit code.
#include <gmock/gmock.h>

#include "daemon/real_api_test.h"
#include "store/processes.h"

namespace croft {
namespace {

using ::testing::HasSubstr;

class CliContract : public RealApi {
 protected:
  // The process of a deployment that does not run.
  std::string deployment() {
    make_shop();
    const CliRun run = croft({"deploy", "shop/api", code(), "--detach"});
    EXPECT_EQ(run.exit, 0) << run;
    return run.out.substr(0, run.out.find('\n'));
  }
  // The code that a failure has with --json, where programs look for it.
  int json_exit_code(std::vector<std::string> words, const std::string& token) {
    words.push_back("--json");
    const CliRun run = croft_as(token, words);
    const auto error = parse_json(run.err);
    EXPECT_TRUE(error) << run;
    if (!error) return -1;
    const auto code = error->at("error").at("exit_code").to_number<int>();
    EXPECT_EQ(code, run.exit) << run;
    return code;
  }
};

TEST_F(CliContract, Exit0AndJsonOfEveryCommandThatShows) {
  const std::string process = deployment();
  write_file("one.yml", "services:\n  - {hostname: one, type: static}\n");
  write_file("three.yml", "services:\n  - {hostname: three, type: static}\n");
  write_file("page/index.html", "<p>");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"whoami"},
        {"context", "list"},
        {"project", "list"},
        {"project", "show", "shop"},
        {"project", "create", "other"},
        {"project", "env", "-p", "shop"},
        {"project", "env", "set", "-p", "shop", "A=1"},
        {"project", "env", "unset", "-p", "shop", "A"},
        {"project", "export", "shop"},
        {"project", "import", "one.yml", "-p", "shop"},
        {"project", "delete", "other", "--confirm", "other", "--detach"},
        {"service", "create", "shop/two", "--type", "static", "--detach"},
        {"open", "shop/two", "--print"},
        {"service", "list", "-p", "shop"},
        {"service", "show", "shop/api"},
        {"service", "env", "shop/db"},
        {"service", "env", "set", "shop/api", "B=2"},
        {"service", "types"},
        {"service", "delete", "shop/two", "--confirm", "two", "--detach"},
        {"deploy", "shop/api", "code", "--detach"},
        {"releases", "shop/api"},
        {"ps", "-p", "shop"},
        {"status"},
        {"process", "list", "--all"},
        {"process", "show", process},
        {"process", "cancel", process},
        {"init", "page", "--setup", "page"},
        {"config", "validate", "one.yml"},
        {"config", "plan", "three.yml", "-p", "shop"},
        {"doctor"}}) {
    std::vector<std::string> with_json = words;
    with_json.push_back("--json");
    const CliRun run = croft(with_json);
    EXPECT_EQ(run.exit, 0) << run;
    ASSERT_FALSE(run.out.empty()) << run;
    const auto last = run.out.rfind('\n', run.out.size() - 2);
    EXPECT_TRUE(parse_json(run.out.substr(last == std::string::npos ? 0 : last + 1))) << run;
  }
}

TEST_F(CliContract, Exit1ForARefusal) {
  make_shop();
  EXPECT_EQ(json_exit_code({"service", "create", "shop/x", "--type", "nodejs@99"}, owner_), 1);
}

TEST_F(CliContract, Exit2ForAWrongCommandLine) {
  make_shop();
  EXPECT_EQ(json_exit_code({"service", "scale", "shop/api", "11"}, owner_), 2);
  EXPECT_EQ(json_exit_code({"service", "delete", "shop/api"}, owner_), 2);
}

TEST_F(CliContract, AProjectWhereAServiceIsMeantIsRecognised) {
  make_shop();
  const CliRun only = croft({"ps", "shop"});
  EXPECT_EQ(only.exit, 4) << only;
  EXPECT_THAT(only.err, HasSubstr("shop is a project: give --project shop, or shop/SERVICE"));
  croft({"project", "create", "other"});
  const CliRun one_of_two = croft({"logs", "shop"});
  EXPECT_EQ(one_of_two.exit, 2) << one_of_two;
  EXPECT_THAT(one_of_two.err, HasSubstr("shop is a project"));
  EXPECT_THAT(croft({"ps", "nothing"}).err, testing::Not(HasSubstr("is a project")));
}

TEST_F(CliContract, Exit3WithoutAToken) {
  EXPECT_EQ(json_exit_code({"project", "list"}, "croft_wrong"), 3);
  EXPECT_EQ(json_exit_code({"project", "list"}, ""), 3);
}

TEST_F(CliContract, Exit4ForWhatIsNotThere) {
  make_shop();
  EXPECT_EQ(json_exit_code({"project", "show", "none"}, owner_), 4);
  EXPECT_EQ(json_exit_code({"rollback", "shop/api", "7"}, owner_), 4);
}

TEST_F(CliContract, Exit5ForAConflict) {
  make_shop();
  EXPECT_EQ(json_exit_code({"project", "create", "shop"}, owner_), 5);
  EXPECT_EQ(json_exit_code({"service", "restart", "shop/api"}, owner_), 5) << "no code yet";
}

TEST_F(CliContract, Exit6ForAFailedDeployment) {
  const std::string id = deployment();
  change([&](Tx& tx) -> Result<Process> {
    Process process = must(get_process(tx, Scope::platform(), *ProcessId::parse(id)));
    process.status = ProcessStatus::kFailed;
    process.step = "build";
    process.error = ProcessError{.code = "deploy-failed",
                                 .message = "buildCommands[0]: ended with exit code 2",
                                 .step = "buildCommands[0]",
                                 .exit_code = 2,
                                 .last_lines = {"tsc: not found"}};
    return update_process(tx, Scope::platform(), process);
  });
  const CliRun run = croft({"process", "wait", id});
  EXPECT_EQ(run.exit, 6) << run;
  EXPECT_THAT(run.err, HasSubstr("tsc: not found"));
  const CliRun json = croft({"process", "wait", id, "--json"});
  EXPECT_EQ(json.exit, 6) << json;
  EXPECT_EQ(parse_json(json.out)->at("status").as_string(), "failed");
}

TEST_F(CliContract, Exit8WhenNobodyAnswers) {
  on_server([this] { platform_.engine_down = true; });
  write_file("x.yml", "project: {name: x}\nservices: [{hostname: a, type: static}]\n");
  EXPECT_EQ(json_exit_code({"project", "import", "x.yml"}, owner_), 8);
  url_ = "http://127.0.0.1:1";  // a port that needs privileges and has no server
  EXPECT_EQ(json_exit_code({"project", "list"}, owner_), 8);
}

}  // namespace
}  // namespace croft

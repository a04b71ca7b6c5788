// What people get wrong, as they see it at the command line, and that nothing is left half-made.
// docs/bad-input.md names these tests.
#include <gmock/gmock.h>

#include "build/archive_writer.h"
#include "daemon/real_api_test.h"

namespace croft {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class BadInput : public RealApi {
 protected:
  // Imports a file with these services and expects a refusal that leaves nothing.
  CliRun refused_import(const std::string& services) {
    write_file("import.yml", "project:\n  name: shop\nservices:\n" + services);
    CliRun run = croft({"project", "import", "import.yml"});
    EXPECT_EQ(run.exit, 1) << run;
    EXPECT_THAT(everything(), IsEmpty()) << run;
    return run;
  }
  // Deploys the folder and expects a refusal that leaves what was there.
  CliRun refused_deploy(int exit = 1) {
    const auto before = everything();
    CliRun run = croft({"deploy", "shop/api", "code"});
    EXPECT_EQ(run.exit, exit) << run;
    EXPECT_EQ(everything(), before) << run;
    return run;
  }
  // Sends these bytes as the source of a new version.
  FakeExchange::Answer upload(const std::string& bytes) {
    const boost::json::object body{
        {"config", "croft:\n  - setup: api\n    run: {start: node .}\n"}};
    const auto made = call("POST", "/projects/shop/services/api/versions",
                           boost::json::serialize(body), {{"Content-Type", "application/json"}});
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string id(parse_json(made.body)->at("version").at("id").as_string());
    return call("PUT", "/projects/shop/services/api/versions/" + id + "/source", bytes,
                {{"Content-Type", "application/x-tar"}});
  }
  static std::string tar_with(const build::ArchiveEntry& entry) {
    build::ArchiveWriter writer({.compress = false});
    must(writer.begin(entry));
    must(writer.finish());
    return writer.take();
  }
};

TEST_F(BadInput, UnknownKey) {
  EXPECT_THAT(refused_import("  - hostname: api\n    typ: nodejs@22\n    type: nodejs@22\n").err,
              AllOf(HasSubstr("import.yml:5:5"), HasSubstr("'typ'"), HasSubstr("did you mean")));
  make_shop();
  code("      strat: node .\n");
  EXPECT_THAT(refused_deploy().err, AllOf(HasSubstr("croft.yml:8:7"), HasSubstr("'strat'"),
                                          HasSubstr("did you mean 'start'?")));
}

TEST_F(BadInput, WrongType) {
  EXPECT_THAT(
      refused_import("  - hostname: api\n    type: nodejs@22\n    minContainers: two\n").err,
      AllOf(HasSubstr("import.yml:6:20"), HasSubstr("a whole number")));
  make_shop();
  code("      ports: 3000\n");
  EXPECT_THAT(refused_deploy().err, AllOf(HasSubstr("croft.yml:8:14"), HasSubstr("a list")));
}

TEST_F(BadInput, UnknownServiceTypeOrVersion) {
  EXPECT_THAT(refused_import("  - hostname: api\n    type: nodejs@99\n").err,
              AllOf(HasSubstr("import.yml:5:11"), HasSubstr("no version 99"),
                    HasSubstr("the nearest is nodejs@24")));
  EXPECT_THAT(refused_import("  - hostname: api\n    type: nodjs@22\n").err,
              AllOf(HasSubstr("import.yml:5:11"), HasSubstr("no type nodjs"),
                    HasSubstr("the nearest is nodejs"), HasSubstr("croft service types")));
  make_shop();
  const auto before = everything();
  const CliRun created = croft({"service", "create", "shop/x", "--type", "postgresql@9"});
  EXPECT_EQ(created.exit, 1) << created;
  EXPECT_THAT(created.err, HasSubstr("the nearest is postgresql@15"));
  EXPECT_EQ(everything(), before);
  code("      base: cobol@1\n");
  EXPECT_THAT(refused_deploy().err, AllOf(HasSubstr("croft.yml:8:13"), HasSubstr("cobol")));
  write_file("near.yml", "project: {name: near}\nservices: [{hostname: a, type: nodejs@99}]\n");
  const CliRun near = croft({"project", "import", "near.yml", "--nearest-versions"});
  EXPECT_EQ(near.exit, 0) << near;
  EXPECT_THAT(near.err, HasSubstr("warning: near.yml:2:"));
}

TEST_F(BadInput, DuplicateOrInvalidHostname) {
  EXPECT_THAT(
      refused_import("  - {hostname: a, type: static}\n  - {hostname: a, type: static}\n").err,
      AllOf(HasSubstr("import.yml:4:16"), HasSubstr("import.yml:5:16"),
            HasSubstr("'a' is already used")));
  EXPECT_THAT(refused_import("  - {hostname: My-Api, type: static}\n").err,
              AllOf(HasSubstr("import.yml:4:16"), HasSubstr("'My-Api' is not a hostname"),
                    HasSubstr("lower case letters and digits")));
  make_shop();
  const auto before = everything();
  const CliRun taken = croft({"service", "create", "shop/api", "--type", "static"});
  EXPECT_EQ(taken.exit, 5) << taken;
  EXPECT_THAT(taken.err, HasSubstr("api"));
  const CliRun bad = croft({"service", "create", "shop/My-Api", "--type", "static"});
  EXPECT_EQ(bad.exit, 1) << bad;
  EXPECT_THAT(bad.err, HasSubstr("lower-case letters and digits"));
  write_file("more.yml",
             "services:\n  - {hostname: fresh, type: static}\n"
             "  - {hostname: api, type: static}\n");
  const CliRun more = croft({"project", "import", "more.yml", "--project", "shop"});
  EXPECT_EQ(more.exit, 5) << more;
  EXPECT_THAT(more.err, HasSubstr("more.yml:3:16"));
  EXPECT_EQ(everything(), before) << "not even the service that would have been possible";
}

// It reaches the containers as it is written, as on the platform the files come from: a warning.
TEST_F(BadInput, ReferenceToAMissingVariable) {
  write_file("import.yml",
             "project: {name: shop}\nservices:\n  - {hostname: db, type: postgresql@17}\n"
             "  - hostname: api\n    type: nodejs@22\n    envSecrets:\n"
             "      URL: ${db_conectionString}\n      OK: ${db_password} ${zeropsSubdomain}\n");
  const CliRun import = croft({"project", "import", "import.yml"});
  EXPECT_EQ(import.exit, 0) << import;
  EXPECT_THAT(import.err, AllOf(HasSubstr("import.yml:7:7"), HasSubstr("${db_conectionString}"),
                                HasSubstr("did you mean ${db_connectionString}?")));
  EXPECT_THAT(import.err, Not(HasSubstr("OK:")));
  code("      envVariables:\n        A: ${appVersionId}\n        B: ${nowhere_x}\n");
  const CliRun deploy = croft({"deploy", "shop/api", "code", "--detach"});
  EXPECT_EQ(deploy.exit, 0) << deploy;
  EXPECT_THAT(deploy.err, AllOf(HasSubstr("croft.yml:10:9"), HasSubstr("${nowhere_x}"),
                                HasSubstr("no such variable"), Not(HasSubstr("appVersionId"))));
}

TEST_F(BadInput, PortClash) {
  make_shop();
  code("      ports:\n        - port: 3000\n        - port: 3000\n          httpSupport: true\n");
  EXPECT_THAT(refused_deploy().err,
              AllOf(HasSubstr("croft.yml:10:17"), HasSubstr("port 3000/tcp is listed twice")));
}

TEST_F(BadInput, FolderTooLarge) {
  make_shop();
  code();
  write_file("code/videos/big.bin", "");
  std::filesystem::resize_file(here() / "code/videos/big.bin", 3ull << 30);  // a hole: no disk used
  EXPECT_THAT(refused_deploy().err, AllOf(HasSubstr("MiB"), HasSubstr("videos")));
}

TEST_F(BadInput, TarWithTraversalOrLinks) {
  make_shop();
  using Entry = build::ArchiveEntry;
  const auto before = everything();
  for (const Entry& entry : {Entry{.path = "../outside"}, Entry{.path = "/etc/passwd"},
                             Entry{.path = "a", .type = Entry::Type::kSymlink, .link = "../../x"},
                             Entry{.path = "b", .type = Entry::Type::kHardlink, .link = "a"}}) {
    const auto answer = upload(tar_with(entry));
    EXPECT_EQ(answer.status, 400) << entry.path << answer.body;
    EXPECT_EQ(parse_json(answer.body)->at("code").as_string(), "invalid");
    EXPECT_THAT(answer.body, HasSubstr(entry.path)) << "the entry is named";
    EXPECT_EQ(everything(), before) << "no version stays";
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "outside"));
  code();
  std::filesystem::create_symlink("../../secret", here() / "code/link");
  EXPECT_THAT(refused_deploy().err, HasSubstr("link"));
}

TEST_F(BadInput, YamlBombsAndHugeKeys) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + last + ", *a" + last +
            "]\n";
  }
  write_file("bomb.yml", "project: {name: bomb}\nservices: []\n" + bomb);
  const CliRun run = croft({"project", "import", "bomb.yml"});
  EXPECT_EQ(run.exit, 1) << run;
  EXPECT_THAT(run.err, AllOf(HasSubstr("bomb.yml:"), HasSubstr("values")));
  write_file("key.yml", "? " + std::string(1u << 20, 'k') + "\n: x\n");
  const CliRun key = croft({"project", "import", "key.yml"});
  EXPECT_EQ(key.exit, 1) << key;
  EXPECT_THAT(key.err, HasSubstr("key.yml: larger than 100 KiB"));
  EXPECT_LT(key.err.size(), 1000u);
  const CliRun longer = croft({"config", "validate", "key.yml"});
  EXPECT_EQ(longer.exit, 1) << longer;
  EXPECT_LT(longer.out.size(), 2000u);
  EXPECT_THAT(everything(), IsEmpty());
  make_shop();
  write_file("code/croft.yml", "croft: []\n" + bomb);
  EXPECT_THAT(refused_deploy().err, HasSubstr("croft.yml:"));
}

TEST_F(BadInput, WrongExpiredOrForeignToken) {
  make_shop();
  const std::string before = "croft_" + std::string(43, 'a');
  for (const std::string& token : {std::string("nonsense"), before}) {
    const CliRun run = croft_as(token, {"service", "list", "--project", "shop"});
    EXPECT_EQ(run.exit, 3) << run;
    EXPECT_THAT(run.err, HasSubstr("croft login"));
    EXPECT_THAT(run.err, Not(HasSubstr(token))) << "a token is never shown";
  }
  const auto made =
      call("POST", "/tokens", R"({"name":"short","scopes":["admin"],"expires_in_s":60})",
           {{"Content-Type", "application/json"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token(parse_json(made.body)->at("token").as_string());
  EXPECT_EQ(croft_as(token, {"whoami"}).exit, 0);
  on_server([this] { clock_.advance(Millis(61'000)); });
  const CliRun expired = croft_as(token, {"whoami"});
  EXPECT_EQ(expired.exit, 3) << expired;
  EXPECT_THAT(expired.err, AllOf(HasSubstr("expired"), HasSubstr("croft login")));
}

TEST_F(BadInput, OtherTenantsId) {
  make_shop();
  const auto project = parse_json(call("GET", "/projects/shop", "").body)->as_object();
  const auto process =
      parse_json(call("GET", "/processes", "").body)->at("items").at(0).as_object();
  const std::string project_id(project.at("id").as_string());
  const std::string process_id(process.at("id").as_string());
  const std::string bob = made_token("bob", UserRole::kMember);
  const auto before = everything();
  code();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"project", "show", project_id},
        {"project", "delete", "shop", "--confirm", "shop"},
        {"service", "show", project_id + "/api"},
        {"service", "delete", "shop/api", "--confirm", "api"},
        {"service", "env", "set", "shop/api", "A=1"},
        {"deploy", "shop/api", "code"},
        {"logs", "shop/api"},
        {"exec", "shop/api", "--", "true"},
        {"process", "show", process_id},
        {"process", "cancel", process_id}}) {
    const CliRun run = croft_as(bob, words);
    EXPECT_EQ(run.exit, 4) << run;
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(BadInput, EngineDown) {
  make_shop();
  code();
  on_server([this] { platform_.engine_down = true; });
  EXPECT_THAT(refused_deploy(8).err,
              AllOf(HasSubstr("container engine does not answer"), HasSubstr("is it running"),
                    HasSubstr("nothing was created")));
  const auto before = everything();
  write_file("other.yml", "project: {name: other}\nservices: [{hostname: a, type: static}]\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"project", "import", "other.yml"},
        {"service", "create", "shop/x", "--type", "static"}}) {
    const CliRun run = croft(words);
    EXPECT_EQ(run.exit, 8) << run;
    EXPECT_THAT(run.err, HasSubstr("container engine does not answer"));
  }
  EXPECT_EQ(everything(), before);
  const CliRun status = croft({"status"});
  EXPECT_EQ(status.exit, 1) << status;
  EXPECT_THAT(status.out, HasSubstr("start the container engine"));
}

TEST_F(BadInput, LessThanTwoGibFree) {
  make_shop();
  code();
  const auto before = everything();
  EXPECT_EQ(upload("").status, 400) << "an empty source, while there is room";
  EXPECT_EQ(everything(), before);
  on_server([this] { platform_.least_free_bytes = ~0ull; });
  EXPECT_THAT(refused_deploy().err, AllOf(HasSubstr("MiB are free"), HasSubstr("free some space"),
                                          HasSubstr("what runs goes on")));
  write_file("other.yml", "project: {name: other}\nservices: [{hostname: a, type: static}]\n");
  const CliRun import = croft({"project", "import", "other.yml"});
  EXPECT_EQ(import.exit, 1) << import;
  EXPECT_THAT(import.err, HasSubstr("free some space"));
  EXPECT_EQ(everything(), before);
  const CliRun json = croft({"deploy", "shop/api", "code", "--json"});
  EXPECT_THAT(json.err, HasSubstr(R"("code":"exhausted")"));
}

// The disk fills up between the check and the upload: the version goes with it.
TEST_F(BadInput, DiskFullDuringAnUpload) {
  make_shop();
  const auto before = everything();
  const boost::json::object body{{"config", "croft:\n  - setup: api\n    run: {start: node .}\n"}};
  const auto made = call("POST", "/projects/shop/services/api/versions",
                         boost::json::serialize(body), {{"Content-Type", "application/json"}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(everything(), Contains("version 1"));
  const std::string id(parse_json(made.body)->at("version").at("id").as_string());
  on_server([this] { platform_.least_free_bytes = ~0ull; });
  const auto answer = call("PUT", "/projects/shop/services/api/versions/" + id + "/source", "x",
                           {{"Content-Type", "application/x-tar"}});
  EXPECT_EQ(answer.status, 507) << answer.body;
  EXPECT_EQ(parse_json(answer.body)->at("code").as_string(), "exhausted");
  EXPECT_EQ(everything(), before);
}

// What a file asks for in vain is said.
TEST_F(BadInput, KeysWithoutEffectAreWarnedOf) {
  write_file("import.yml",
             "project: {name: shop, corePackage: SERIOUS}\nservices:\n"
             "  - hostname: db\n    type: postgresql@17\n    minContainers: 2\n"
             "    maxContainers: 2\n    ports: [{port: 9999}]\n"
             "  - hostname: api\n    type: nodejs@22\n    verticalAutoscaling: {minRam: 1}\n");
  const CliRun import = croft({"project", "import", "import.yml"});
  EXPECT_EQ(import.exit, 0) << import;
  EXPECT_THAT(import.err, AllOf(HasSubstr("import.yml:1:23: 'corePackage' has no effect"),
                                HasSubstr("db: 'minContainers' has no effect"),
                                HasSubstr("db: 'ports' has no effect"),
                                HasSubstr("import.yml:10:5: 'verticalAutoscaling' has no effect")));
  EXPECT_THAT(croft({"service", "show", "shop/db"}).out, HasSubstr("5432"));
  code("      documentRoot: public\n      volume: {hostname: files}\n");
  const CliRun deploy = croft({"deploy", "shop/api", "code", "--detach"});
  EXPECT_EQ(deploy.exit, 0) << deploy;
  EXPECT_THAT(deploy.err, AllOf(HasSubstr("croft.yml:8:7: 'documentRoot' has no effect"),
                                HasSubstr("croft.yml:9:7: 'volume' has no effect")));
}

}  // namespace
}  // namespace croft

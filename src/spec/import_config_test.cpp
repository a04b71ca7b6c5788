#include "spec/import_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace croft::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<ParsedImport> parse(std::string_view text, ImportKind kind = ImportKind::kAny) {
  static SeededRandom random(7);
  static const ManualClock clock;
  return parse_import("import.yml", text, {.kind = kind, .random = &random, .clock = &clock});
}

ImportFile parsed(std::string_view text) {
  auto result = parse(text);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().describe());
  return result ? result->file : ImportFile{};
}

std::vector<std::string> complaints(std::string_view text, ImportKind kind = ImportKind::kAny) {
  const auto result = parse(text, kind);
  std::vector<std::string> lines;
  if (result) return {"accepted"};
  for (const FieldError& e : result.error().fields()) {
    EXPECT_EQ(e.file, "import.yml");
    lines.push_back(fmt::format("{}:{} {} {}", e.line, e.column, e.pointer, e.message));
  }
  return lines;
}

std::string complaint(std::string_view service) {
  return complaints(fmt::format("services:\n  - {{hostname: a, type: t@1, {}}}\n", service)).at(0);
}

// Every key there is, as write_import puts it.
std::string full_file() {
  return read_file(std::string(CROFT_SOURCE_DIR) + "/tests/data/spec/import_full.yml").value();
}

TEST(Import, ReadsEveryKey) {
  const ImportFile file = parsed(full_file());
  EXPECT_EQ(file.project->name, "shop");
  EXPECT_EQ(file.project->description, "Two lines,\nthe second");
  EXPECT_THAT(file.project->tags, ElementsAre("one", "2"));
  EXPECT_EQ(file.project->env_isolation, Isolation::kNone);
  EXPECT_EQ(file.project->env_variables.at("MODE"), "on");
  ASSERT_EQ(file.services.size(), 4u);
  EXPECT_EQ(file.services[0].mode, Mode::kHa);
  EXPECT_EQ(file.services[0].priority, 10);
  EXPECT_EQ(file.services[0].profile_overrides.at("work_mem"), "4096");
  const ImportService& api = file.services[1];
  EXPECT_EQ(api.type.type.os, "alpine");
  EXPECT_EQ(api.env_secrets.at("KEY").reveal(), "line one\n  line two\n");
  EXPECT_EQ(api.build_from_git->url, "https://example.org/shop/api");
  EXPECT_EQ(api.build_from_git->ref, "main");
  EXPECT_EQ(api.setup, "prod");
  EXPECT_EQ(choose_setup(*api.inline_config, "prod", "")->run->start, "node .");
  EXPECT_EQ(api.vertical_autoscaling.min_ram, 0.25);
  EXPECT_EQ(api.vertical_autoscaling.swap_enabled, false);
  EXPECT_EQ(api.min_containers, 2);
  EXPECT_TRUE(api.ports[0].http) << "httpSupport is true by default in import files";
  EXPECT_FALSE(api.ports[1].http);
  EXPECT_FALSE(api.ports[2].http);
  EXPECT_EQ(file.services[3].object_storage_size, 2.0);
}

TEST(Import, TakesOldNames) {
  const ImportService service = parsed(R"(services:
  - hostname: a
    type: postgresql:ha@18
    verticalAutoscaling: {minVCpu: 2, maxVCpu: 4}
  - hostname: b
    type: nodejs@16
    pipelineConfig:
      build: {base: [nodejs@16], build: [npm i], deploy: [.]}
      run: {init: [x], start: y}
  - hostname: c
    type: nodejs@16
    zeropsYaml: |
      zerops:
        - setup: c
          run: {start: z}
)")
                                    .services.at(0);
  EXPECT_EQ(service.mode, Mode::kHa);
  EXPECT_EQ(service.type.type.text(), "postgresql@18");
  EXPECT_EQ(service.vertical_autoscaling.min_cpu, 2);
}

TEST(Import, ReadsInlineConfigurations) {
  const ImportFile file = parsed(R"(services:
  - hostname: b
    type: nodejs@16
    pipelineConfig:
      build: {base: [nodejs@16], build: [npm i], deploy: [.]}
      run: {init: [x], start: y}
  - hostname: c
    type: nodejs@16
    zeropsYaml: |
      zerops:
        - setup: c
          run: {start: z}
)");
  EXPECT_EQ(choose_setup(*file.services[0].inline_config, "", "b")->run->start, "y");
  EXPECT_EQ(choose_setup(*file.services[1].inline_config, "", "c")->run->start, "z");
  const std::string written = write_import(file);
  EXPECT_EQ(write_import(parsed(written)), written);
  EXPECT_THAT(complaints(R"(services:
  - hostname: b
    type: nodejs@16
    zeropsYaml: |
      zerops:
        - setup: c
          run: {strt: z}
)"),
              ElementsAre(HasSubstr("7:11 /services/0/zeropsYaml/zerops/0/run/strt unknown key")));
}

TEST(Import, ReadsDotenv) {
  const ImportService service = parsed(R"(services:
  - hostname: a
    type: nodejs@22
    dotEnvSecrets: |
      # comment
      export A=plain value # tail
      B="two\nlines $x"
      C='as # is \n'
      D=
      E="over
      lines"
)")
                                    .services.at(0);
  EXPECT_EQ(service.env_secrets.at("A").reveal(), "plain value");
  EXPECT_EQ(service.env_secrets.at("B").reveal(), "two\nlines $x");
  EXPECT_EQ(service.env_secrets.at("C").reveal(), "as # is \\n");
  EXPECT_EQ(service.env_secrets.at("D").reveal(), "");
  EXPECT_EQ(service.env_secrets.at("E").reveal(), "over\nlines");
  EXPECT_THAT(
      complaints("services:\n  - hostname: a\n    type: t\n    dotEnvSecrets: |\n      A=1\n"
                 "      oops\n"),
      ElementsAre("6:1 /services/0/dotEnvSecrets line 2: expected KEY=value"));
  EXPECT_THAT(complaint("envSecrets: {A: 1}, dotEnvSecrets: 'a=2'"), HasSubstr("set twice"));
}

TEST(Import, KeepsAnAppConfigurationBeside) {
  const ImportFile file =
      parsed("services:\n  - {hostname: a, type: t}\nzerops:\n  - setup: a\n    run: {start: x}\n");
  EXPECT_EQ(file.services.size(), 1u);
  EXPECT_EQ(file.app_config->setups.at(0).run->start, "x");
}

TEST(Import, ChecksProjectAgainstKind) {
  EXPECT_THAT(complaints("services: [{hostname: a, type: t}]", ImportKind::kProject),
              ElementsAre(HasSubstr("needs 'project:'")));
  EXPECT_THAT(complaints("project: {name: a}\nservices: []", ImportKind::kServices),
              ElementsAre(HasSubstr("1:1 /project services are added")));
  EXPECT_THAT(complaints("project: {}\n"), ElementsAre(HasSubstr("needs the key 'name'")));
  EXPECT_THAT(complaints("project: {name: a}\n"), ElementsAre("accepted"));
  EXPECT_THAT(complaints("x-a: &a {hostname: b, type: t}\n.c: 1\nservices: [*a]\n"),
              ElementsAre("accepted"));
  EXPECT_THAT(complaints("a: 1\n"),
              ElementsAre(HasSubstr("unknown key 'a'"), HasSubstr("'services:'")));
  EXPECT_THAT(complaints(""), ElementsAre(HasSubstr("empty file")));
}

TEST(Import, ChecksHostnames) {
  EXPECT_THAT(complaints("services:\n  - {hostname: a, type: t}\n  - {hostname: a, type: t}\n"),
              ElementsAre("2:16 /services/0/hostname the hostname 'a' is used again at 3:16",
                          "3:16 /services/1/hostname the hostname 'a' is already used at 2:16"));
  for (const char* name :
       {"my-api", "Api", "1api", "a_b", "''", "abcdefghijklmnopqrstuvwxyz", "ä"}) {
    EXPECT_THAT(complaints(fmt::format("services:\n  - {{hostname: {}, type: t}}\n", name)),
                ElementsAre(HasSubstr("2:16 /services/0/hostname")))
        << name;
  }
  EXPECT_THAT(complaints("services:\n  - {hostname: abcdefghijklmnopqrstuvwxy, type: t}\n"),
              ElementsAre("accepted"));
  EXPECT_THAT(complaints("services:\n  - {}\n"),
              ElementsAre(HasSubstr("'hostname'"), HasSubstr("'type'")));
}

TEST(Import, ChecksValues) {
  EXPECT_THAT(complaint("minContainers: 0"), HasSubstr("out of range: 1 to 10"));
  EXPECT_THAT(complaint("maxContainers: 20"), HasSubstr("20 is out of range: 1 to 10"));
  EXPECT_THAT(complaint("minContainers: 3, maxContainers: 2"), HasSubstr("is more than"));
  EXPECT_THAT(complaint("mode: ha"), HasSubstr("did you mean 'HA'?"));
  EXPECT_THAT(complaint("objectStorageSize: 0"), HasSubstr("out of range"));
  EXPECT_THAT(complaint("objectStoragePolicy: publc-read"),
              HasSubstr("did you mean 'public-read'?"));
  EXPECT_THAT(complaint("objectStoragePolicy: custom"), HasSubstr("needs objectStorageRawPolicy"));
  EXPECT_THAT(complaint("buildFromGit: git@example.org:a/b"), HasSubstr("https://HOST/OWNER/NAME"));
  EXPECT_THAT(complaint("buildFromGit: 'https://example.org'"),
              HasSubstr("https://HOST/OWNER/NAME"));
  EXPECT_THAT(complaint("envIsolation: all"), HasSubstr("not one of: service, none"));
  EXPECT_THAT(complaint("sshIsolation: vpn everyone"), HasSubstr("'everyone'"));
  EXPECT_THAT(complaint("priority: high"), HasSubstr("whole number"));
  EXPECT_THAT(complaint("verticalAutoscaling: {minRam: 4, maxRam: 2}"), HasSubstr("is more than"));
  EXPECT_THAT(complaint("verticalAutoscaling: {minFreeRamGB: 0, minFreeRamPercent: 0}"),
              HasSubstr("both 0"));
  EXPECT_THAT(complaint("verticalAutoscaling: {ramm: 4}"), HasSubstr("did you mean 'ram'?"));
  EXPECT_THAT(complaint("envVariables: {PATH: x}"), HasSubstr("set by the platform"));
  EXPECT_THAT(complaint("envVariables: {A: x}, envSecrets: {a: y}"), HasSubstr("a secret"));
  EXPECT_THAT(complaint("zeropsYaml: {zerops: []}, pipelineConfig: {zerops: []}"),
              HasSubstr("old name"));
  EXPECT_THAT(complaint("priorty: 1"), HasSubstr("did you mean 'priority'?"));
  EXPECT_THAT(complaints("services: [{hostname: a, type: 'postgresql:ha@1', mode: NON_HA}]").at(0),
              HasSubstr("contradicts"));
  EXPECT_THAT(complaints("services: [{hostname: a, type: 'postgresql:big@1'}]").at(0),
              HasSubstr("not a variant"));
  EXPECT_THAT(
      complaints("project: {name: x}\nservices: [{hostname: a, type: t, mount: [files]}]").at(0),
      HasSubstr("2:43 /services/0/mount/0 there is no service 'files'"));
  EXPECT_THAT(
      complaints(fmt::format("project: {{name: x, description: {}}}", std::string(256, 'x'))).at(0),
      HasSubstr("256 characters"));
}

TEST(Import, LimitsSize) {
  const auto result = parse("project: {name: x}\n" + std::string(kMaxImportBytes, '#'));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::kTooLarge);
}

TEST(Import, PreprocessesAndKeepsPlaces) {
  const ImportFile file = parsed(
      "#yamlPreprocessor=on\nservices:\n  - hostname: a\n    type: t\n    envSecrets:\n"
      "      KEY: <@generateRandomString(<12>)>\n");
  EXPECT_TRUE(file.preprocessed);
  EXPECT_EQ(file.services.at(0).env_secrets.at("KEY").reveal().size(), 12u);
  EXPECT_THAT(complaints("#yamlPreprocessor=on\nservices:\n  - hostname: a\n    type: t\n"
                         "    nginxConfig: |\n      <@generateED25519Key(<k>)>\n    bad: 1\n"),
              ElementsAre(HasSubstr("7:5 /services/0/bad unknown key")));
  EXPECT_THAT(complaints("#yamlPreprocessor=on\nproject: {name: <@nope(<a>)>}\n"),
              ElementsAre(HasSubstr("2:28  nope: function [nope] not found")));
  EXPECT_THAT(complaints("#yamlPreprocessor=on\nproject: {name: <a>\n"),
              ElementsAre(HasSubstr("not valid YAML")));
}

TEST(Import, WarnsOfThePreprocessorBeingOff) {
  const auto misplaced = parse("# x\n#yamlPreprocessor=on\nproject: {name: x}\n");
  ASSERT_TRUE(misplaced.has_value());
  EXPECT_EQ(misplaced->warnings.at(0).line, 2);
  const auto missing = parse("project: {name: '<@getVar(x)>'}\n");
  ASSERT_TRUE(missing.has_value());
  EXPECT_THAT(missing->warnings.at(0).message, HasSubstr("which is off"));
  const auto refused = parse_import("i.yml", "#yamlPreprocessor=on\nproject: {name: x}\n", {});
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace croft::spec

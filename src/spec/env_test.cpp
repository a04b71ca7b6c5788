#include "spec/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/env_key.h"
#include "spec/test_clock.h"

namespace croft::spec {
namespace {

using testing::HasSubstr;

// One service `app` beside a database, as in real projects.
ProjectVariables project(EnvVariables yaml) {
  return {.services = {{.hostname = "app",
                        .system = {{"hostname", "app"}, {"appVersionId", "v1"}},
                        .yaml = std::move(yaml),
                        .user = {{"SECRET", "s3cret"}}},
                       {.hostname = "db",
                        .system = {{"hostname", "db"},
                                   {"user", "db"},
                                   {"port", "5432"},
                                   {"connectionString",
                                    "postgresql://${user}:${password}@${hostname}:${port}"}},
                        .user = {{"password", "pa$$\"w\n"}}}},
          .project = {{"DOMAIN", "example.org"}}};
}

std::string value(const EnvVariables& yaml, const std::string& key = "X") {
  const ResolvedEnv env = resolve_env(project(yaml), "app");
  return env.variables.at(key);
}

std::vector<EnvWarning> warnings(const EnvVariables& yaml) {
  return resolve_env(project(yaml), "app").warnings;
}

TEST(Env, ResolvesReferences) {
  EXPECT_EQ(value({{"X", "plain $X $$ ${"}}), "plain $X $$ ${");
  EXPECT_EQ(value({{"X", "${SECRET}-${DOMAIN}-${hostname}"}}), "s3cret-example.org-app");
  EXPECT_EQ(value({{"X", "${db_user}@${db_hostname}"}}), "db@db");
  EXPECT_EQ(value({{"X", "${db_connectionString}/main"}}), "postgresql://db:pa$$\"w\n@db:5432/main")
      << "in the context of the other service, byte for byte";
  EXPECT_EQ(value({{"X", "a ${Y} b"}, {"Y", "${Z}"}, {"Z", "deep"}}), "a deep b");
  EXPECT_EQ(value({{"X", "${db_${KIND}}"}, {"KIND", "port"}}), "5432");
  EXPECT_EQ(value({{"X", "${A|stringify}"}, {"A", "say \"hi\"\n\\\x01"}}),
            "say \\\"hi\\\"\\n\\\\\\u0001");
}

TEST(Env, FollowsBareNamesOfOthersAndOfThePlatform) {
  EXPECT_EQ(value({{"X", "$db_user:$db_port/$hostname"}}), "db:5432/app");
  EXPECT_EQ(value({{"X", "$SECRET $Y $DOMAIN $db_nam $2b$10$ $$ a$"}, {"Y", "y"}}),
            "$SECRET $Y $DOMAIN $db_nam $2b$10$ $$ a$")
      << "any other $ is an ordinary character";
  EXPECT_TRUE(warnings({{"X", "$db_nam $Y"}}).empty());
}

TEST(Env, LeavesWhatDoesNotResolve) {
  EXPECT_EQ(value({{"X", "a ${db_nam} b"}}), "a ${db_nam} b");
  EXPECT_EQ(value({{"X", "${MISSING}"}}), "${MISSING}");
  EXPECT_EQ(value({{"X", "${A:-b} ${} ${a-b}"}}), "${A:-b} ${} ${a-b}");
  EXPECT_EQ(value({{"X", "${SECRET|upper}"}}), "${SECRET|upper}");
  EXPECT_EQ(value({{"X", "${MISSING|stringify}"}}), "${MISSING|stringify}");
  EXPECT_EQ(value({{"X", "${db_${MISSING}}"}}), "${db_${MISSING}}");
  const auto said = warnings({{"X", "a ${db_nam} b ${db_nam}"}});
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].key, "X");
  EXPECT_EQ(said[0].reference, "${db_nam}");
  EXPECT_TRUE(warnings({{"X", "${A:-b}"}}).empty()) << "a shell's expansion is not ours";
  EXPECT_EQ(value({{"X", "${db_DOMAIN}"}}), "${db_DOMAIN}") << "project variables have no prefix";
}

TEST(Env, LeavesCyclesAsTheyAre) {
  EXPECT_EQ(value({{"X", "${X}"}}), "${X}");
  EXPECT_THAT(warnings({{"X", "${X}"}}).at(0).message, HasSubstr("itself"));
  EXPECT_EQ(value({{"DOMAIN", "${DOMAIN}"}}, "DOMAIN"), "${DOMAIN}")
      << "a variable that shadows the project's does not see it";
  EXPECT_EQ(value({{"X", "x${Y}"}, {"Y", "y${X}"}}), "xy${X}");
  EXPECT_EQ(value({{"X", "x${Y}"}, {"Y", "y${X}"}}, "Y"), "yx${Y}");
  EXPECT_THAT(warnings({{"X", "x${Y}"}, {"Y", "y${X}"}}).at(0).message, HasSubstr("cycle"));
  ProjectVariables across = project({{"X", "${db_back}"}});
  across.services[1].yaml = {{"back", "<${app_X}>"}};
  EXPECT_EQ(resolve_env(across, "app").variables.at("X"), "<${app_X}>");
  EXPECT_EQ(find_reference_cycles({{"A", "${A}"}, {"B", "${nope}"}}).size(), 1u);
}

TEST(Env, TakesTheLongestHostname) {
  ProjectVariables input = project({{"X", "${a_b_c}"}});
  input.services.push_back({.hostname = "a", .user = {{"b_c", "short"}}});
  EXPECT_EQ(resolve_env(input, "app").variables.at("X"), "short");
  input.services.push_back({.hostname = "a_b", .user = {{"c", "long"}}});
  EXPECT_EQ(resolve_env(input, "app").variables.at("X"), "long");
  input.services[0].user["a_b_c"] = "own";
  EXPECT_EQ(resolve_env(input, "app").variables.at("X"), "own");
}

TEST(Env, StrongerScopesWin) {
  ProjectVariables input = project({{"A", "yaml"}, {"B", "yaml"}, {"hostname", "yaml"}});
  input.services[0].user = {{"A", "user"}, {"C", "user"}};
  input.project = {{"A", "project"}, {"B", "project"}, {"C", "project"}, {"D", "project"}};
  const EnvVariables env = resolve_env(input, "app").variables;
  EXPECT_EQ(env.at("A"), "yaml");
  EXPECT_EQ(env.at("B"), "yaml");
  EXPECT_EQ(env.at("C"), "user");
  EXPECT_EQ(env.at("D"), "project");
  EXPECT_EQ(env.at("hostname"), "app") << "the platform's own";
  EXPECT_FALSE(env.contains("db_user")) << "isolated by default";
  EXPECT_TRUE(resolve_env(input, "nobody").variables.empty());
}

TEST(Env, ShowsSiblingsWithoutIsolation) {
  ProjectVariables input = project({{"db_user", "own"}});
  input.isolation = Isolation::kNone;
  EnvVariables env = resolve_env(input, "app").variables;
  EXPECT_EQ(env.at("db_port"), "5432");
  EXPECT_EQ(env.at("db_connectionString"), "postgresql://db:pa$$\"w\n@db:5432");
  EXPECT_EQ(env.at("db_user"), "own");
  EXPECT_FALSE(env.contains("db_DOMAIN"));
  input.services[1].isolation = Isolation::kService;
  EXPECT_FALSE(resolve_env(input, "app").variables.contains("db_port"));
  input.isolation = Isolation::kService;
  input.services[1].isolation = Isolation::kNone;
  EXPECT_TRUE(resolve_env(input, "app").variables.contains("db_port"));
}

TEST(Env, SeparatesBuildFromRuntime) {
  const ProjectVariables input = project({{"X", "run ${hostname}"}});
  const EnvVariables env =
      resolve_build_env(input, "app",
                        {{"A", "${RUNTIME_X}"}, {"B", "${X}"}, {"C", "${A}!"}, {"D", "${db_port}"}})
          .variables;
  EXPECT_EQ(env.at("A"), "run app");
  EXPECT_EQ(env.at("B"), "${X}") << "not without the prefix";
  EXPECT_EQ(env.at("C"), "run app!");
  EXPECT_EQ(env.at("D"), "5432");
  EXPECT_EQ(env.at("DOMAIN"), "example.org");
  EXPECT_FALSE(env.contains("SECRET"));
}

TEST(Env, StopsExplosions) {
  EnvVariables bomb = {{"A00", std::string(1000, 'x')}};
  for (int i = 1; i < 40; ++i) {
    bomb[fmt::format("A{:02}", i)] = fmt::format("${{A{:02}}}${{A{:02}}}", i - 1, i - 1);
  }
  const double start = cpu_seconds();
  const ResolvedEnv env = resolve_env(project(bomb), "app");
  std::size_t total = 0;
  for (const auto& [key, text] : env.variables) total += text.size();
  EXPECT_LT(total, 5u << 20);
  EXPECT_FALSE(env.warnings.empty());
  EXPECT_LT(cpu_seconds() - start, 10.0);

  std::string underscores;
  for (int i = 0; i < 50'000; ++i) underscores += "a_";
  EXPECT_EQ(value({{"X", "${" + underscores + "}$" + underscores}}),
            "${" + underscores + "}$" + underscores);

  EnvVariables chain = {{"B0000", "end"}};
  for (int i = 1; i < 300; ++i) {
    chain[fmt::format("B{:04}", i)] = fmt::format("${{B{:04}}}", i - 1);
  }
  EXPECT_EQ(resolve_env(project(chain), "app").variables.at("B0100"), "end");
}

TEST(EnvKey, KnowsTheGrammar) {
  for (const char* key : {"A", "_", "a1", "PHP_INI_memory_limit", "ZEROPS_X", "path"}) {
    EXPECT_EQ(describe_env_key_error(key), "") << key;
  }
  for (const char* key : {"", "1A", "A-B", "A.B", "A B", "Á", "A=", "PATH", "zeropsX", "croftY"}) {
    EXPECT_NE(describe_env_key_error(key), "") << key;
  }
  EXPECT_FALSE(is_env_key(std::string(256, 'A')));
}

}  // namespace
}  // namespace croft::spec

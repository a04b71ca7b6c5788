#include "spec/app_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ParsedAppConfig parsed(std::string_view text, std::string_view file = "zerops.yml") {
  auto result = parse_app_config(file, text);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().describe());
  return result ? *result : ParsedAppConfig{};
}

// "line:column pointer message" of every complaint.
std::vector<std::string> complaints(std::string_view text, std::string_view file = "croft.yml") {
  const auto result = parse_app_config(file, text);
  std::vector<std::string> lines;
  if (result) return {"accepted"};
  for (const FieldError& e : result.error().fields()) {
    EXPECT_EQ(e.file, file);
    lines.push_back(fmt::format("{}:{} {} {}", e.line, e.column, e.pointer, e.message));
  }
  return lines;
}

constexpr std::string_view kFull = R"(croft:
  - setup: api
    build:
      os: ubuntu
      base: [nodejs@22, python@3.11]
      prepareCommands: [apt-get update]
      buildCommands:
        - npm ci
        - |
          npm run build
          npm prune
      deployFiles: [dist/~, package.json]
      cache: [node_modules]
      addToRunPrepare: setup.sh
      envVariables: {NODE_ENV: production, WORKERS: 4, DEBUG: false, RATE: 1.50}
    deploy:
      readinessCheck:
        httpGet: {port: 3000, path: /ready, host: example.org, scheme: https}
        failureTimeout: 60
        retryPeriod: 5
      temporaryShutdown: true
    run:
      base: nodejs@22
      prepareCommands: [sh setup.sh]
      initCommands: [npm run migrate]
      startCommands:
        - {command: npm start, name: web, workingDir: /srv, user: root, initCommands: [x]}
        - command: npm run worker
      documentRoot: public/
      siteConfigPath: site.conf.tmpl
      envReplace: {target: [a.js, b.js], delimiter: "%%"}
      envVariables: {DB: "${db_connectionString}"}
      ports:
        - {port: 3000, httpSupport: true}
        - {port: 3001, protocol: udp, description: game}
      healthCheck:
        exec: {command: ./check}
        failureTimeout: 60
        disconnectTimeout: 30
        recoveryTimeout: 20
        execPeriod: 10
      crontab:
        - {timing: "0 5 * * *", command: ./clean, allContainers: true, workingDir: /tmp}
      routing:
        root: dist
        cors: "*"
        redirects: [{from: /old/*, to: /new, status: 302, preservePath: true, preserveQuery: true}]
        headers: [{for: /*, values: {X-A: "'b'"}}]
      volume: {hostname: files, mountPath: /data, readOnly: true}
)";

TEST(AppConfig, ReadsEveryBuildAndDeployKey) {
  const spec::Setup setup = parsed(kFull, "croft.yml").config.setups.at(0);
  EXPECT_EQ(setup.name, "api");
  EXPECT_EQ(setup.at, (Position{2, 5}));
  EXPECT_EQ(setup.build->os, "ubuntu");
  EXPECT_EQ(setup.build->bases.at(1).type.name, "python");
  EXPECT_THAT(setup.build->build_commands, ElementsAre("npm ci", "npm run build\nnpm prune\n"));
  EXPECT_THAT(setup.build->deploy_files, ElementsAre("dist/~", "package.json"));
  EXPECT_THAT(std::get<1>(setup.build->cache), ElementsAre("node_modules"));
  EXPECT_THAT(setup.build->add_to_run_prepare, ElementsAre("setup.sh"));
  EXPECT_EQ(setup.build->env_variables.at("WORKERS"), "4");
  EXPECT_EQ(setup.build->env_variables.at("RATE"), "1.50") << "numbers stay as written";
  EXPECT_EQ(setup.build->env_variables.at("DEBUG"), "false");
  const ReadinessCheck check = *setup.deploy.readiness_check;
  EXPECT_EQ(std::get<HttpGet>(check.probe).scheme, "https");
  EXPECT_EQ(std::get<HttpGet>(check.probe).host, "example.org");
  EXPECT_EQ(check.failure_timeout, 60);
  EXPECT_EQ(check.retry_period, 5);
  EXPECT_TRUE(setup.deploy.temporary_shutdown);
}

TEST(AppConfig, ReadsEveryRunKey) {
  const spec::Run run = *parsed(kFull, "croft.yml").config.setups.at(0).run;
  EXPECT_EQ(run.base->type.text(), "nodejs@22");
  EXPECT_EQ(run.start_commands.at(0).user, "root");
  EXPECT_EQ(run.start_commands.at(0).working_dir, "/srv");
  EXPECT_EQ(run.start_commands.at(1).command, "npm run worker");
  EXPECT_EQ(run.document_root, "public");
  EXPECT_THAT(run.env_replace->targets, ElementsAre("a.js", "b.js"));
  EXPECT_THAT(run.env_replace->delimiters, ElementsAre("%%"));
  EXPECT_TRUE(run.ports.at(0).http);
  EXPECT_EQ(run.ports.at(1).protocol, Protocol::kUdp);
  EXPECT_FALSE(run.ports.at(1).http);
  EXPECT_EQ(std::get<Exec>(run.health_check->probe).command, "./check");
  EXPECT_EQ(run.health_check->exec_period, 10);
  EXPECT_EQ(run.crontab.at(0).timing, "0 5 * * *");
  EXPECT_TRUE(run.crontab.at(0).all_containers);
  EXPECT_EQ(run.routing->redirects.at(0).status, 302);
  EXPECT_EQ(run.routing->headers.at(0).values.at("X-A"), "'b'");
  EXPECT_TRUE(run.volume->read_only);
}

TEST(AppConfig, ReadsTheFormOf2021) {
  const AppConfig config =
      parsed("use: [ nodejs@14 ]\nrun: [ npm i, npm run build ]\ndeploy: [ dist ]\n").config;
  EXPECT_EQ(config.generation, Generation::kSingle);
  const Build& build = *config.setups.at(0).build;
  EXPECT_EQ(build.bases.at(0).text, "nodejs@14");
  EXPECT_THAT(build.build_commands, ElementsAre("npm i", "npm run build"));
  EXPECT_THAT(build.deploy_files, ElementsAre("dist"));
  EXPECT_EQ(choose_setup(config, "", "anything"), &config.setups[0]);
  const AppConfig block = parsed("use: []\nruns: |\n  npm i\n  npm test\ndeploy: dist\n").config;
  EXPECT_THAT(block.setups.at(0).build->build_commands, ElementsAre("npm i\nnpm test\n"));
}

TEST(AppConfig, ReadsTheMapByHostnameOf2021To2023) {
  const AppConfig config = parsed(R"(.shared: &shared
  base: [ nodejs@18 ]
app:
  build:
    <<: *shared
    prepare: [ a ]
    build: [ b ]
    deploy: [ c ]
    cache: [ d ]
  run: { prepare: [ e ], init: [ f ], start: g }
api:
  run: { start: node . }
)")
                               .config;
  EXPECT_EQ(config.generation, Generation::kHostMap);
  ASSERT_EQ(config.setups.size(), 2u);
  const spec::Setup& app = *choose_setup(config, "", "app");
  EXPECT_EQ(app.build->bases.at(0).type.version, "18");
  EXPECT_THAT(app.build->prepare_commands, ElementsAre("a"));
  EXPECT_THAT(app.build->build_commands, ElementsAre("b"));
  EXPECT_THAT(app.build->deploy_files, ElementsAre("c"));
  EXPECT_THAT(app.run->init_commands, ElementsAre("f"));
  EXPECT_FALSE(config.setups[1].build.has_value()) << "deploy-only";
}

TEST(AppConfig, ExtendsKeyByKey) {
  const AppConfig config = parsed(R"(zerops:
  - setup: base
    build: { buildCommands: [a, b], deployFiles: x, envVariables: { K: base, L: base } }
    run: { base: nodejs@22, envVariables: { A: 1, B: 2, C: 3 }, ports: [{port: 80}] }
  - setup: other
    run: { base: python@3.11, start: other, healthCheck: { exec: { command: c } } }
  - setup: child
    extends: [base, other]
    build: { buildCommands: [c] }
    run: { envVariables: { B: two, C: }, healthCheck: { httpGet: { port: 80, path: / } } }
)")
                               .config;
  const spec::Setup& child = *choose_setup(config, "child", "");
  EXPECT_EQ(child.name, "child");
  EXPECT_THAT(child.extends, ElementsAre("base", "other"));
  EXPECT_THAT(child.build->build_commands, ElementsAre("c")) << "lists are replaced";
  EXPECT_THAT(child.build->deploy_files, ElementsAre("x"));
  EXPECT_EQ(child.build->env_variables.at("K"), "base");
  EXPECT_EQ(child.run->base->text, "python@3.11") << "later parents win";
  EXPECT_EQ(child.run->start, "other");
  EXPECT_EQ(child.run->env_variables, (EnvVariables{{"A", "1"}, {"B", "two"}}));
  EXPECT_TRUE(std::holds_alternative<HttpGet>(child.run->health_check->probe))
      << "a check is replaced as a whole";
  EXPECT_EQ(child.run->ports.size(), 1u);
}

TEST(AppConfig, ReportsInheritedMistakesOnceAndWhereTheyAre) {
  EXPECT_THAT(complaints(R"(croft:
  - setup: base
    run: { ports: [{port: 99999}] }
  - setup: a
    extends: base
  - setup: b
    extends: base
)"),
              ElementsAre("3:27 /croft/0/run/ports/0/port 99999 is out of range: 10 to 65435"));
}

TEST(AppConfig, RefusesBadExtends) {
  EXPECT_THAT(complaints("croft:\n  - {setup: a, extends: b}\n  - {setup: b, extends: [a]}\n"),
              ElementsAre(HasSubstr("extends itself")));
  EXPECT_THAT(complaints("croft:\n  - {setup: base}\n  - {setup: b, extends: bose}\n"),
              ElementsAre("3:25 /croft/1/extends there is no setup 'bose' to extend; "
                          "did you mean 'base'?"));
  std::string chain = "croft:\n  - {setup: s0}\n";
  for (int i = 1; i < 20; ++i) chain += fmt::format("  - {{setup: s{}, extends: s{}}}\n", i, i - 1);
  EXPECT_EQ(complaints(chain), (std::vector<std::string>{"accepted"}))
      << "in file order every parent is known already";
  std::string upward = "croft:\n";
  for (int i = 0; i < 20; ++i)
    upward += fmt::format("  - {{setup: s{}, extends: s{}}}\n", i, i + 1);
  upward += "  - {setup: s20}\n";
  EXPECT_THAT(complaints(upward).at(0), HasSubstr("deeper than 10 levels"));
}

TEST(AppConfig, RefusesExtendsThatExplode) {
  std::string text = "croft:\n  - setup: s0\n    run:\n      envVariables:\n";
  for (int i = 0; i < 2000; ++i) text += fmt::format("        K{}: v\n", i);
  for (int i = 1; i < 200; ++i) text += fmt::format("  - {{setup: s{}, extends: s0}}\n", i);
  EXPECT_THAT(complaints(text).at(0), HasSubstr("grow beyond"));
}

TEST(AppConfig, NamesUnknownKeysAndTheNearest) {
  EXPECT_THAT(
      complaints(
          "croft:\n  - setup: a\n    build:\n      deployFile: dist\n      deployFiles: x\n"),
      ElementsAre("4:7 /croft/0/build/deployFile unknown key 'deployFile' in build; "
                  "did you mean 'deployFiles'?"));
  EXPECT_THAT(complaints("croft:\n  - setup: a\n    runn: {}\n"),
              ElementsAre(HasSubstr("did you mean 'run'?")));
  EXPECT_THAT(complaints("croft:\n  - setup: a\n    run: {zzz: 1}\n"),
              ElementsAre(HasSubstr("known here: os, base")));
  EXPECT_THAT(complaints("croft: []\nother: 1\n"), ElementsAre(HasSubstr("unknown key 'other'")));
}

TEST(AppConfig, KeepsHarmlessExtrasOfZeropsFilesAsWarnings) {
  const auto result =
      parsed("zerops:\n  - setup: a\n    run: {mount: [files]}\nextra: 1\nx-anchor: {}\n");
  ASSERT_EQ(result.warnings.size(), 2u);
  EXPECT_EQ(result.warnings[0].pointer, "/zerops/0/run/mount");
  EXPECT_EQ(result.warnings[0].line, 3);
  EXPECT_EQ(result.warnings[1].pointer, "/extra");
  EXPECT_EQ(complaints("croft:\n  - setup: a\n    run: {mount: [files]}\n").size(), 1u);
}

TEST(AppConfig, CollectsWrongTypes) {
  EXPECT_THAT(
      complaints(R"(croft:
  - setup: [a]
  - setup: b
    build: {base: {}, buildCommands: npm i, deployFiles: 5, cache: {}}
    deploy: [x]
    run: {start: [a], ports: 80, envVariables: [A], initCommands: [{}, ""]}
)"),
      ElementsAre("2:5 /croft/0 a setup needs a name: 'setup: NAME'",
                  "2:12 /croft/0/setup expected text, found a list",
                  "4:19 /croft/1/build/base expected text, found a mapping",
                  "4:38 /croft/1/build/buildCommands expected a list of texts, found text 'npm i'",
                  "4:68 /croft/1/build/cache expected text or a list of texts, found a mapping",
                  "5:13 /croft/1/deploy expected a mapping (deploy), found a list",
                  "6:18 /croft/1/run/start expected text, found a list",
                  "6:30 /croft/1/run/ports expected a list, found a number '80'",
                  "6:48 /croft/1/run/envVariables expected variables as KEY: value, found a list",
                  "6:68 /croft/1/run/initCommands/0 expected text, found a mapping",
                  "6:72 /croft/1/run/initCommands/1 must not be empty"));
}

TEST(AppConfig, ChecksValues) {
  const auto one = [](std::string_view run) {
    return complaints(fmt::format("croft:\n  - setup: a\n    run: {{{}}}\n", run)).at(0);
  };
  EXPECT_THAT(one("ports: [{port: 9}]"), HasSubstr("out of range"));
  EXPECT_THAT(one("ports: [{port: '3000'}]"), HasSubstr("whole number"));
  EXPECT_THAT(one("ports: [{port: 3000}, {port: 3000}]"), HasSubstr("3000/tcp is listed twice"));
  EXPECT_THAT(one("ports: [{port: 53, protocol: udp, httpSupport: true}]"), HasSubstr("tcp only"));
  EXPECT_THAT(one("ports: [{port: 53, protocol: upd}]"), HasSubstr("did you mean 'udp'?"));
  EXPECT_THAT(one("ports: [{protocol: udp}]"), HasSubstr("needs the key 'port'"));
  EXPECT_THAT(one("healthCheck: {}"), HasSubstr("needs one of httpGet and exec"));
  EXPECT_THAT(one("healthCheck: {exec: {command: a}, httpGet: {port: 1, path: /}}"),
              HasSubstr("not both"));
  EXPECT_THAT(one("healthCheck: {httpGet: {path: /}}"), HasSubstr("needs the key 'port'"));
  EXPECT_THAT(one("healthCheck: {exec: {command: a}, failureTimeout: 30s}"),
              HasSubstr("whole number"));
  EXPECT_THAT(one("crontab: [{timing: '* * * *', command: a}]"), HasSubstr("five fields"));
  EXPECT_THAT(one("envVariables: {1A: x}"), HasSubstr("cannot name a variable"));
  EXPECT_THAT(one("envVariables: {PATH: x}"), HasSubstr("set by the platform"));
  EXPECT_THAT(one("envVariables: {zeropsX: x}"), HasSubstr("set by the platform"));
  EXPECT_THAT(one("envVariables: {abc: x, ABC: y}"), HasSubstr("only in case"));
  EXPECT_THAT(one("base: 'node js'"), HasSubstr("is not a type"));
  EXPECT_THAT(one("os: windows"), HasSubstr("not one of: alpine, ubuntu"));
  EXPECT_THAT(one("documentRoot: ../etc"), HasSubstr("leads out"));
  EXPECT_THAT(one("routing: {redirects: [{from: /, to: 'https://a.b'}]}"), HasSubstr("'status'"));
  EXPECT_THAT(one("envReplace: {target: a}"), HasSubstr("needs the key 'delimiter'"));
}

TEST(AppConfig, ChecksBuild) {
  EXPECT_THAT(complaints("croft:\n  - setup: a\n    build: {deployFiles: [a~b~c]}\n"),
              ElementsAre(HasSubstr("more than one ~")));
  EXPECT_THAT(complaints("croft:\n  - setup: a\n    build: {buildCommands: [x]}\n"),
              ElementsAre(HasSubstr("needs 'deployFiles'")));
  EXPECT_THAT(complaints("croft:\n  - setup: a\n    build: {deployFiles: a, deploy: b}\n"),
              ElementsAre(HasSubstr("old name")));
  EXPECT_THAT(parsed("zerops:\n  - setup: a\n    build: {deploy: b}\n")
                  .config.setups.at(0)
                  .build->deploy_files,
              ElementsAre("b"));
}

TEST(AppConfig, LocatesDuplicateSetupsAtBothPlaces) {
  EXPECT_THAT(
      complaints("croft:\n  - setup: a\n  - setup: a\n"),
      ElementsAre(HasSubstr("2:12 /croft/0/setup the setup 'a' is defined again at 3:12"),
                  HasSubstr("3:12 /croft/1/setup the setup 'a' is already defined at 2:12")));
}

TEST(AppConfig, AsksTheResolver) {
  const TypeResolver resolver = [](const TypeRef& type, TypeRole role) -> TypeAnswer {
    if (type.name == "nodejs" && role == TypeRole::kRunBase) return {};
    return {TypeAnswer::Verdict::kUnknownType, "nodejs@22"};
  };
  const auto result = parse_app_config("zerops.yml",
                                       "zerops:\n  - setup: a\n    build: {base: nod@1, "
                                       "deployFiles: .}\n    run: {base: nodejs@1}\n",
                                       resolver);
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_EQ(result->warnings[0].message,
            "the catalog has no type 'nod@1'; the nearest is 'nodejs@22'");
  EXPECT_EQ(result->warnings[0].pointer, "/zerops/0/build/base");
}

TEST(AppConfig, RefusesOtherDocuments) {
  EXPECT_THAT(complaints(""), ElementsAre(HasSubstr("empty")));
  EXPECT_THAT(complaints("just text"), ElementsAre(HasSubstr("expected a mapping")));
  EXPECT_THAT(complaints("croft: {setup: a}"), ElementsAre(HasSubstr("expected a list")));
  EXPECT_THAT(complaints("version: 3\n"), ElementsAre(HasSubstr("neither a service")));
  EXPECT_THAT(complaints("croft: []\nzerops: []\n"), ElementsAre(HasSubstr("the same key")));
}

}  // namespace
}  // namespace croft::spec

#include "plan/init_plan.h"

#include <gtest/gtest.h>

#include "plan/site_rules.h"
#include "spec/app_config.h"

namespace croft {
namespace {

catalog::ServiceType nodejs() {
  catalog::ServiceType type;
  type.name = "nodejs";
  type.start_required = true;
  type.env = {{"NODE_ENV", "production"}};
  return type;
}

catalog::ServiceType static_site() {
  catalog::ServiceType type;
  type.name = "static";
  type.start = {"/croft/bin/start-nginx"};
  type.document_root = ".";
  type.ports = {{.port = {.port = 80, .http = true}, .scheme = "http"}};
  return type;
}

spec::Setup setup_of(const std::string& text) {
  auto parsed = spec::parse_app_config("croft.yml", text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().describe());
  return parsed->config.setups.at(0);
}

TEST(InitPlan, TakesCommandsChecksAndPortsFromTheSetup) {
  const spec::Setup setup = setup_of(R"(croft:
  - setup: api
    deploy:
      readinessCheck: { httpGet: { port: 3000, path: /healthz }, failureTimeout: 20 }
    run:
      initCommands: [node migrate.js]
      start: node server.js
      ports: [{ port: 3000, httpSupport: true }, { port: 5353, protocol: udp }]
      healthCheck: { exec: { command: test -f ok }, disconnectTimeout: 7 }
)");
  const auto init =
      plan_runtime_init(setup, nodejs(), {{"NODE_ENV", "test"}, {"A", "b"}}, {"fd::1"});
  ASSERT_TRUE(init) << init.error().describe();
  EXPECT_EQ(init->env.at("NODE_ENV"), "test");
  EXPECT_EQ(init->init_commands, std::vector<std::string>{"node migrate.js"});
  EXPECT_EQ(init->processes.at(0).command, "node server.js");
  EXPECT_EQ(init->ports, std::vector<std::uint16_t>{3000});
  EXPECT_EQ(init->readiness->probe.http_port, 3000);
  EXPECT_EQ(init->readiness->failure_timeout_s, 20);
  EXPECT_EQ(init->health->probe.command, "test -f ok");
  EXPECT_EQ(init->health->disconnect_timeout_s, 7);
  EXPECT_EQ(plan_ports(setup, nodejs()).size(), 2u);
}

TEST(InitPlan, StartCommandsKeepTheirUserAndFolder) {
  const spec::Setup setup = setup_of(R"(croft:
  - setup: api
    run:
      startCommands:
        - { command: node a.js, name: web, user: www-data, workingDir: /srv, initCommands: [x] }
        - command: node b.js
)");
  const auto init = plan_runtime_init(setup, nodejs(), {}, {});
  ASSERT_TRUE(init) << init.error().describe();
  ASSERT_EQ(init->processes.size(), 2u);
  EXPECT_EQ(init->processes[0].user, "www-data");
  EXPECT_EQ(init->processes[0].workdir, "/srv");
  EXPECT_EQ(init->processes[0].init_commands, std::vector<std::string>{"x"});
  EXPECT_EQ(init->processes[1].user, "");
  EXPECT_EQ(init->processes[1].name, "2");
}

TEST(InitPlan, RefusesARuntimeWithoutAStartCommand) {
  const spec::Setup setup =
      setup_of("croft:\n  - setup: api\n    run: { ports: [{ port: 3000 }] }\n");
  const auto init = plan_runtime_init(setup, nodejs(), {}, {});
  ASSERT_FALSE(init);
  EXPECT_NE(init.error().message().find("run.start"), std::string::npos);
}

TEST(InitPlan, AStaticSiteStartsItsOwnServer) {
  const spec::Setup setup = setup_of(
      "croft:\n  - setup: web\n    run: { documentRoot: public, siteConfigPath: site.conf.tmpl "
      "}\n");
  const auto init = plan_runtime_init(setup, static_site(), {}, {});
  ASSERT_TRUE(init);
  EXPECT_EQ(init->processes.at(0).argv.at(0), "/croft/bin/start-nginx");
  EXPECT_EQ(init->env.at("CROFT_DOCUMENT_ROOT"), "public");
  EXPECT_EQ(init->env.at("CROFT_SITE_CONFIG"), "site.conf.tmpl");
  EXPECT_EQ(init->ports, std::vector<std::uint16_t>{80});
}

TEST(SiteRules, RedirectsAndHeaders) {
  spec::Routing routing;
  routing.cors = "*";
  routing.redirects = {{.from = "/old", .to = "/new", .status = 301, .preserve_query = true},
                       {.from = "/app/*", .to = "/index.html"}};
  routing.headers = {{.for_path = "/*", .values = {{"X-Frame-Options", "DENY"}}}};
  const auto rules = nginx_rules(routing);
  ASSERT_TRUE(rules);
  EXPECT_NE(rules->find("location = \"/old\" {\n  return 301 \"/new$is_args$args\";\n}"),
            std::string::npos)
      << *rules;
  EXPECT_NE(rules->find("location ^~ \"/app/\" {"), std::string::npos) << *rules;
  EXPECT_NE(rules->find("rewrite ^ \"/index.html\" last;"), std::string::npos) << *rules;
  EXPECT_NE(rules->find("add_header \"X-Frame-Options\" \"DENY\" always;"), std::string::npos);
}

// That nginx serves these is tested in tests/integration/site.
TEST(SiteRules, ARewriteOntoItselfPassesTheSecondTime) {
  spec::Routing routing;
  routing.redirects = {{.from = "/old", .to = "/new", .status = 301},
                       {.from = "/*", .to = "/index.html"}};
  const auto rules = nginx_rules(routing);
  ASSERT_TRUE(rules);
  EXPECT_NE(rules->find("location \"/\" {\n  uninitialized_variable_warn off; "
                        "if ($croft_rewritten_1 = \"\") { set $croft_rewritten_1 1; "
                        "rewrite ^ \"/index.html\" last; }\n}"),
            std::string::npos)
      << *rules;
  EXPECT_EQ(rules->find("^~"), std::string::npos)
      << "regular expressions, such as .php, come first";
}

// nginx does not start with two locations of one path.
TEST(SiteRules, RulesOfOnePathShareOneLocation) {
  spec::Routing routing;
  routing.headers = {{.for_path = "/old/*", .values = {{"X-A", "1"}}},
                     {.for_path = "/old/", .values = {{"X-B", "2"}}},
                     {.for_path = "/page", .values = {{"X-C", "3"}}}};
  routing.redirects = {{.from = "/old/*", .to = "/new/", .status = 301},
                       {.from = "/page", .to = "/other"}};
  const auto rules = nginx_rules(routing);
  ASSERT_TRUE(rules);
  EXPECT_EQ(*rules,
            "location ^~ \"/old/\" {\n"
            "  add_header \"X-A\" \"1\" always;\n"
            "  add_header \"X-B\" \"2\" always;\n"
            "  return 301 \"/new/\";\n"
            "}\n"
            "location = \"/page\" {\n"
            "  add_header \"X-C\" \"3\" always;\n"
            "  uninitialized_variable_warn off; if ($croft_rewritten_1 = \"\") "
            "{ set $croft_rewritten_1 1; rewrite ^ \"/other\" last; }\n"
            "  try_files $uri $uri.html $uri/index.html /index.html =404;\n"
            "}\n");
  routing.redirects.push_back({.from = "/old/", .to = "/elsewhere", .status = 302});
  const auto twice = nginx_rules(routing);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message().find("/old/* and /old/ are the same path"), std::string::npos)
      << twice.error().message();
}

TEST(SiteRules, HeadersDoNotHideTheProgramBehindAPath) {
  spec::Routing routing;
  routing.headers = {{.for_path = "/app/*", .values = {{"X-A", "1"}}},
                     {.for_path = "/x.php", .values = {{"X-A", "1"}}}};
  const auto rules = nginx_rules(routing);
  ASSERT_TRUE(rules);
  EXPECT_NE(rules->find("location \"/app/\" {"), std::string::npos) << *rules;
  EXPECT_NE(rules->find("location \"/x.php\" {"), std::string::npos) << *rules;
}

TEST(SiteRules, AValueCannotAddDirectives) {
  spec::Routing routing;
  routing.headers = {{.for_path = "/*", .values = {{"X", "a\"; return 200; #"}}}};
  const auto rules = nginx_rules(routing);
  ASSERT_TRUE(rules);
  EXPECT_NE(rules->find(R"("a\"; return 200; #")"), std::string::npos) << *rules;
  routing.headers[0].values["X"] = "a\nreturn 200;";
  EXPECT_FALSE(nginx_rules(routing));
  routing.headers.clear();
  routing.redirects = {{.from = "/x", .to = "https://example.com/"}};
  EXPECT_FALSE(nginx_rules(routing));
}

}  // namespace
}  // namespace croft

// A10 and A11: what belongs to somebody else, by every door of the API.
#include "abuse_fixture.h"
#include "app/environment.h"
#include "app/resolve.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

class Tenants : public Abuse {
 protected:
  Tenants() {
    version_ = new_version(owner_, "/projects/shop/services/api");
    const Reply restart = ask("POST", "/projects/shop/services/db/restart", owner_);
    const auto processes = parse_json(ask("GET", "/processes", owner_).body);
    for (const auto& one : processes->at("items").as_array()) {
      if (one.at("project_id") == parse_json(ask("GET", "/projects/shop", owner_).body)->at("id")) {
        process_ = std::string(one.at("id").as_string());
      }
    }
    EXPECT_FALSE(process_.empty()) << restart;
    for (const char* name : {"shop", "den"}) {
      const auto json = parse_json(ask("GET", std::string("/projects/") + name, owner_).body);
      (std::string(name) == "shop" ? project_ : own_) = std::string(json->at("id").as_string());
    }
  }

  struct Names {
    std::string project, service, version, process;
  };
  std::string answer(const std::string& method, std::string path, const Names& names,
                     const std::string& body) {
    for (const auto& [mark, name] :
         {std::pair("{project}", names.project), std::pair("{service}", names.service),
          std::pair("{version}", names.version), std::pair("{id}", names.process),
          std::pair("{key}", std::string("hostname"))}) {
      path = replaced(path, mark, name);
    }
    const Reply reply = attack(method, path, body);
    auto json = parse_json(reply.body);
    if (json && json->is_object()) json->as_object().erase("request_id");
    std::string text = json ? boost::json::serialize(*json) : reply.body;
    // Short names stand within ids and words, too; messages name the project only.
    for (const std::string& name : {names.process, names.version, names.project}) {
      if (name.size() > 3) text = replaced(text, name, "*");
    }
    return std::to_string(reply.status) + " " + text;
  }

  // A body that the contract would take there, so that it is the place that is refused.
  std::string body_for(const std::string& path, std::string method) {
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const auto& operation = contract_.at("paths").at(path).at(method).as_object();
    const boost::json::value* body = operation.if_contains("requestBody");
    if (body == nullptr) return "";
    const auto* form = body->at("content").as_object().if_contains("application/json");
    if (form == nullptr) return "";
    return boost::json::serialize(sample(contract_, form->at("schema").as_object()));
  }

  std::string version_, process_, project_, own_;
};

// Every route, by name and by id: the same answer as for something that does not exist.
TEST_F(Tenants, A10NothingOfAnotherTenantAnswersAnywhere) {
  const std::string before = victim();
  const Names nothing{"nonesuch", "nix", std::string(22, 'a'), std::string(22, 'b')};
  int tried = 0;
  for (const auto& route : router_.routes()) {
    const std::string path = replaced(route->path, "/api/v1", "");
    if (path.find('{') == std::string::npos || path.starts_with("/tokens")) continue;
    const std::string body = body_for(path, route->method);
    const bool process = path.find("/processes/") != std::string::npos;
    // Machines are the platform's, whichever there are: refused before anything is looked up.
    const bool platforms = path.starts_with("/nodes/") && route->method != "GET";
    const std::string_view refused = platforms ? "403" : "404";
    for (const Names& theirs :
         {Names{"shop", "api", version_, process_}, Names{project_, "db", "1", process_}}) {
      const std::string seen = answer(route->method, path, theirs, body);
      const std::string expected = answer(route->method, path, nothing, body);
      EXPECT_EQ(seen, expected) << route->method << " " << path;
      EXPECT_TRUE(seen.starts_with(refused)) << route->method << " " << path << "\n" << seen;
      ++tried;
    }
    if (process || path.find("{version}") == std::string::npos) continue;
    // Another's version below one's own service.
    const std::string mixed = answer(route->method, path, {"den", "pit", version_, ""}, body);
    EXPECT_TRUE(mixed.starts_with("404")) << route->method << " " << path << "\n" << mixed;
  }
  EXPECT_GT(tried, 60);
  EXPECT_EQ(victim(), before);
}

TEST_F(Tenants, A10NothingOfAnotherTenantInListsAndBodies) {
  const std::string before = victim();
  for (const char* list :
       {"/projects", "/processes", "/audit", "/tokens", "/processes?project=den"}) {
    const Reply reply = attack("GET", list);
    EXPECT_EQ(reply.status, 200) << list << reply;
    for (const std::string& trace : {std::string("shop"), project_, process_, version_}) {
      EXPECT_EQ(reply.body.find(trace), std::string::npos) << list << " shows " << trace;
    }
  }
  for (const std::string& project : {std::string("shop"), project_}) {
    for (const char* query : {"/processes?project=", "/audit?project="}) {
      EXPECT_EQ(attack("GET", query + project).status, 404) << query << project;
    }
    const boost::json::object token{{"name", "t"}, {"project", project}};
    EXPECT_EQ(attack("POST", "/tokens", boost::json::serialize(token)).status, 404);
    const boost::json::object import{{"project", project},
                                     {"yaml", "services:\n  - hostname: x\n    type: nodejs@22\n"}};
    EXPECT_EQ(attack("POST", "/import", boost::json::serialize(import)).status, 404);
  }
  EXPECT_EQ(attack("POST", "/projects/den/services/pit/rollback",
                   boost::json::serialize(boost::json::object{{"version", version_}}))
                .status,
            404);
  EXPECT_EQ(victim(), before);
}

TEST_F(Tenants, A10WhatIsThePlatformsIsAuditedWhenATenantAsks) {
  for (const auto& [method, target] :
       {std::pair("GET", "/doctor"), std::pair("GET", "/audit/verification"),
        std::pair("PATCH", "/platform/limits"), std::pair("PATCH", "/nodes/anode"),
        std::pair("POST", "/nodes/anode/drain"), std::pair("DELETE", "/nodes/anode")}) {
    const std::size_t before = refusals().size();
    const Reply reply = attack(method, target, method == std::string("PATCH") ? "{}" : "");
    EXPECT_EQ(reply.status, 403) << target << reply;
    const auto after = refusals();
    ASSERT_EQ(after.size(), before + 1) << target;
    EXPECT_EQ(after.back().actor, "mallory");
    EXPECT_NE(after.back().action.find(target), std::string::npos) << after.back().action;
    EXPECT_EQ(after.back().peer, "127.0.0.1");
  }
  EXPECT_EQ(figures().denied, 6) << "croft_authz_denied_total";
}

TEST_F(Tenants, A10TheStatusShowsNothingOfAnotherTenant) {
  on_server([this] {
    for (const char* name : {"core shop", "disk of shop/api", "core den", "disk of den/pit"}) {
      platform_.more_components.push_back({.name = name, .status = "degraded"});
    }
  });
  const std::string seen = attack("GET", "/status").body;
  EXPECT_EQ(seen.find("shop"), std::string::npos) << seen;
  EXPECT_NE(seen.find("core den"), std::string::npos) << seen;
  EXPECT_NE(seen.find("disk of den/pit"), std::string::npos) << seen;
  EXPECT_NE(ask("GET", "/status", owner_).body.find("disk of shop/api"), std::string::npos);
}

// A11: a reference names a service of the own project, or nothing.
TEST_F(Tenants, A11ReferencesToAnothersSecrets) {
  const std::string secret = change([&](Tx& tx) -> Result<std::string> {
    auto project = find_project(tx, Scope::platform(), "shop");
    if (!project) return fail(std::move(project).error());
    auto service = find_service(tx, Scope::platform(), *project, "db");
    if (!service) return fail(std::move(service).error());
    auto environment = runtime_environment(tx, {*project, *service}, {});
    if (!environment) return fail(std::move(environment).error());
    return environment->values.at("password");
  });
  ASSERT_FALSE(secret.empty());
  const std::map<std::string, std::string> wanted = {{"A", "${db_password}"},
                                                     {"B", "${shop_db_password}"},
                                                     {"C", "${shop.db.password}"},
                                                     {"D", "${{shop.db.password}}"},
                                                     {"E", "${../shop/db_password}"},
                                                     {"F", "${SHOP_DB_PASSWORD}"},
                                                     {"G", "${d\xD0\xB0_password}"},
                                                     {"H", "${" + project_ + "_db_password}"},
                                                     {"LOOP1", "${LOOP2}"},
                                                     {"LOOP2", "${LOOP1}"},
                                                     {"SELF", "x${SELF}"},
                                                     {"INJECT", "1\nPATH=/evil"},
                                                     {"OPEN", "${"},
                                                     {"DEEP", "${A${B${C}}}"}};
  for (const auto& [key, value] : wanted) {
    const Reply reply = attack("PUT", "/projects/den/services/pit/variables/" + key,
                               boost::json::serialize(boost::json::object{{"value", value}}));
    EXPECT_LT(reply.status, 300) << key << reply;
  }
  std::string bomb(60'000, 'x');
  for (int i = 0; i < 12; ++i) {
    const std::string key = "BOMB" + std::to_string(i);
    attack("PUT", "/projects/den/services/pit/variables/" + key,
           boost::json::serialize(boost::json::object{{"value", bomb}}));
    bomb.clear();
    for (int k = 0; k < 50; ++k) bomb += "${" + key + "}";
  }
  const auto environment = change([&](Tx& tx) -> Result<ResolvedEnvironment> {
    auto project = find_project(tx, Scope::platform(), "den");
    if (!project) return fail(std::move(project).error());
    auto service = find_service(tx, Scope::platform(), *project, "pit");
    if (!service) return fail(std::move(service).error());
    return runtime_environment(tx, {*project, *service}, {});
  });
  std::size_t bytes = 0;
  for (const auto& [key, value] : environment.values) {
    EXPECT_EQ(value.find(secret), std::string::npos) << key;
    bytes += value.size();
  }
  EXPECT_LT(bytes, 8u << 20) << "12 variables that hold each other 50 times";
  for (const char* key : {"A", "B", "C", "D", "E", "F", "G", "H", "LOOP1", "OPEN"}) {
    EXPECT_EQ(environment.values.at(key).substr(0, 2), "${") << "stays as it was written: " << key;
  }
  EXPECT_EQ(environment.values.at("INJECT"), "1\nPATH=/evil") << "one value, not two variables";
  EXPECT_FALSE(environment.values.contains("PATH"));
  EXPECT_GE(environment.warnings.size(), 8u) << "the owner is told, of each";
  for (const spec::EnvWarning& warning : environment.warnings) {
    EXPECT_EQ(warning_text(warning).find(secret), std::string::npos);
  }
}

}  // namespace
}  // namespace croft

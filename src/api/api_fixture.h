// For tests: the API with a store, an owner and a member, and no sockets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "api/fake_exchange.h"
#include "api/openapi_text.h"
#include "api/problem.h"
#include "api/routes.h"
#include "base/json_codec.h"
#include "store/audit.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/store_fixture.h"
#include "store/tokens.h"
#include "store/users.h"
#include "task/group.h"

namespace croft {

inline constexpr const char* kPassword = "correct horse battery";

class ApiTest : public StoreTest {
 protected:
  ApiTest() : StoreTest(StoreKind::kInline) {
    store().on_events([this](std::int64_t) { changes_.notify(); });
    add_auth_routes(router_, context_);
    add_project_routes(router_, context_);
    add_variable_routes(router_, context_);
    add_read_routes(router_, context_);
    add_process_routes(router_, context_);
    add_event_routes(router_, context_);
    add_audit_routes(router_, context_);
    add_limits_routes(router_, context_);
    add_meta_routes(router_, context_);
    owner_ = token_of(user("ann", UserRole::kOwner), {TokenScope::kAdmin}, {});
    member_ = token_of(user("bob", UserRole::kMember), {TokenScope::kAdmin}, {});
  }

  UserId user(const std::string& name, UserRole role) {
    return must(write([&](Tx& tx) {
             return create_user(tx, Scope::platform(), {.name = name, .role = role});
           }))
        .id;
  }
  std::string token_of(const UserId& id, std::vector<TokenScope> scopes, const ProjectId& project) {
    const Secret token = make_token(random_);
    must(write([&](Tx& tx) {
      return create_token(tx, Scope::platform(),
                          {.user_id = id,
                           .name = "t",
                           .hash = sha256_hex(token.reveal()),
                           .scopes = scopes,
                           .project_id = project});
    }));
    return token.reveal();
  }

  // One request; `body` empty: none.
  FakeExchange::Answer call(const std::string& method, const std::string& target,
                            const std::string& token, const std::string& body = "",
                            HttpHeaders headers = {}) {
    if (!token.empty()) headers.set("Authorization", "Bearer " + token);
    if (!body.empty() && !headers.find("Content-Type")) {
      headers.set("Content-Type", "application/json");
    }
    FakeExchange exchange(method, target, std::move(headers), body);
    runtime_.run_until_done(frame_.handle(exchange));
    return exchange.answer();
  }
  boost::json::object get(const std::string& path) {
    const auto answer = call("GET", "/api/v1" + path, owner_);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return parse_json(answer.body)->as_object();
  }
  std::string make_project(const std::string& name) {
    const auto made = call("POST", "/api/v1/projects", owner_, R"({"name":")" + name + R"("})");
    EXPECT_EQ(made.status, 201) << made.body;
    return std::string(parse_json(made.body)->at("id").as_string());
  }
  Process make_process(const std::string& project) {
    return must(write([&](Tx& tx) {
      return create_process(tx, Scope::platform(),
                            {.project_id = *ProjectId::parse(project), .kind = "deploy"});
    }));
  }

  const catalog::Catalog catalog_ = must(catalog::Catalog::from({}));
  AppContext app_{.store = store(),
                  .catalog = catalog_,
                  .clock = clock_,
                  .random = random_,
                  .platform = {},
                  .wake = {},
                  .cancel = {}};
  Pool pool_{1};
  Auth auth_{store(), pool_, clock_, random_, {.passes = 1, .memory_bytes = 8192}};
  Broadcast changes_{runtime_};
  ApiContext context_{app_, auth_, runtime_, changes_, "abc123", "0.1.0"};
  Router router_;
  ApiHandlerFrame frame_{context_, router_};
  std::string owner_;
  std::string member_;
};

// The members of an answer are those that the contract lists, and all that it requires.
inline void expect_fits(const boost::json::object& answer, const std::string& schema_name) {
  static const auto contract = parse_json(kOpenApiText)->as_object();
  const auto& schema = contract.at("components").at("schemas").at(schema_name).as_object();
  for (const auto& required : schema.at("required").as_array()) {
    EXPECT_TRUE(answer.contains(required.as_string())) << schema_name << " lacks " << required;
  }
  for (const auto& [key, value] : answer) {
    EXPECT_TRUE(schema.at("properties").as_object().contains(key)) << schema_name << " has " << key;
  }
}

}  // namespace croft

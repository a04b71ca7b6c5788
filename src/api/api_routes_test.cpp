// Walks every route: who may call it, whom it hides what from, and whether the contract knows it.
#include "api/api_fixture.h"

namespace croft {
namespace {

class ApiRoutes : public ApiTest {};

// Replaces {names} of a template by something that has their form.
std::string filled(const std::string& path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '{') {
      text += path[i];
      continue;
    }
    i = path.find('}', i);
    text += "0123456789012345678901";
  }
  return text;
}

TEST_F(ApiRoutes, EveryRouteRefusesStrangersAndWeakTokens) {
  const UserId ann = user("weak", UserRole::kOwner);
  const std::string reader = token_of(ann, {TokenScope::kRead}, {});
  const std::string deployer = token_of(ann, {TokenScope::kDeploy}, {});
  const std::string none = token_of(ann, {}, {});
  ASSERT_GT(router_.routes().size(), 25u);
  for (const auto& route : router_.routes()) {
    const std::string name = route->method + " " + route->path;
    const auto status = [&](const std::string& token) {
      return call(route->method, filled(route->path), token).status;
    };
    if (route->access == Access::kPublic) {
      EXPECT_NE(status(""), 401) << name;
      continue;
    }
    EXPECT_EQ(status(""), 401) << name;
    EXPECT_EQ(status("croft_wrong"), 401) << name;
    EXPECT_EQ(status(none), 403) << name;
    // Every access above reading is refused to a token that may only read.
    if (route->access != Access::kRead) EXPECT_EQ(status(reader), 403) << name;
    if (route->access > Access::kDeploy) EXPECT_EQ(status(deployer), 403) << name;
  }
}

// Another tenant's object answers exactly like a missing one, on every route that names a project.
TEST_F(ApiRoutes, EveryRouteHidesAnotherTenantsObjects) {
  const std::string project = make_project("shop");
  const std::string process = make_process(project).id.str();
  must(write([&](Tx& tx) {
    return create_service(tx, Scope::platform(),
                          {.project_id = *ProjectId::parse(project), .hostname = "api"});
  }));
  const auto replaced = [](std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
    return text;
  };
  const std::string missing_id = ProcessId::generate(random_).str();
  for (const auto& route : router_.routes()) {
    if (route->path.find("{project}") == std::string::npos &&
        route->path.find("/processes/{id}") == std::string::npos) {
      continue;
    }
    const std::string name = route->method + " " + route->path;
    const auto body =
        route->path.ends_with("variables") ? R"({"variables":[]})" : R"({"value":"x"})";
    const bool patch = route->method == "PATCH" || route->method == "POST";
    const auto ask = [&](const std::string& project_text, const std::string& id) {
      std::string path = replaced(route->path, "{project}", project_text);
      path = replaced(replaced(path, "{service}", "api"), "{id}", id);
      path = replaced(replaced(path, "{key}", "A"), "{version}", "1");
      const bool sends = route->body == BodyKind::kJson;
      auto answer = call(route->method, path, member_, sends ? (patch ? "{}" : body) : "");
      auto problem = parse_json(answer.body)->as_object();
      problem.erase("request_id");
      return std::to_string(answer.status) + replaced(boost::json::serialize(problem), id, "*");
    };
    const std::string seen = replaced(ask("shop", process), "project shop", "project *");
    const std::string expected = replaced(ask("none", missing_id), "project none", "project *");
    EXPECT_EQ(seen, expected) << name;
    EXPECT_TRUE(seen.starts_with("404")) << name << seen;
  }
}

TEST_F(ApiRoutes, EveryRouteIsInTheContractAndDemandsATokenWhereThatSays) {
  const auto contract = parse_json(kOpenApiText)->as_object();
  const auto& paths = contract.at("paths").as_object();
  for (const auto& route : router_.routes()) {
    if (!route->path.starts_with(kApiPrefix)) continue;  // /healthz, /readyz
    const std::string path = route->path.substr(std::string_view(kApiPrefix).size());
    std::string method = route->method;
    for (char& c : method) c = static_cast<char>(c | 0x20);
    const auto* item = paths.if_contains(path);
    ASSERT_NE(item, nullptr) << path;
    const auto* operation = item->as_object().if_contains(method);
    ASSERT_NE(operation, nullptr) << method << " " << path;
    const auto* security = operation->as_object().if_contains("security");
    const bool is_public = security != nullptr && security->as_array().empty();
    EXPECT_EQ(is_public, route->access == Access::kPublic) << method << " " << path;
    const bool has_body = operation->as_object().contains("requestBody");
    if (has_body) EXPECT_NE(route->body, BodyKind::kNone) << method << " " << path;
  }
}

TEST_F(ApiRoutes, AnswersHaveTheMembersOfTheContract) {
  const std::string project = make_project("shop");
  make_process(project);
  must(write([&](Tx& tx) {
    return create_service(tx, Scope::platform(),
                          {.project_id = *ProjectId::parse(project), .hostname = "api"});
  }));
  const auto first = [&](const std::string& path) {
    const auto page = get(path);
    EXPECT_FALSE(page.at("items").as_array().empty()) << path;
    return page.at("items").at(0).as_object();
  };
  expect_fits(first("/projects"), "Project");
  expect_fits(first("/processes"), "Process");
  expect_fits(first("/projects/shop/services"), "Service");
  expect_fits(first("/tokens"), "Token");
  expect_fits(get("/whoami"), "Whoami");
  expect_fits(get("/whoami").at("user").as_object(), "User");
  expect_fits(get("/setup"), "SetupState");
  call("PUT", "/api/v1/projects/shop/variables/A", owner_, R"({"value":"1"})");
  expect_fits(first("/projects/shop/variables"), "Variable");
  const auto problem = call("GET", "/api/v1/projects/none", owner_);
  expect_fits(parse_json(problem.body)->as_object(), "Problem");
}

TEST(Router, LiteralsWinAndParametersAreOneSegment) {
  Router router;
  const ApiHandler handler = [](ApiRequest&) -> Task<Result<ApiResponse>> {
    co_return empty_response(204);
  };
  router.add({"GET", "/a/{x}", Access::kRead, BodyKind::kNone, handler});
  router.add({"GET", "/a/b", Access::kRead, BodyKind::kNone, handler});
  EXPECT_EQ(router.match("GET", "/a/b").route->path, "/a/b");
  const auto match = router.match("HEAD", "/a/c");
  EXPECT_EQ(match.route->path, "/a/{x}");
  EXPECT_EQ(match.params.at("x"), "c");
  for (const char* path : {"/a", "/a/", "/a/b/c", "/", "/A/b"}) {
    EXPECT_EQ(router.match("GET", path).route, nullptr) << path;
  }
  EXPECT_EQ(router.match("PUT", "/a/b").route, nullptr);
  EXPECT_EQ(router.match("PUT", "/a/b").allowed, (std::vector<std::string>{"GET"}));
}

}  // namespace
}  // namespace croft

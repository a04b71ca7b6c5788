// A13 to A17: tokens that want more, sessions, other origins, terminals.
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "abuse_fixture.h"
#include "app/resolve.h"
#include "store/instance_sets.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/versions.h"
#include "task/signal.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

class Tokens : public Abuse {
 protected:
  void expect_denied_and_audited(const Reply& reply, const std::string& what) {
    EXPECT_EQ(reply.status, 403) << what << reply;
    const auto denied = refusals();
    ASSERT_FALSE(denied.empty()) << what;
    EXPECT_NE(denied.back().action.find(what), std::string::npos) << denied.back().action;
    EXPECT_FALSE(denied.back().token_id.empty()) << what;
    EXPECT_FALSE(denied.back().reason.empty()) << what;
  }
};

TEST_F(Tokens, A13AReaderWritesNothing) {
  const std::string reader = token_of(mallory_, "read");
  const auto before = everything();
  expect_denied_and_audited(ask("DELETE", "/projects/den", reader), "DELETE /api/v1/projects/den");
  expect_denied_and_audited(ask("PUT", "/projects/den/variables/A", reader, R"({"value":"x"})"),
                            "variables/A");
  expect_denied_and_audited(ask("POST", "/projects/den/services/pit/restart", reader), "restart");
  expect_denied_and_audited(ask("POST", "/projects", reader, R"({"name":"more"})"), "/projects");
  EXPECT_EQ(everything(), before);
}

TEST_F(Tokens, A13ATokenOfOneProjectSeesOne) {
  const std::string limited = token_of(owner_, "admin", "den");
  EXPECT_THAT(ask("GET", "/projects", limited).body, Not(HasSubstr("shop")));
  EXPECT_EQ(ask("GET", "/projects/shop", limited).status, 404);
  EXPECT_EQ(ask("DELETE", "/projects/shop", limited).status, 404);
  expect_denied_and_audited(ask("POST", "/projects", limited, R"({"name":"more"})"), "/projects");
  expect_denied_and_audited(ask("GET", "/doctor", limited), "/doctor");
  // What it makes is limited too.
  const Reply child = ask("POST", "/tokens", limited, R"({"name":"c","scopes":["admin"]})");
  ASSERT_EQ(child.status, 201) << child;
  const std::string made(parse_json(child.body)->at("token").as_string());
  EXPECT_EQ(ask("GET", "/projects/shop", made).status, 404);
  EXPECT_EQ(ask("POST", "/tokens", limited, R"({"name":"c","project":"shop"})").status, 404);
}

TEST_F(Tokens, A13ATokenMakesNoStrongerOne) {
  for (const char* scope : {"read", "deploy", "write"}) {
    const std::string weak = token_of(mallory_, scope);
    expect_denied_and_audited(ask("POST", "/tokens", weak, R"({"name":"c","scopes":["admin"]})"),
                              "/tokens");
  }
  const Reply passing =
      attack("POST", "/tokens", R"({"name":"p","scopes":["read"],"expires_in_s":60})");
  const std::string brief(parse_json(passing.body)->at("token").as_string());
  expect_denied_and_audited(
      ask("POST", "/tokens", brief, R"({"name":"c","scopes":["read"],"expires_in_s":86400})"),
      "/tokens");
}

TEST_F(Tokens, A13AndA14RevokedAndExpiredAreOverAtOnce) {
  const Reply made =
      attack("POST", "/tokens", R"({"name":"r","scopes":["read"],"expires_in_s":60})");
  const auto json = parse_json(made.body);
  const std::string token(json->at("token").as_string());
  const std::string id(json->at("info").at("id").as_string());
  EXPECT_EQ(ask("GET", "/whoami", token).status, 200);
  EXPECT_EQ(ask("DELETE", "/tokens/" + id, owner_).status, 404) << "nobody revokes another's";
  EXPECT_EQ(attack("DELETE", "/tokens/" + id).status, 204);
  EXPECT_EQ(ask("GET", "/whoami", token).status, 401);
  const Reply other =
      attack("POST", "/tokens", R"({"name":"e","scopes":["read"],"expires_in_s":60})");
  const std::string brief(parse_json(other.body)->at("token").as_string());
  on_server([this] { clock_.advance(Millis(61'000)); });
  EXPECT_EQ(ask("GET", "/whoami", brief).status, 401);
  EXPECT_EQ(attack("POST", "/logout").status, 204);
  EXPECT_EQ(attack("GET", "/whoami").status, 401) << "log-out ends the token itself";
}

TEST_F(Tokens, A13AndA14ATokenCountsInItsHeaderOnly) {
  for (const char* name : {"token", "access_token", "api_key", "authorization", "bearer"}) {
    EXPECT_EQ(ask("GET", std::string("/whoami?") + name + "=" + owner_, "").status, 401) << name;
    const std::string cookie = std::string("Cookie: ") + name + "=" + owner_ + "\r\n";
    EXPECT_EQ(ask("GET", "/whoami", "", "", cookie).status, 401) << name;
    const std::string header = std::string("X-") + name + ": " + owner_ + "\r\n";
    EXPECT_EQ(ask("GET", "/whoami", "", "", header).status, 401) << name;
  }
  EXPECT_EQ(ask("GET", "/whoami", "", "", "Authorization: Basic " + owner_ + "\r\n").status, 401);
}

// There are no cookies: a browser sends nothing on its own that would count.
TEST_F(Tokens, A14AndA15NothingIsKeptInABrowser) {
  for (const Reply& reply : {ask("GET", "/whoami", owner_), ask("GET", "/setup", ""),
                             ask("POST", "/login", "", R"({"user":"ann","password":"x"})")}) {
    EXPECT_THAT(reply.head, Not(HasSubstr("Set-Cookie"))) << reply;
    EXPECT_THAT(reply.head, Not(HasSubstr("Access-Control-Allow"))) << reply;
    EXPECT_THAT(reply.head, HasSubstr("X-Content-Type-Options: nosniff")) << reply;
  }
  const Reply preflight =
      ask("OPTIONS", "/projects", "", "",
          "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n");
  EXPECT_THAT(preflight.head, Not(HasSubstr("Access-Control-Allow"))) << preflight;
}

TEST_F(Tokens, A15WhatAFormCanSendIsRefused) {
  const auto before = everything();
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "text/plain; application/json", ""}) {
    const std::string header =
        std::string("Content-Type: ") + type + "\r\nOrigin: https://evil.example\r\n";
    const Reply reply = ask("POST", "/projects", owner_, R"({"name":"forged"})", header);
    EXPECT_EQ(reply.status, 400) << type << reply;
  }
  for (const char* header : {"X-HTTP-Method-Override: DELETE\r\n", "X-Method-Override: DELETE\r\n",
                             "X-HTTP-Method: DELETE\r\n"}) {
    EXPECT_EQ(ask("GET", "/projects/den", owner_, "", header).status, 200) << header;
  }
  EXPECT_EQ(ask("GET", "/projects/den?_method=DELETE", owner_).status, 200);
  EXPECT_EQ(everything(), before);
}

TEST_F(Tokens, A15LookingChangesNothing) {
  attack("GET", "/whoami");  // a token's last use is noted once a minute
  ask("GET", "/whoami", owner_);
  const auto before = everything();
  const std::size_t trail = audit().size();
  int tried = 0;
  for (const auto& route : router_.routes()) {
    const bool live = route->path.ends_with("/events") || route->path.ends_with("/exec");
    if (route->method != "GET" || live || !route->path.starts_with("/api/v1")) continue;
    std::string path = route->path.substr(7);
    for (const auto& [mark, name] :
         {std::pair("{project}", "den"), std::pair("{service}", "pit"), std::pair("{key}", "A"),
          std::pair("{version}", "1"), std::pair("{id}", "1")}) {
      const auto at = path.find(mark);
      if (at != std::string::npos) path.replace(at, std::string(mark).size(), name);
    }
    EXPECT_LT(ask("GET", path, owner_).status, 500) << path;
    ++tried;
  }
  EXPECT_GT(tried, 20);
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(audit().size(), trail);
}

// A process that says nothing and never ends.
class Silent final : public engine::ExecSession {
 public:
  explicit Silent(Runtime& runtime) : never_(runtime) {}
  Task<Result<std::optional<engine::Output>>> read() override {
    for (;;) co_await never_.wait_for(Millis(600'000));
  }
  Task<Status> write(std::string, Millis) override { co_return Status(); }
  Task<Status> close_stdin() override { co_return Status(); }
  Task<Status> resize(std::uint16_t, std::uint16_t, Millis) override { co_return Status(); }
  Task<Result<int>> exit_code(Millis) override { co_return 0; }

 private:
  Signal never_;
};

class Terminals : public Tokens {
 protected:
  Terminals() {
    change([](Tx& tx) -> Result<InstanceSet> {
      auto project = find_project(tx, Scope::platform(), "den");
      if (!project) return fail(std::move(project).error());
      auto service = find_service(tx, Scope::platform(), *project, "pit");
      if (!service) return fail(std::move(service).error());
      NewInstanceSet set{.service_id = service->id};
      set.version_id = must(create_version(tx, Scope::platform(), {.service_id = service->id})).id;
      return create_instance_set(tx, Scope::platform(), set);
    });
    on_server([this] {
      platform_.live = {
          {.id = "task", .container_id = "own-container", .name = "pit-1", .running = true}};
      platform_.run_command = [this](const std::string& container,
                                     const std::vector<std::string>& command) {
        container_ = container;
        command_ = command;
        return std::make_unique<Silent>(runtime_);
      };
    });
  }

  std::string handshake(const std::string& target, const std::string& token,
                        const std::string& more = "") {
    return "GET /api/v1" + target +
           " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + more +
           (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
  }
  // An open connection after the handshake; reads what came with it.
  Fd open(const std::string& request, std::string& answer);

  std::string container_;
  std::vector<std::string> command_;
};

constexpr const char* kExec = "/projects/den/services/pit/exec";

TEST_F(Terminals, A16AndA17WhoMayNotOpenOne) {
  const std::string cmd = std::string(kExec) + "?cmd=sh";
  const std::string evil = "Origin: https://evil.example\r\n";
  std::string answer;
  open(handshake(cmd, "", evil), answer);
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 401"));
  open(handshake(cmd + "&token=" + mallory_, "", "Cookie: token=" + mallory_ + "\r\n"), answer);
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 401"));
  const std::string victims = "/projects/shop/services/api/exec?cmd=sh";
  EXPECT_EQ(attack("GET", victims).status, 404);
  const std::string reader = token_of(mallory_, "read");
  expect_denied_and_audited(ask("GET", cmd, reader), "/exec");
  expect_denied_and_audited(ask("GET", cmd, token_of(mallory_, "deploy")), "/exec");
  EXPECT_TRUE(container_.empty()) << "a command ran";
}

TEST_F(Terminals, A17OnlyInstancesOfThatServiceAndOneArgumentList) {
  const auto upgraded = [this](const std::string& query) {
    std::string answer;
    open(handshake(std::string(kExec) + query, mallory_), answer);
    return answer;
  };
  for (const char* instance : {"victims-container", "core", "../own-container", "own-container%2Fx",
                               "0123456789ab", "own-container"}) {
    EXPECT_THAT(upgraded(std::string("?cmd=sh&instance=") + instance), HasSubstr(" 404 "))
        << instance;
  }
  EXPECT_TRUE(container_.empty()) << "a command ran";
  EXPECT_THAT(
      upgraded("?cmd=--privileged&cmd=-u&cmd=0%3Aroot&cmd=%3B%20id&user=root&privileged=true"),
      HasSubstr(" 101 "));
  EXPECT_EQ(container_, "own-container");
  EXPECT_EQ(command_, (std::vector<std::string>{"--privileged", "-u", "0:root", "; id"}));
}

TEST_F(Terminals, A16AndA17AreAuditedAndHugeFramesEndThem) {
  std::string answer;
  const Fd socket =
      open(handshake(std::string(kExec) + "?cmd=sh&cmd=-c&cmd=evil%0Aline", mallory_), answer);
  ASSERT_THAT(answer, HasSubstr(" 101 "));
  auto trail = audit();
  ASSERT_FALSE(trail.empty());
  EXPECT_EQ(trail.back().action, "service.exec") << "before it ends";
  EXPECT_EQ(trail.back().object, "service den/pit: sh -c evil line");
  // A masked binary frame that announces 100 MiB.
  const std::string frame("\x82\xff\x00\x00\x00\x00\x06\x40\x00\x00\x01\x02\x03\x04", 14);
  ASSERT_EQ(::send(socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL), 14);
  std::string end;
  char buffer[512];
  for (ssize_t n = 1; n > 0;
       end.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0)))) {
    n = ::recv(socket.get(), buffer, sizeof buffer, 0);
  }
  EXPECT_THAT(end, HasSubstr(std::string("\x03\xf1", 2))) << "closed with 1009";
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (audit().back().action != "service.exec.end" && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  EXPECT_EQ(audit().back().action, "service.exec.end");
  EXPECT_THAT(audit().back().object, HasSubstr("service den/pit: the client left after"));
}

TEST_F(Terminals, A16OneUserCannotTakeAllStreams) {
  std::vector<Fd> open_ones;
  std::string answer;
  for (int i = 0; i < 256; ++i) {
    open_ones.push_back(open(handshake(std::string(kExec) + "?cmd=sh", mallory_), answer));
    ASSERT_THAT(answer, HasSubstr(" 101 ")) << i;
  }
  open(handshake(std::string(kExec) + "?cmd=sh", mallory_), answer);
  EXPECT_THAT(answer, HasSubstr(" 429 "));
  EXPECT_EQ(figures().rate_limited, 1) << "croft_api_rate_limited_total";
  EXPECT_EQ(ask("GET", "/whoami", owner_).status, 200);
}

Fd Terminals::open(const std::string& request, std::string& answer) {
  Fd socket = connect_to_server();
  ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  answer.clear();
  char buffer[4096];
  while (answer.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  note_answer(answer);
  return socket;
}

}  // namespace
}  // namespace croft

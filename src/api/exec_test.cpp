// Terminals end when their right or their use does, and the audit trail says how (abuse cases A16
// and A17). On virtual time.
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>

#include "api/api_fixture.h"
#include "api/no_platform.h"
#include "api/routes_live.h"
#include "store/instance_sets.h"
#include "store/variables.h"
#include "store/versions.h"
#include "task/virtual_time.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Millis kMinute{60'000};

struct Seen {
  std::uint16_t closed_with = 0;
  std::string sent;
};

// A client that says nothing and keeps the connection open.
class SilentClient final : public WebSocket {
 public:
  explicit SilentClient(Seen& seen) : seen_(seen) {}
  Task<Result<std::optional<WebSocketMessage>>> read() override {
    co_await sleep_for(Millis(100ll * 24 * 3600 * 1000));
    co_return std::optional<WebSocketMessage>();
  }
  Task<Status> write(WebSocketMessage message) override {
    seen_.sent += message.data;
    co_return Status();
  }
  Task<Status> close(std::uint16_t code, std::string) override {
    seen_.closed_with = code;
    co_return Status();
  }
  void abort() override {}
  std::uint16_t close_code() const override { return 1005; }
  std::string close_reason() const override { return {}; }

 private:
  Seen& seen_;
};

class UpgradingExchange final : public FakeExchange {
 public:
  UpgradingExchange(std::string target, HttpHeaders headers, Seen& seen)
      : FakeExchange("GET", std::move(target), std::move(headers), ""), seen_(seen) {}
  bool wants_web_socket() const override { return true; }
  Task<Result<std::unique_ptr<WebSocket>>> accept_web_socket(WebSocketLimits) override {
    co_return std::make_unique<SilentClient>(seen_);
  }

 private:
  Seen& seen_;
};

// A process that prints a dot every `period` and ends after `life`.
class Clockwork final : public engine::ExecSession {
 public:
  Clockwork(Millis period, int dots) : period_(period), dots_(dots) {}
  Task<Result<std::optional<engine::Output>>> read() override {
    co_await sleep_for(period_);
    if (dots_-- <= 0) co_return std::optional<engine::Output>();
    co_return engine::Output{.data = "."};
  }
  Task<Status> write(std::string, Millis) override { co_return Status(); }
  Task<Status> close_stdin() override { co_return Status(); }
  Task<Status> resize(std::uint16_t, std::uint16_t, Millis) override { co_return Status(); }
  Task<Result<int>> exit_code(Millis) override { co_return 7; }

 private:
  Millis period_;
  int dots_;
};

class OneInstance final : public NoPlatform {
 public:
  std::vector<LiveInstance> instances(const InstanceSetId&) override {
    return {{.id = "t", .container_id = "c", .name = "api-1", .running = true}};
  }
  Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string, std::vector<std::string>,
                                                          bool, std::uint16_t,
                                                          std::uint16_t) override {
    co_return std::make_unique<Clockwork>(period, dots);
  }

  Millis period{365ll * 24 * 3600 * 1000};
  int dots = 0;
};

class ExecTest : public ApiTest {
 protected:
  ExecTest() : time_(VirtualTime::install(runtime_, clock_)) {
    add_exec_route(router_, context_, running_);
    project_ = make_project("shop");
    must(write([&](Tx& tx) -> Result<InstanceSet> {
      const auto service = create_service(
          tx, Scope::platform(), {.project_id = *ProjectId::parse(project_), .hostname = "api"});
      if (!service) return fail(service.error());
      const auto version = create_version(tx, Scope::platform(), {.service_id = service->id});
      if (!version) return fail(version.error());
      return create_instance_set(tx, Scope::platform(),
                                 {.service_id = service->id, .version_id = version->id});
    }));
  }

  void begin(const std::string& query) {
    exchange_ = std::make_unique<UpgradingExchange>(
        "/api/v1/projects/shop/services/api/exec" + query,
        HttpHeaders{{"Authorization", "Bearer " + owner_}}, seen_);
    began_ = clock_.steady();
    boost::asio::co_spawn(runtime_.io(), frame_.handle(*exchange_),
                          [this](std::exception_ptr) { done_ = true; });
  }
  // Until the session has ended or `limit` is over.
  void pass(Millis limit) {
    const Millis until = clock_.steady() + limit;
    runtime_.io().restart();
    for (;;) {
      while (runtime_.io().poll() > 0) {
      }
      const auto due = time_.next_due();
      if (done_ || !due || *due > until) return;
      if (*due > clock_.steady()) clock_.advance(*due - clock_.steady());
      time_.run_due();
    }
  }
  // Revokes the token that the session runs with.
  void end() {
    const std::string id(get("/whoami").at("token").at("id").as_string());
    must(write([&](Tx& tx) { return revoke_token(tx, Scope::platform(), *TokenId::parse(id)); }));
    pass(kMinute);
    EXPECT_TRUE(done_);
  }
  Millis lasted() const { return clock_.steady() - began_; }
  std::vector<std::string> trail() {
    std::vector<std::string> found;
    const auto page = get("/audit?project=shop");
    for (const auto& entry : page.at("items").as_array()) {
      const std::string action(entry.at("action").as_string());
      if (action.starts_with("service.exec")) {
        found.insert(found.begin(), action + " " + std::string(entry.at("object").as_string()));
      }
    }
    return found;
  }

  VirtualTime& time_;
  OneInstance running_;
  std::string project_;
  Seen seen_;
  std::unique_ptr<UpgradingExchange> exchange_;
  Millis began_{0};
  bool done_ = false;
};

TEST_F(ExecTest, ACommandThatEndsIsAuditedWithItsExitCode) {
  running_.period = Millis(2000);
  running_.dots = 3;
  begin("?cmd=sh&cmd=-c&cmd=echo%20hello");
  pass(kMinute);
  EXPECT_TRUE(done_);
  EXPECT_EQ(seen_.closed_with, kWebSocketNormal);
  EXPECT_THAT(trail(), ElementsAre("service.exec service shop/api: sh -c echo hello",
                                   "service.exec.end service shop/api: exit code 7 after 8 s"));
}

TEST_F(ExecTest, ASecretThatWasTypedIsNotInTheTrail) {
  must(write([&](Tx& tx) {
    return set_variable(tx, Scope::platform(),
                        {.project_id = *ProjectId::parse(project_),
                         .key = "PASSWORD",
                         .value = Secret("sw0rdfish-4711"),
                         .kind = VariableKind::kSecret});
  }));
  running_.period = Millis(1000);
  begin("?cmd=psql&cmd=postgres%3A%2F%2Fapi%3Asw0rdfish-4711%40db");
  pass(kMinute);
  EXPECT_EQ(trail().front(), "service.exec service shop/api: psql postgres://api:***@db");
}

TEST_F(ExecTest, ARevokedTokenEndsItWithinSeconds) {
  begin("?cmd=sh");
  pass(10 * kMinute);
  ASSERT_FALSE(done_);
  EXPECT_THAT(trail(), ElementsAre("service.exec service shop/api: sh")) << "while it runs";
  const Millis revoked = clock_.steady();
  end();
  EXPECT_LE(clock_.steady() - revoked, Millis(5000));
  EXPECT_EQ(seen_.closed_with, kWebSocketPolicy);
  EXPECT_THAT(seen_.sent, HasSubstr("\"error\""));
  owner_ = token_of(user("eva", UserRole::kOwner), {TokenScope::kAdmin}, {});
  ASSERT_EQ(trail().size(), 2u);
  EXPECT_THAT(trail().back(), HasSubstr("service.exec.end service shop/api: "));
}

TEST_F(ExecTest, ATerminalThatNobodyUsesIsClosed) {
  begin("?cmd=sh&tty=true");
  pass(60 * kMinute);
  EXPECT_TRUE(done_);
  EXPECT_GE(lasted(), 15 * kMinute);
  EXPECT_LE(lasted(), 16 * kMinute);
  EXPECT_THAT(trail().back(), HasSubstr("nothing happened in this terminal"));
}

TEST_F(ExecTest, OneThatIsUsedGoesOn) {
  running_.period = 10 * kMinute;
  running_.dots = 100;
  begin("?cmd=top&tty=true");
  pass(60 * kMinute);
  EXPECT_FALSE(done_) << "it shows something every ten minutes";
  end();
}

TEST_F(ExecTest, ACommandWithoutATerminalMayBeSilent) {
  begin("?cmd=pg_dump");
  pass(120 * kMinute);
  EXPECT_FALSE(done_);
  end();
}

}  // namespace
}  // namespace croft

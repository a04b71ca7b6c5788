// The whole program on loopback, with a network in memory.
#include "core/core.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "net/http_client.h"
#include "network/fake/fake_core_network.h"
#include "plan/address_plan.h"
#include "plan/core_pair.h"

namespace croft {
namespace {

using testing::HasSubstr;
using testing::Not;

// Says `state` on every connection, and notes what the core says.
struct FakeInstance {
  explicit FakeInstance(Runtime& runtime, Group& group)
      : listener(
            runtime, group,
            [this](std::shared_ptr<ByteStream> stream, HttpPeer) { return talk(stream); }, 10) {}
  Task<void> talk(std::shared_ptr<ByteStream> stream) {
    current = stream;
    co_await say("ready");
    while (true) {
      auto piece = co_await stream->read_some(1000, kNoLimit);
      if (!piece || piece->empty()) co_return;
      heard += *piece;
    }
  }
  Task<void> say(std::string state) {
    co_await current->write_all("{\"state\":\"" + state + "\",\"detail\":\"d\"}\n", Millis(1000));
  }
  TcpListener listener;
  std::shared_ptr<ByteStream> current;
  std::string heard;
};

class CoreTest;
// What happens while a core and an instance of its service run.
using Story = Task<void> (*)(CoreTest* t, Runtime* r, FakeInstance* instance);

class CoreTest : public testing::Test {
 public:
  CoreTest() {
    char path[] = "/tmp/croft-core-XXXXXX";
    directory_ = ::mkdtemp(path);
    options_ = {.state_dir = directory_,
                .hostname = "test",
                .slot = "b",
                .revision = "core:1",
                .run_dir = directory_ / "run",
                .exchange_time = Millis(0),
                .once_port = 0,
                .dns_port = 0,
                .resolver_port = 1};
    std::filesystem::create_directories(options_.run_dir);
    // As if conntrackd ran.
    EXPECT_TRUE(write_file_atomically(options_.run_dir / kConntrackdSocket, ""));
    desired_ = core_addresses(*AddressPlan::create("fd12:3456:789a::/48"), 1, 1);
    desired_.generation = 1;
    desired_.project_name = "shop";
    desired_.gateway4 = "127.0.0.2";
    desired_.gateway6 = "::1";
    desired_.uplink_address4 = "127.0.0.3";
    desired_.uplink_address6 = "::1";
    // The IPv6 address refuses, so the second attempt finds the instance.
    desired_.services = {{.id = *ServiceId::parse(std::string(kIdLength, 'a')),
                          .hostname = "web",
                          .address4 = "100.64.0.1",
                          .address6 = "fd12:3456:789a:3::1",
                          .ports = {{.port = 3000}},
                          .instances = {{.id = "one",
                                         .address4 = "127.0.0.4",
                                         .address6 = "fd12:3456:789a:2:1::4",
                                         .duty = InstanceDuty::kServe}}}};
    desired_.services[0].instances[0].address6 = "::1";
  }
  ~CoreTest() override { std::filesystem::remove_all(directory_); }

  void tell(Story story);

  void write_desired() {
    const Status done =
        write_file_atomically(directory_ / kCoreDesiredFile, to_json_text(desired_));
    ASSERT_TRUE(done) << done.error().describe();
  }

  // Waits until the core reports what `wanted` holds; the last report when it never does.
  Task<std::string> observe(Runtime* runtime, std::string wanted) {
    HttpClient client(*runtime, HttpEndpoint::unix_socket(directory_ / "core-test.sock"));
    std::string last;
    for (int i = 0; i < 1000; ++i) {
      HttpRequest request;
      request.target = "/v1/observed";
      auto response = co_await client.send(request);
      last = response ? response->body : response.error().describe();
      if (last.find(wanted) != std::string::npos) break;
      co_await sleep_for(Millis(5));
    }
    co_return last;
  }

  std::filesystem::path directory_;
  CoreOptions options_;
  CoreDesired desired_;
  FakeCoreNetwork network_;
  SystemRandom random_;
  SystemClock clock_;
};

Task<void> run_core(Core* core, Status* outcome) {
  *outcome = co_await core->run();
}

Task<void> play(CoreTest* t, Runtime* r, Story story) {
  Group group(*r);
  FakeInstance instance(*r, group);
  t->options_.health_port = *instance.listener.listen("127.0.0.4", 0);
  Core core(*r, t->network_, t->random_, t->clock_, t->options_);
  Status outcome;
  group.spawn("core", run_core(&core, &outcome));
  co_await story(t, r, &instance);
  core.request_stop();
  instance.listener.close();
  co_await group.join();
  EXPECT_TRUE(outcome);
}

void CoreTest::tell(Story story) {
  Runtime runtime;
  runtime.run_until_done(play(this, &runtime, story));
}

TEST_F(CoreTest, FollowsDesiredStateAndHealth) {
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance* instance) -> Task<void> {
    t->network_.counted = {.refused = 7, .spoofed = 2, .connections = 5};
    EXPECT_THAT(co_await t->observe(r, "not there yet"), HasSubstr("desired.json"));

    t->write_desired();
    const std::string ready = co_await t->observe(r, "\"in_rotation\":true");
    EXPECT_THAT(ready, HasSubstr("\"in_rotation\":true"));
    EXPECT_THAT(ready, HasSubstr("\"active\":true"));
    EXPECT_THAT(ready, HasSubstr("\"error\":\"\""));
    EXPECT_THAT(
        ready,
        HasSubstr(
            "\"refused_packets\":7,\"spoofed_packets\":2,\"connections\":5,\"rule_changes\":"));
    EXPECT_THAT(ready, HasSubstr("\"slot\":\"b\",\"revision\":\"core:1\""));
    EXPECT_THAT(ready, HasSubstr("\"role\":\"active\",\"reason\":\"\""));
    EXPECT_EQ(t->network_.own_address, t->desired_.pair4[1]);
    EXPECT_THAT(t->network_.pair_table, HasSubstr("table netdev croft_pair"));
    EXPECT_THAT(t->network_.exchanged, testing::ElementsAre("gave"));
    EXPECT_THAT(t->network_.scripts.front(), HasSubstr("delete table inet croft"));
    EXPECT_THAT(t->network_.scripts.back(), HasSubstr("dnat ip to 127.0.0.4"));
    for (int i = 0; i < 200 && instance->heard.empty(); ++i) co_await sleep_for(Millis(5));
    EXPECT_EQ(instance->heard, "{\"leader\":true}\n");

    co_await instance->say("draining");
    EXPECT_THAT(co_await t->observe(r, "\"in_rotation\":false"), HasSubstr("\"draining\""));
    EXPECT_THAT(t->network_.scripts.back(), HasSubstr("delete element inet croft services4"));

    t->network_.failure = Error(ErrorCode::kFailed, "no such rule");
    co_await instance->say("ready");
    EXPECT_THAT(co_await t->observe(r, "no such rule"), HasSubstr("\"in_rotation\":false"));
    t->network_.failure.reset();
    EXPECT_THAT(co_await t->observe(r, "\"in_rotation\":true"), HasSubstr("\"error\":\"\""));
    EXPECT_THAT(t->network_.scripts.back(), HasSubstr("delete table inet croft"))
        << "after a failure everything is replaced";

    t->desired_.generation = 2;
    t->desired_.services[0].instances.clear();
    t->write_desired();
    EXPECT_THAT(co_await t->observe(r, "\"generation\":2"), HasSubstr("\"instances\":[]"));
  };
  tell(story);
  EXPECT_THAT(network_.forgotten, testing::ElementsAre("::1", "127.0.0.4"));
}

TEST_F(CoreTest, WhereAnInstanceHasEndedTheEdgeIsRefusedUntilItAnswersAgain) {
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance* instance) -> Task<void> {
    t->write_desired();
    co_await t->observe(r, "\"in_rotation\":true");
    EXPECT_THAT(t->network_.scripts.front(),
                HasSubstr("add element inet croft published6 { ::1 . 6 . 3000 }"));

    instance->current->close();
    co_await t->observe(r, "\"in_rotation\":false");
    EXPECT_THAT(t->network_.scripts.back(),
                HasSubstr("delete element inet croft published6 { ::1 . 6 . 3000 }"));
    co_await t->observe(r, "\"in_rotation\":true");
    EXPECT_THAT(t->network_.scripts.back(),
                HasSubstr("add element inet croft published6 { ::1 . 6 . 3000 }"));
  };
  tell(story);
}

TEST_F(CoreTest, AStandbyKnowsEverythingButLeadsNobodyUntilItHoldsTheAddresses) {
  network_.holds = false;
  write_desired();
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance* instance) -> Task<void> {
    const std::string ready = co_await t->observe(r, "\"in_rotation\":true");
    EXPECT_THAT(ready, HasSubstr("\"active\":false,\"role\":\"standby\",\"reason\":\"\""));
    EXPECT_THAT(t->network_.scripts.back(), HasSubstr("dnat ip to 127.0.0.4"));
    EXPECT_EQ(t->network_.announcements, 0);
    EXPECT_EQ(instance->heard, "");
    EXPECT_TRUE(std::filesystem::exists(t->options_.run_dir / kKeepalivedFile));
    EXPECT_TRUE(std::filesystem::exists(t->options_.run_dir / kConntrackdFile));

    t->network_.holds = true;
    EXPECT_THAT(co_await t->observe(r, "\"active\":true"), HasSubstr("\"role\":\"active\""));
    for (int i = 0; i < 200 && instance->heard.empty(); ++i) co_await sleep_for(Millis(5));
    EXPECT_EQ(instance->heard, "{\"leader\":true}\n");

    t->network_.holds = false;
    EXPECT_THAT(co_await t->observe(r, "\"active\":false"), HasSubstr("\"role\":\"standby\""));
    EXPECT_THAT(t->network_.exchanged, testing::ElementsAre("asked", "gave", "asked"));
  };
  tell(story);
}

TEST_F(CoreTest, WithoutConntrackdItIsNoStandby) {
  network_.holds = false;
  std::filesystem::remove(options_.run_dir / kConntrackdSocket);
  write_desired();
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance*) -> Task<void> {
    EXPECT_THAT(co_await t->observe(r, "conntrackd is not running"),
                HasSubstr("\"role\":\"fault\""));
  };
  tell(story);
}

TEST_F(CoreTest, OnlyRulesThatAreGoneAreMadeAgain) {
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance*) -> Task<void> {
    co_await t->observe(r, "\"in_rotation\":true");
  };
  const auto replaced = [this] {
    return std::count_if(network_.scripts.begin(), network_.scripts.end(), [](const auto& script) {
      return script.find("delete table inet croft") != std::string::npos;
    });
  };
  network_.counted.reset();
  write_desired();
  tell(story);
  EXPECT_EQ(replaced(), 1) << "counters that cannot be read are no reason";
  network_.scripts.clear();
  network_.ruleset_present = false;
  network_.rules_removed = true;
  tell(story);
  EXPECT_EQ(replaced(), 2);
}

TEST_F(CoreTest, ARestartKeepsTheRulesUntilInstancesAnswered) {
  network_.ruleset_present = true;
  write_desired();
  const Story story = [](CoreTest* t, Runtime* r, FakeInstance*) -> Task<void> {
    EXPECT_THAT(co_await t->observe(r, "\"in_rotation\":true"), HasSubstr("\"active\":true"));
    for (const std::string& script : t->network_.scripts) {
      EXPECT_THAT(script, HasSubstr("dnat ip to 127.0.0.4"))
          << "no script in between that took the instance out";
    }
  };
  tell(story);
}

}  // namespace
}  // namespace croft

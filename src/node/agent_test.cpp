// The agent with a control plane on a unix socket, and machine and engine in memory.
#include "node/agent.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd.h"
#include "base/file.h"
#include "engine/fake/fake_engine.h"
#include "net/http_server.h"
#include "network/fake/fake_host_network.h"
#include "plan/address_plan.h"

namespace croft::node {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kInstall = "ab12cd";

// Serves the two endpoints that the agent core uses.
class FakeControl final : public HttpHandler {
 public:
  explicit FakeControl(Runtime& runtime) : changed(runtime) {}

  Task<void> handle(HttpExchange& exchange) override {
    if (exchange.method() == "POST") {
      auto body = co_await exchange.read_body(1u << 20);
      if (body) last_report = *from_json_text<NodeObserved>(*body);
      co_await exchange.respond(204, {}, "");
      co_return;
    }
    co_await exchange.start(200, {});
    Status sent;
    while (sent && !stopping) {
      const std::string line = "\n" + to_json_text(desired) + "\n";
      sent = co_await exchange.write(line);
      if (sent) co_await changed.wait_for(Millis(1000));
    }
  }

  NodeDesired desired;
  NodeObserved last_report;
  Signal changed;
  bool stopping = false;
};

NodeDesired make_desired(const std::string& project_name) {
  const AddressPlan plan = *AddressPlan::create("fd12:3456:789a::/48");
  NodeDesired d{.generation = 7};
  d.uplink.segment = {
      .device = segment_device(kInstall, 0), .vni = 5, .local_address = "192.0.2.2"};
  d.uplink.child_device = uplink_child_device(kInstall);
  d.uplink.node_address4 = "10.127.0.1/16";
  d.uplink.node_address6 = "fd12:3456:789a::1:1/64";
  d.cores = {core_addresses(plan, 1, 1)};
  d.cores[0].project_id = *ProjectId::parse(std::string(kIdLength, 'p'));
  d.cores[0].project_name = project_name;
  return d;
}

class AgentTest;
// What happens while an agent works by that control plane.
using Story = Task<void> (*)(AgentTest* t, FakeControl* control);

class AgentTest : public testing::Test {
 public:
  AgentTest() {
    char path[] = "/tmp/croft-node-XXXXXX";
    home_ = ::mkdtemp(path);
    options_ = {.directory = home_ / "nodes" / "n",
                .cores = home_ / "cores",
                .routes = home_ / "edge" / "routes",
                .node_id = std::string(kIdLength, 'n'),
                .install_id = kInstall,
                .control = HttpEndpoint::unix_socket(home_ / "agent.sock")};
  }
  ~AgentTest() override { std::filesystem::remove_all(home_); }

  void tell(Story story);

  std::filesystem::path core_file() const {
    return options_.cores / std::string(kIdLength, 'p') / kCoreDesiredFile;
  }

  std::filesystem::path home_;
  AgentOptions options_;
  FakeHostNetwork network_;
  FileMeter meter_;
  SystemClock clock_;
  engine::FakeCluster cluster_{clock_, 1};
  engine::FakeEngine engine_{cluster_};
};

template <class Condition>
Task<bool> eventually(Condition condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) co_await sleep_for(Millis(5));
  co_return condition();
}

Task<void> play(AgentTest* t, Runtime* r, Story story) {
  FakeControl control(*r);
  control.desired = make_desired("shop");
  HttpServer server(*r, control, {});
  EXPECT_TRUE(server.listen_unix(t->home_ / "agent.sock", 0600));
  Agent agent(*r, t->network_, t->engine_, t->meter_, t->clock_, t->options_);
  Group group(*r);
  group.spawn("control", server.run());
  group.spawn("agent", agent.run());
  co_await story(t, &control);
  control.stopping = true;
  control.changed.notify();
  agent.request_stop();
  co_await server.stop(Millis(0));
  co_await group.join();
}

void AgentTest::tell(Story story) {
  Runtime runtime;
  runtime.run_until_done(play(this, &runtime, story));
}

TEST_F(AgentTest, PutsTheRoutesOfItsEdgeInPlaceAndSaysSo) {
  tell([](AgentTest* t, FakeControl* control) -> Task<void> {
    const auto route = t->options_.routes / "web-shop.example.test" /
                       "web.shop.80.fd123456789a00000000000000020001";

    // An older croftd says nothing of routes.
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.generation == 7; }));
    EXPECT_EQ(control->last_report.edge_generation, 0);
    EXPECT_FALSE(std::filesystem::exists(t->options_.routes));

    control->desired.generation = 8;
    control->desired.edge_routes = {{{.host = "web-shop.example.test",
                                      .project = "shop",
                                      .service = "web",
                                      .port = 80,
                                      .core = "fd12:3456:789a::2:1"}}};
    control->changed.notify();
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.edge_generation == 8; }));
    EXPECT_TRUE(std::filesystem::exists(route));

    // Trouble with the network is not the edge's.
    control->desired.generation = 9;
    control->desired.edge_routes->clear();
    control->desired.uplink.segment.vni = 6;
    t->network_.failure = Error(ErrorCode::kFailed, "no such device");
    control->changed.notify();
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.edge_generation == 9; }));
    EXPECT_FALSE(std::filesystem::exists(route));
    EXPECT_EQ(control->last_report.generation, 8);
  });
}

TEST_F(AgentTest, ConvergesAndReports) {
  tell([](AgentTest* t, FakeControl* control) -> Task<void> {
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.generation == 7; }));
    EXPECT_EQ(control->last_report.error, "");
    EXPECT_TRUE(t->network_.forwarding);
    EXPECT_TRUE(t->network_.docker_open);
    EXPECT_EQ(t->network_.plans.size(), 1u);
    EXPECT_THAT(*read_file(t->core_file()), HasSubstr("\"shop\""));
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.containers_known; }));

    // News for a core only do not touch the machine.
    const std::size_t plans = t->network_.plans.size();
    control->desired = make_desired("renamed");
    control->desired.generation = 8;
    control->changed.notify();
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.generation == 8; }));
    EXPECT_THAT(*read_file(t->core_file()), HasSubstr("\"renamed\""));
    EXPECT_EQ(t->network_.plans.size(), plans);

    t->network_.failure = Error(ErrorCode::kFailed, "no such device");
    control->desired.generation = 9;
    control->desired.uplink.segment.vni = 6;
    control->changed.notify();
    EXPECT_TRUE(co_await eventually([&] { return control->last_report.error != ""; }));
    EXPECT_EQ(control->last_report.error, "no such device");
    EXPECT_EQ(control->last_report.generation, 8);
  });
}

TEST_F(AgentTest, WithoutAControlPlaneItGoesOnFromWhatItKept) {
  ASSERT_TRUE(make_directories(options_.directory));
  ASSERT_TRUE(write_file_atomically(options_.directory / "desired.json",
                                    to_json_text(make_desired("kept"))));
  Runtime runtime;
  const auto scenario = [](AgentTest* t, Runtime* r) -> Task<void> {
    Agent agent(*r, t->network_, t->engine_, t->meter_, t->clock_, t->options_);
    Group group(*r);
    group.spawn("agent", agent.run());
    EXPECT_TRUE(co_await eventually([&] { return std::filesystem::exists(t->core_file()); }));
    agent.request_stop();
    co_await group.join();
  };
  runtime.run_until_done(scenario(this, &runtime));
  EXPECT_EQ(network_.plans.size(), 1u);
}

TEST_F(AgentTest, PurgeLeavesNothingAndPutsSettingsBack) {
  ASSERT_TRUE(make_directories(options_.directory));
  ASSERT_TRUE(write_file_atomically(options_.directory / "host_settings.json",
                                    R"({"ipv4/ip_forward":"0"})"));
  ASSERT_TRUE(make_directories(options_.cores));
  network_.state.devices = {{.name = "cab12cdv0", .kind = "vxlan"},
                            {.name = "cab12cdu", .kind = "macvlan"}};
  network_.forwarding = network_.ruleset_present = network_.docker_open = true;
  const Status done = purge(network_, options_);
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_THAT(network_.plans.at(0).ip_lines,
              testing::ElementsAre("link del cab12cdu", "link del cab12cdv0"));
  EXPECT_FALSE(network_.forwarding);
  EXPECT_FALSE(network_.ruleset_present);
  EXPECT_FALSE(network_.docker_open);
  EXPECT_FALSE(std::filesystem::exists(options_.directory));
  EXPECT_FALSE(std::filesystem::exists(options_.cores));
}

TEST(CoreFiles, TakesOverWhatAnOlderCroftKeptElsewhere) {
  char path[] = "/tmp/croft-files-XXXXXX";
  const std::filesystem::path home = ::mkdtemp(path);
  const std::string id(kIdLength, 'a');
  const std::filesystem::path old = home / "nodes" / "n" / "cores";
  ASSERT_TRUE(make_directories(old / id));
  ASSERT_TRUE(write_file_atomically(old / id / "once.json", "results"));
  // As a core sees it that has it mounted: by the directory, not by its name.
  const Fd mounted(::open((old / id).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  CoreFiles files(home / "cores");
  ASSERT_TRUE(files.move_from(old));
  EXPECT_EQ(*read_file(home / "cores" / id / "once.json"), "results");
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_EQ(::faccessat(mounted.get(), "once.json", F_OK, 0), 0);
  ASSERT_TRUE(files.move_from(old)) << "again: nothing to do";
  // What is there already is newer.
  ASSERT_TRUE(make_directories(old / id));
  ASSERT_TRUE(write_file_atomically(old / id / "once.json", "older"));
  ASSERT_TRUE(files.move_from(old));
  EXPECT_EQ(*read_file(home / "cores" / id / "once.json"), "results");
  std::filesystem::remove_all(home);
}

TEST(CoreFiles, WritesWhatDiffersAndRemovesWhatIsGone) {
  char path[] = "/tmp/croft-files-XXXXXX";
  const std::filesystem::path directory = ::mkdtemp(path);
  CoreFiles files(directory);
  CoreDesired a{.project_id = *ProjectId::parse(std::string(kIdLength, 'a'))};
  CoreDesired b{.project_id = *ProjectId::parse(std::string(kIdLength, 'b'))};
  ASSERT_TRUE(files.apply({a, b}));
  const auto file_a = directory / a.project_id.str() / kCoreDesiredFile;
  const auto written = std::filesystem::last_write_time(file_a);
  ASSERT_TRUE(write_file_atomically(directory / a.project_id.str() / "once.json", "{}"));
  ASSERT_TRUE(make_directories(directory / "not-a-project"));
  ASSERT_TRUE(files.apply({a}));
  EXPECT_EQ(std::filesystem::last_write_time(file_a), written) << "the same is not written again";
  EXPECT_TRUE(std::filesystem::exists(directory / a.project_id.str() / "once.json"));
  EXPECT_FALSE(std::filesystem::exists(directory / b.project_id.str()));
  EXPECT_TRUE(std::filesystem::exists(directory / "not-a-project"));
  EXPECT_FALSE(files.apply({CoreDesired{}})) << "a core without a project";
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace croft::node

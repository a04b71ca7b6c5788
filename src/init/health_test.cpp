// Rules of the health check, the health channel and the loop's timers, on a clock that the test
// turns.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "init/health.h"
#include "init/health_channel.h"

namespace croft::init {
namespace {

using Verdict = HealthMonitor::Verdict;

Millis seconds(int n) {
  return Millis(1000) * n;
}

TEST(HealthMonitor, DisconnectsRestartsAndRecoversByTime) {
  HealthMonitor monitor(
      {.disconnect_timeout_s = 10, .failure_timeout_s = 60, .recovery_timeout_s = 5});
  EXPECT_EQ(monitor.observe(false, seconds(100)), Verdict::kGood);
  EXPECT_EQ(monitor.observe(false, seconds(109)), Verdict::kGood);
  EXPECT_EQ(monitor.observe(false, seconds(110)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(true, seconds(115)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(true, seconds(119)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(false, seconds(119)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(true, seconds(120)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(true, seconds(125)), Verdict::kGood);
  EXPECT_EQ(monitor.observe(false, seconds(130)), Verdict::kGood);
  EXPECT_EQ(monitor.observe(false, seconds(189)), Verdict::kDisconnected);
  EXPECT_EQ(monitor.observe(false, seconds(190)), Verdict::kRestart);
}

TEST(HealthMonitor, ForgetsAFailureThatWasShort) {
  HealthMonitor monitor({.disconnect_timeout_s = 10});
  for (int at = 0; at < 100; at += 9) {
    EXPECT_EQ(monitor.observe(false, seconds(2 * at)), Verdict::kGood);
    EXPECT_EQ(monitor.observe(true, seconds(2 * at + 9)), Verdict::kGood);
  }
}

TEST(Loop, RunsTimersInOrderAndNotTheCancelled) {
  ManualClock clock;
  Loop loop(clock);
  std::string order;
  Timer a(loop);
  Timer b(loop);
  Timer c(loop);
  a.start(Millis(20), [&] { order += 'a'; });
  b.start(Millis(10), [&] {
    order += 'b';
    c.stop();
    b.start(Millis(0), [&] { order += 'B'; });
  });
  c.start(Millis(15), [&] { order += 'c'; });
  loop.turn(Millis(0));
  EXPECT_EQ(order, "");
  clock.advance(Millis(20));
  loop.turn(Millis(0));
  EXPECT_EQ(order, "ba");
  loop.turn(Millis(0));
  EXPECT_EQ(order, "baB");
}

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(channel_.listen(0)); }

  Fd connect() {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(channel_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    turn();
    return fd;
  }
  void turn() {
    for (int i = 0; i < 20; ++i) loop_.turn(Millis(1));
  }
  static std::string received(const Fd& fd) {
    char buffer[4096];
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : got == 0 ? "closed" : "";
  }
  void say(const Fd& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    turn();
  }

  ManualClock clock_;
  Loop loop_{clock_};
  HealthChannel channel_{loop_};
};

TEST_F(ChannelTest, SendsAtOnceOnChangeAndEverySecond) {
  const Fd core = connect();
  EXPECT_EQ(received(core), "{\"state\":\"initializing\",\"detail\":\"\"}\n");
  channel_.announce(InstanceState::kReady, "a\xFF");
  EXPECT_EQ(received(core), "{\"state\":\"ready\",\"detail\":\"a\uFFFD\"}\n");
  channel_.announce(InstanceState::kReady, "a\xFF");
  EXPECT_EQ(received(core), "");
  clock_.advance(Millis(1000));
  turn();
  EXPECT_EQ(received(core), "{\"state\":\"ready\",\"detail\":\"a\uFFFD\"}\n");
}

TEST_F(ChannelTest, LeadsWhileAConnectionSaysSo) {
  Fd core = connect();
  EXPECT_FALSE(channel_.leader());
  say(core, "{\"leader\":true");
  EXPECT_FALSE(channel_.leader());
  say(core, ",\"later\":1}\n");
  EXPECT_TRUE(channel_.leader());
  core.reset();
  turn();
  EXPECT_FALSE(channel_.leader());
}

TEST_F(ChannelTest, EndsConnectionsThatTalkNonsense) {
  const Fd noisy = connect();
  const Fd endless = connect();
  received(noisy);
  received(endless);
  say(noisy, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(received(noisy), "closed");
  say(endless, std::string(HealthChannel::kMaxLineBytes + 1, ' '));
  turn();
  EXPECT_TRUE(received(endless) == "closed" || received(endless).empty());
  EXPECT_FALSE(channel_.leader());
}

TEST_F(ChannelTest, StrangersMakeRoomForTheCore) {
  const Fd core = connect();
  received(core);
  say(core, "{\"leader\":false}\n");
  std::vector<Fd> strangers;
  for (std::size_t i = 0; i < HealthChannel::kMaxConnections; ++i) strangers.push_back(connect());
  const Fd second_core = connect();
  EXPECT_NE(received(second_core), "closed");
  channel_.announce(InstanceState::kReady, "");
  turn();
  EXPECT_THAT(received(core), testing::HasSubstr("ready"));
  received(strangers.front());
  EXPECT_EQ(received(strangers.front()), "closed");
}

}  // namespace
}  // namespace croft::init

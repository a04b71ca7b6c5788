// zsc against an arbiter that the test plays.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "harness.h"

namespace croft::test {
namespace {

using testing::HasSubstr;

// Accepts connections one after the other and plays one script on each: "<" lines are expected from
// the client, others are sent; "close" ends the connection.
class Arbiter {
 public:
  explicit Arbiter(std::vector<std::vector<std::string>> scripts) : scripts_(std::move(scripts)) {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    ::listen(listener_.get(), 8);
    thread_ = std::thread([this] { play(); });
  }
  Arbiter(const Arbiter&) = delete;
  Arbiter& operator=(const Arbiter&) = delete;
  ~Arbiter() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    EXPECT_EQ(played_, scripts_.size());
  }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void play() {
    for (const auto& script : scripts_) {
      const Fd client(::accept(listener_.get(), nullptr, nullptr));
      if (!client) return;
      for (const std::string& line : script) {
        if (line.starts_with('<')) {
          EXPECT_EQ(read_line(client), line.substr(1));
        } else if (line != "close") {
          const std::string text = line + "\n";
          ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
        }
      }
      ++played_;
    }
  }
  static std::string read_line(const Fd& client) {
    std::string text;
    char c = 0;
    while (::recv(client.get(), &c, 1, 0) == 1 && c != '\n') text.push_back(c);
    return text;
  }

  std::vector<std::vector<std::string>> scripts_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> played_{0};
  std::thread thread_;
};

class Zsc : public testing::Test {
 protected:
  Zsc() { std::filesystem::create_symlink(CROFT_INIT_PROGRAM, folder_.dir() / "zsc"); }
  Ran zsc(std::vector<std::string> arguments, const std::string& hosts) {
    arguments.insert(arguments.begin(), folder_.dir() / "zsc");
    std::map<std::string, std::string> env;
    if (!hosts.empty()) env["CROFT_ONCE_HOSTS"] = hosts;
    return run(arguments, env);
  }
  InitRun folder_;
};

TEST_F(Zsc, RunsTheCommandAndTellsTheResult) {
  Arbiter arbiter(
      {{"<{\"key\":\"k \\\"1\\\" ž\",\"retry\":false}", "{\"do\":\"run\"}", "<{\"exit_code\":3}"}});
  const Ran ran = zsc({"execOnce", "k \"1\" ž", "--", "sh", "-c", "echo ran; exit 3"},
                      "no address," + arbiter.host());
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.output, "ran\n");
}

TEST_F(Zsc, SharesAResultOfElsewhere) {
  Arbiter arbiter({{"<{\"key\":\"k\",\"retry\":true}", "{\"do\":\"wait\"}", "{\"result\":4}"}});
  const Ran ran = zsc({"execOnce", "-r", "k", "--", "echo", "ran"}, arbiter.host());
  EXPECT_EQ(ran.exit_code, 4);
  EXPECT_EQ(ran.output, "");
}

TEST_F(Zsc, TakesOverWhenTheRunnerVanished) {
  Arbiter arbiter({{"<{\"key\":\"k\",\"retry\":false}", "{\"do\":\"wait\"}", "{\"do\":\"run\"}",
                    "<{\"exit_code\":0}"}});
  const Ran ran = zsc({"execOnce", "k", "--", "echo ran"}, arbiter.host());
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output, "ran\n");
}

TEST_F(Zsc, AsksAgainWhenTheCoreIsLost) {
  Arbiter arbiter({{"<{\"key\":\"k\",\"retry\":false}", "{\"do\":\"wait\"}", "close"},
                   {"<{\"key\":\"k\",\"retry\":false}", "{\"result\":0}"}});
  EXPECT_EQ(zsc({"execOnce", "k", "false"}, arbiter.host()).exit_code, 0);
}

TEST_F(Zsc, JustRunsWhereThereIsNoCore) {
  const Ran ran = zsc({"execOnce", "k", "--", "sh", "-c", "echo ran; exit 2"}, "");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.output, "ran\n");
  EXPECT_THAT(ran.errors, HasSubstr("no core"));
}

TEST_F(Zsc, KnowsItsVerbs) {
  const Ran unknown = zsc({"setSecretEnv", "A", "b"}, "");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("setSecretEnv"));
  EXPECT_THAT(unknown.errors, HasSubstr("execOnce"));
  EXPECT_EQ(zsc({"execOnce"}, "").exit_code, 2);
  EXPECT_EQ(zsc({"scale", "cpu", "+1", "10m"}, "").exit_code, 0);
  EXPECT_EQ(zsc({"version"}, "").exit_code, 0);
  EXPECT_EQ(zsc({"help"}, "").exit_code, 0);
  EXPECT_EQ(zsc({}, "").exit_code, 2);
}

TEST_F(Zsc, NoopEndsOnASignal) {
  InitRun run;
  run.start(config_for((folder_.dir() / "zsc").string() + " noop --silent"));
  ASSERT_TRUE(run.reaches(InstanceState::kReady));
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait(Millis(4000)), 0);
  EXPECT_EQ(run.output(), "");
}

}  // namespace
}  // namespace croft::test

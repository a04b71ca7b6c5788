// The Edge contract on a real Caddy, whose path is the environment variable EDGE_CADDY.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/fd.h"
#include "edge/caddy/caddy_edge.h"
#include "edge/contract/edge_contract.h"

namespace croft {
namespace {

class CaddyHarness {
 public:
  CaddyHarness() {
    std::string pattern = "/tmp/croft-edge-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    edge_.emplace(runtime_, admin_socket(), "");
    start();
    for (int attempt = 0; attempt < 200; ++attempt) {
      if (runtime_.run_until_done(edge_->current(Millis(5000)))) return;
      usleep(50'000);
    }
    ADD_FAILURE() << "Caddy did not start";
  }
  ~CaddyHarness() {
    take_down();
    std::filesystem::remove_all(directory_);
  }

  Runtime& runtime() { return runtime_; }
  Edge& edge() { return *edge_; }
  std::string admin_socket() const { return directory_ + "/admin.sock"; }
  void take_down() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  void start() {
    const char* program = std::getenv("EDGE_CADDY");
    check(program != nullptr, "EDGE_CADDY is set");
    std::string settings[] = {"CADDY_ADMIN=unix/" + admin_socket() + "|0600", "HOME=" + directory_,
                              "XDG_CONFIG_HOME=" + directory_};
    char* env[] = {settings[0].data(), settings[1].data(), settings[2].data(), nullptr};
    std::string words[] = {program, "run", "--resume"};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    ASSERT_EQ(posix_spawn(&pid_, program, nullptr, nullptr, argv, env), 0);
  }

  Runtime runtime_;
  std::string directory_;
  std::optional<CaddyEdge> edge_;
  pid_t pid_ = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Caddy, EdgeContract, CaddyHarness);

TEST(CaddyEdge, CountsAsDownWithoutItsResolver) {
  CaddyHarness harness;
  const std::string path = harness.admin_socket() + ".dns";
  CaddyEdge edge(harness.runtime(), harness.admin_socket(), path);
  const auto current = [&] { return harness.runtime().run_until_done(edge.current(Millis(5000))); };
  EXPECT_EQ(current().error().code(), ErrorCode::kUnavailable);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), at.sun_path);
  {
    const Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_TRUE(current());
  }
  EXPECT_EQ(current().error().code(), ErrorCode::kUnavailable) << "nobody listens at the file";
}

}  // namespace
}  // namespace croft

#include "keep/relay.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "keep/dns_wire.h"

namespace croft::relay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "api.shop.croft" and, as its last label, the core at ::1.
const std::string kLoopback = std::string(31, '0') + "1";
const std::string kName = "api.shop.croft." + kLoopback;

std::string wire_name(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dot = std::min(text.find('.', at), text.size());
    out += static_cast<char>(dot - at) + text.substr(at, dot - at);
    at = dot + 1;
  }
  return out + '\0';
}

std::string query(const std::string& name, int type = 28) {
  std::string out("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  return out + wire_name(name) + std::string{'\0', static_cast<char>(type), '\0', '\1'};
}

Address address(std::uint8_t last) {
  Address made{0xfd};
  made.back() = last;
  return made;
}

TEST(DnsWire, TheLastLabelSaysWhomToAsk) {
  const auto question = read_question(query(kName));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->id, 0x1234);
  Address loopback{};
  loopback.back() = 1;
  EXPECT_EQ(question->core, loopback);
  EXPECT_EQ(question->forwarded, wire_name("api.shop.croft") + std::string("\0\x1c\0\1", 4));
}

TEST(DnsWire, OtherNamesAndTypesLeadNowhere) {
  for (const std::string& name :
       {std::string("api.shop.croft"), kLoopback, "a." + kLoopback.substr(1),
        "a." + kLoopback + "0", "a.g" + kLoopback.substr(1), kLoopback + ".a"}) {
    const auto question = read_question(query(name));
    ASSERT_TRUE(question) << name;
    EXPECT_FALSE(question->core) << name;
  }
  EXPECT_FALSE(read_question(query(kName, 1))->core);
  EXPECT_FALSE(read_question(query(kName, 255))->core);
}

TEST(DnsWire, WhatIsNotAQueryIsNone) {
  const std::string good = query(kName);
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(read_question(good.substr(0, length))) << length;
  }
  const auto with = [&](std::size_t at, char byte) {
    std::string changed = good;
    changed[at] = byte;
    return changed;
  };
  EXPECT_FALSE(read_question(with(2, '\x81'))) << "an answer";
  EXPECT_FALSE(read_question(with(2, '\x28'))) << "another operation";
  EXPECT_FALSE(read_question(with(5, 2))) << "two questions";
  EXPECT_FALSE(read_question(with(7, 1))) << "a record";
  EXPECT_FALSE(read_question(with(12, '\xc0'))) << "a pointer";
}

TEST(DnsWire, AnAnswerGoesBackUnderTheNameThatWasAsked) {
  const Question question = *read_question(query(kName));
  const std::string to_core = build_query(question, 77);
  // A core sees a query that it knows.
  EXPECT_EQ(read_question(to_core)->asked, question.forwarded);
  Question of_core{.id = 77, .asked = question.forwarded};
  const std::string from_core = build_answer(of_core, {address(1), address(2)});
  const auto found = read_answer(from_core, question, 77);
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(address(1), address(2)));

  const std::string back = build_answer(question, *found);
  EXPECT_EQ(back.substr(0, 2), "\x12\x34");
  EXPECT_EQ(back.substr(12, question.asked.size()), question.asked);
  EXPECT_EQ(back.size(), 12 + question.asked.size() + 2 * 28);
}

TEST(DnsWire, AnswersOfOthersAreNotTaken) {
  const Question question = *read_question(query(kName));
  const Question of_core{.id = 77, .asked = question.forwarded};
  EXPECT_FALSE(read_answer(build_answer(of_core, {address(1)}), question, 78));
  const Question other{.id = 77,
                       .asked = read_question(query("db.shop.croft." + kLoopback))->forwarded};
  EXPECT_FALSE(read_answer(build_answer(other, {address(1)}), question, 77));
  EXPECT_FALSE(read_answer(build_query(question, 77), question, 77));
  EXPECT_THAT(*read_answer(build_answer(of_core, {}), question, 77), IsEmpty());
  const std::string whole = build_answer(of_core, {address(1), address(2)});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto cut = read_answer(whole.substr(0, length), question, 77);
    if (cut) EXPECT_LT(cut->size(), 2u);
  }
}

TEST(DnsWire, AsManyAsFit) {
  const Question question = *read_question(query(kName));
  const std::string text = build_answer(question, std::vector<Address>(500, address(9)));
  EXPECT_LE(text.size(), kMaxMessageBytes);
  EXPECT_GT(text.size(), kMaxMessageBytes - 28);
}

// A core on ::1 at a port of its own, and the relay in a process of its own.
class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    std::string pattern = testing::TempDir() + "relay-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    core_ = ::socket(AF_INET6, SOCK_DGRAM, 0);
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof at;
    has_ipv6_ = ::bind(core_, reinterpret_cast<sockaddr*>(&at), size) == 0;
    ::getsockname(core_, reinterpret_cast<sockaddr*>(&at), &size);
    limits_.port = ntohs(at.sin6_port);
    set_limit(core_, 5000);
  }
  ~RelayTest() override {
    stop();
    ::close(core_);
    std::filesystem::remove_all(directory_);
  }

  static void set_limit(int fd, int limit_ms) {
    const timeval limit{.tv_sec = limit_ms / 1000, .tv_usec = limit_ms % 1000 * 1000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  void listen() {
    listener_ = listen_at(path());
    ASSERT_GE(listener_, 0);
  }
  void start() {
    pid_ = ::fork();
    if (pid_ == 0) serve(listener_, limits_);
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  std::string path() const { return directory_ / "dns.sock"; }

  int ask(const std::string& message) {
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, path().c_str(), sizeof to.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    set_limit(fd, 5000);
    ::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
    return fd;
  }
  // Bytes of the answer to `fd`, which is closed; empty when the relay closed it.
  static std::string told(int fd) {
    char buffer[4096];
    const ssize_t count = ::recv(fd, buffer, sizeof buffer, 0);
    ::close(fd);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : "";
  }
  static bool nothing_in(const std::string& answer) {
    return answer.size() > 12 && (answer[3] & 0xf) == 3;
  }
  // The next query at the core; answered with `addresses` when there are some.
  void core_answers(const std::vector<Address>& addresses) {
    char buffer[2048];
    sockaddr_in6 from{};
    socklen_t size = sizeof from;
    const ssize_t count =
        ::recvfrom(core_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    ASSERT_GT(count, 0) << "the core was not asked";
    if (addresses.empty()) return;
    const auto question = read_question({buffer, static_cast<std::size_t>(count)});
    ASSERT_TRUE(question);
    const std::string answer = build_answer(*question, addresses);
    ::sendto(core_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }

  std::filesystem::path directory_;
  RelayLimits limits_;
  int core_ = -1;
  int listener_ = -1;
  pid_t pid_ = -1;
  bool has_ipv6_ = false;
};

TEST_F(RelayTest, AsksTheCoreThatTheNameSays) {
  if (!has_ipv6_) GTEST_SKIP() << "no IPv6 here";
  listen();
  start();
  const int fd = ask(query(kName));
  core_answers({address(5)});
  EXPECT_EQ(told(fd), build_answer(*read_question(query(kName)), {address(5)}));
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(RelayTest, AnswersWithoutAnybodyWhatItDoesNotForward) {
  listen();
  start();
  EXPECT_TRUE(nothing_in(told(ask(query("example.org")))));
  EXPECT_EQ(told(ask("nonsense")), "");
  EXPECT_TRUE(nothing_in(told(ask(query("example.org")))));
}

TEST_F(RelayTest, WhatIsAskedWhileItIsAwayIsAnsweredLater) {
  if (!has_ipv6_) GTEST_SKIP() << "no IPv6 here";
  listen();
  const int fd = ask(query(kName));
  start();
  core_answers({address(6)});
  EXPECT_EQ(told(fd), build_answer(*read_question(query(kName)), {address(6)}));
}

TEST_F(RelayTest, ASilentCoreIsWaitedForOnceAndAskedUntilItIsBack) {
  if (!has_ipv6_) GTEST_SKIP() << "no IPv6 here";
  // So long that the test would see it if a second question waited, too.
  limits_.patience = std::chrono::milliseconds(400);
  limits_.give_up = limits_.repeat = std::chrono::milliseconds(20'000);
  listen();
  start();
  const auto took = [&] {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(nothing_in(told(ask(query(kName)))));
    return std::chrono::steady_clock::now() - began;
  };
  EXPECT_GE(took(), std::chrono::milliseconds(390));
  for (int i = 0; i < 20; ++i) EXPECT_LT(took(), std::chrono::milliseconds(200)) << i;
  core_answers({address(7)});  // late: to the one that was waited for
  const int fd = ask(query(kName));
  core_answers({address(8)});
  EXPECT_EQ(told(fd), build_answer(*read_question(query(kName)), {address(8)}));
}

TEST_F(RelayTest, WhatACoreTookWithItIsAskedAgain) {
  if (!has_ipv6_) GTEST_SKIP() << "no IPv6 here";
  limits_.patience = limits_.give_up = std::chrono::milliseconds(5000);
  listen();
  start();
  const int fd = ask(query(kName));
  core_answers({});
  core_answers({address(9)});
  EXPECT_EQ(told(fd), build_answer(*read_question(query(kName)), {address(9)}));
}

TEST_F(RelayTest, ACoreThatIsNotThereIsKnownAtOnce) {
  if (!has_ipv6_) GTEST_SKIP() << "no IPv6 here";
  limits_.patience = std::chrono::milliseconds(3000);
  ::close(core_);
  core_ = -1;
  listen();
  start();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(nothing_in(told(ask(query(kName)))));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(2500));
}

}  // namespace
}  // namespace croft::relay

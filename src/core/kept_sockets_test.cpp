#include "core/kept_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace croft {
namespace {

// As the supervisor has it: both ends outlive those who use them.
struct Shelf {
  Shelf() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
  Shelf(const Shelf&) = delete;
  ~Shelf() {
    for (const int end : ends) ::close(end);
  }
  SocketShelf get() const { return {.in = ends[0], .out = ends[1]}; }
  std::array<int, 2> ends{};
};

struct Bound {
  Fd socket;
  std::uint16_t port = 0;
};

Bound bind_to(const char* address, int type) {
  Bound made{.socket = Fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, address, &at.sin_addr);
  EXPECT_EQ(::bind(made.socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  socklen_t length = sizeof at;
  ::getsockname(made.socket.get(), reinterpret_cast<sockaddr*>(&at), &length);
  made.port = ntohs(at.sin_port);
  return made;
}

bool still_bound(const char* address, std::uint16_t port) {
  const Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &at.sin_addr);
  return ::bind(probe.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0;
}

TEST(KeptSockets, WhatArrivesBetweenTwoRunsIsReadByTheNext) {
  const Shelf shelf;
  std::uint16_t port = 0;
  {
    KeptSockets first(shelf.get());
    const Bound bound = bind_to("127.0.0.2", SOCK_DGRAM);
    port = bound.port;
    ASSERT_TRUE(first.keep({bound.socket.get()}));
  }  // as by SIGKILL: every descriptor of the process is closed
  const Bound asker = bind_to("127.0.0.1", SOCK_DGRAM);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, "127.0.0.2", &to.sin_addr);
  ASSERT_EQ(::sendto(asker.socket.get(), "?", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
            1);
  KeptSockets next(shelf.get());
  EXPECT_FALSE(next.take("127.0.0.2", port, SOCK_STREAM));
  EXPECT_FALSE(next.take("127.0.0.3", port, SOCK_DGRAM));
  EXPECT_FALSE(next.take("127.0.0.2", static_cast<std::uint16_t>(port + 1), SOCK_DGRAM));
  const Fd taken = next.take("127.0.0.2", port, SOCK_DGRAM);
  ASSERT_TRUE(taken);
  char byte = 0;
  EXPECT_EQ(::recv(taken.get(), &byte, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(byte, '?');
  EXPECT_FALSE(next.take("127.0.0.2", port, SOCK_DGRAM)) << "once only";
}

TEST(KeptSockets, OneThatEndsBeforeItListensLosesNothing) {
  const Shelf shelf;
  const Bound bound = bind_to("127.0.0.2", SOCK_DGRAM);
  ASSERT_TRUE(KeptSockets(shelf.get()).keep({bound.socket.get()}));
  {
    const KeptSockets killed(shelf.get());
  }
  EXPECT_TRUE(KeptSockets(shelf.get()).take("127.0.0.2", bound.port, SOCK_DGRAM));
}

TEST(KeptSockets, WhatIsNotKeptAgainIsClosed) {
  const Shelf shelf;
  std::uint16_t port = 0;
  {
    const Bound bound = bind_to("127.0.0.2", SOCK_DGRAM);
    port = bound.port;
    ASSERT_TRUE(KeptSockets(shelf.get()).keep({bound.socket.get()}));
  }
  EXPECT_TRUE(still_bound("127.0.0.2", port));
  KeptSockets next(shelf.get());
  const Bound other = bind_to("127.0.0.3", SOCK_STREAM);
  ASSERT_TRUE(next.keep({other.socket.get()}));
  EXPECT_FALSE(still_bound("127.0.0.2", port));
  next.clear();
  EXPECT_FALSE(KeptSockets(shelf.get()).take("127.0.0.3", other.port, SOCK_STREAM));
}

TEST(KeptSockets, WithoutASupervisorThereIsNothing) {
  KeptSockets none({});
  EXPECT_FALSE(none.take("127.0.0.1", 53, SOCK_DGRAM));
  EXPECT_TRUE(none.keep({0}));
}

}  // namespace
}  // namespace croft

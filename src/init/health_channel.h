// The TCP server that tells the core how the instance is (docs/architecture.md, Health channel).
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "init/loop.h"
#include "model/init_config.h"

namespace croft::init {

class HealthChannel {
 public:
  static constexpr std::size_t kMaxConnections = 8;
  static constexpr std::size_t kMaxLineBytes =
      4096;  // of the core; a longer one ends the connection

  explicit HealthChannel(Loop& loop);
  HealthChannel(const HealthChannel&) = delete;
  HealthChannel& operator=(const HealthChannel&) = delete;
  ~HealthChannel();

  // Listens on every address of the container, IPv6 and IPv4 (IPv4 alone where there is no IPv6).
  // Port 0 takes a free one: see port().
  Status listen(std::uint16_t port);
  std::uint16_t port() const { return port_; }

  // What is sent from now on: at once, and every second.
  void announce(InstanceState state, std::string detail);
  const HealthLine& current() const { return line_; }

  // The core calls this instance leader on a connection that is open.
  bool leader() const;

 private:
  struct Connection {
    Fd socket;
    std::string received;
    bool spoke = false;  // sent a valid CoreLine: it is the core
    bool leader = false;
  };
  using Position = std::list<Connection>::iterator;

  void on_accept();
  bool make_room();
  void on_readable(Position connection);
  bool take_lines(Connection& connection);
  bool send_line(const Connection& connection) const;
  void send_to_all();
  void close(Position connection);

  Loop& loop_;
  Fd listener_;
  std::uint16_t port_ = 0;
  HealthLine line_{InstanceState::kInitializing, {}};
  std::string text_;  // of line_
  std::list<Connection> connections_;
  Timer tick_;
};

}  // namespace croft::init

// The exec-once arbiter on TCP: see OnceBook for who runs when.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/kept_sockets.h"
#include "core/once_book.h"
#include "core/tcp_listener.h"
#include "task/group.h"
#include "task/pool.h"
#include "task/signal.h"

namespace croft {

class OnceServer {
 public:
  // Keeps results in `file`; one that cannot be read is moved aside and said in the log. `pool`
  // outlives the server.
  OnceServer(Runtime& runtime, Pool& pool, std::filesystem::path file);
  OnceServer(const OnceServer&) = delete;
  ~OnceServer();

  // On a socket of `kept` where there is one.
  Status listen(const std::string& address, std::uint16_t port, KeptSockets& kept);
  // Of the listening sockets.
  std::vector<int> descriptors() const;
  // Closes the listening sockets; listen() may follow.
  void close();

  // Only the core that holds the addresses decides and writes. One that begins to reads what the
  // other has kept; one that ends to sends its clients away, who ask the other.
  void set_active(bool active);

  // IP address of an instance → service. A client from an address that is not there waits until it
  // is: an instance may be quicker than the news of it.
  void set_peers(std::map<std::string, std::string> peers);

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  struct Client;
  Task<void> serve(std::shared_ptr<ByteStream> stream, HttpPeer peer);
  Task<void> talk(std::shared_ptr<Client> client);
  Task<std::string> service_of(std::string address);
  Task<void> finish(std::shared_ptr<Client> client, int exit_code);
  Task<void> write_orders(std::shared_ptr<Client> client);
  void deliver(const std::vector<OnceBook::Order>& orders);

  Runtime& runtime_;
  Pool& pool_;
  std::filesystem::path file_;
  Group group_;
  OnceBook book_{OnceRecords{}};
  bool active_ = false;
  std::uint64_t next_client_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Client>> clients_;
  std::map<std::string, std::string> peers_;
  std::map<std::string, std::size_t> connections_by_peer_;
  std::vector<std::unique_ptr<TcpListener>> listeners_;
};

}  // namespace croft

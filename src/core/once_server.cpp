#include "core/once_server.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "core/text_line.h"

namespace croft {
namespace {

constexpr Millis kRequestLimit{10'000};
constexpr Millis kWriteLimit{10'000};
constexpr Millis kUnknownPeerPause{200};
constexpr int kUnknownPeerTries = 300;  // a minute
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxConnections = 2000;
constexpr std::size_t kMaxConnectionsPerPeer = 32;

struct ExitLine {
  int exit_code = -1;
};
BOOST_DESCRIBE_STRUCT(ExitLine, (), (exit_code))

std::string order_line(const OnceBook::Order& order) {
  switch (order.what) {
    case OnceBook::Do::kRun:
      return "{\"do\":\"run\"}\n";
    case OnceBook::Do::kWait:
      return "{\"do\":\"wait\"}\n";
    case OnceBook::Do::kResult:
      break;
  }
  return fmt::format("{{\"result\":{}}}\n", order.result);
}

std::string error_line(std::string_view text) {
  return boost::json::serialize(boost::json::object{{"error", text}}) + "\n";
}

OnceRecords read_records(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) {
    if (text.error().code() != ErrorCode::kNotFound) {
      log_error("exec-once: cannot read the results", {{"error", text.error().describe()}});
    }
    return {};
  }
  auto records = from_json_text<OnceRecords>(*text);
  if (records) return std::move(*records);
  std::error_code ignored;
  std::filesystem::rename(file, file.string() + ".broken", ignored);
  log_error("exec-once: the results are broken and were moved aside; commands may run again",
            {{"file", file.string()}, {"error", records.error().describe()}});
  return {};
}

}  // namespace

struct OnceServer::Client {
  std::uint64_t id = 0;
  std::string address;
  std::shared_ptr<ByteStream> stream;
  std::vector<std::string> outbox;
  bool writing = false;
  bool close_after_writing = false;
};

OnceServer::OnceServer(Runtime& runtime, Pool& pool, std::filesystem::path file)
    : runtime_(runtime), pool_(pool), file_(std::move(file)), group_(runtime) {}

OnceServer::~OnceServer() = default;

Status OnceServer::listen(const std::string& address, std::uint16_t port, KeptSockets& kept) {
  const auto serve_one = [this](std::shared_ptr<ByteStream> stream, HttpPeer peer) {
    return serve(std::move(stream), std::move(peer));
  };
  listeners_.push_back(std::make_unique<TcpListener>(runtime_, group_, serve_one, kMaxConnections));
  if (Fd socket = kept.take(address, port, SOCK_STREAM)) {
    listeners_.back()->listen(std::move(socket));
    return {};
  }
  auto listening = listeners_.back()->listen(address, port);
  if (!listening) return fail(std::move(listening).error());
  return {};
}

std::vector<int> OnceServer::descriptors() const {
  std::vector<int> all;
  for (const auto& listener : listeners_) all.push_back(listener->descriptor());
  return all;
}

void OnceServer::close() {
  listeners_.clear();
}

void OnceServer::set_active(bool active) {
  if (active == active_) return;
  active_ = active;
  if (active) book_ = OnceBook(read_records(file_));
  if (active) return;
  for (const auto& [id, client] : clients_) client->stream->close();
}

void OnceServer::set_peers(std::map<std::string, std::string> peers) {
  peers_ = std::move(peers);
}

void OnceServer::deliver(const std::vector<OnceBook::Order>& orders) {
  for (const OnceBook::Order& order : orders) {
    const auto it = clients_.find(order.client);
    if (it == clients_.end()) continue;
    const auto& client = it->second;
    client->outbox.push_back(order_line(order));
    client->close_after_writing = order.what == OnceBook::Do::kResult;
    if (!client->writing) {
      client->writing = true;
      group_.spawn("once write", write_orders(client));
    }
  }
}

Task<void> OnceServer::write_orders(std::shared_ptr<Client> client) {
  bool good = true;
  while (good && !client->outbox.empty()) {
    std::string line = std::move(client->outbox.front());
    client->outbox.erase(client->outbox.begin());
    const Status sent = co_await client->stream->write_all(std::move(line), kWriteLimit);
    good = sent.has_value();
  }
  client->writing = false;
  if (!good) {
    client->stream->close();
  } else if (client->close_after_writing) {
    co_await client->stream->shutdown_write();
  }
}

Task<std::string> OnceServer::service_of(std::string address) {
  for (int i = 0; i < kUnknownPeerTries; ++i) {
    const auto it = peers_.find(address);
    // Packets for the addresses may come before the news that they are here.
    if (active_ && it != peers_.end()) co_return it->second;
    co_await sleep_for(kUnknownPeerPause);
  }
  co_return std::string();
}

Task<void> OnceServer::finish(std::shared_ptr<Client> client, int exit_code) {
  if (!active_) co_return;
  const auto orders = book_.finish(client->id, exit_code);
  if (orders.empty()) co_return;
  // Durable before anybody hears of it: a result that was told must never be run again. Writes of
  // two runs cannot overtake each other, the pool has one thread.
  std::string text = to_json_text(book_.records());
  const std::filesystem::path file = file_;
  const Status written = co_await run_blocking(
      pool_, [text = std::move(text), file] { return write_file_atomically(file, text); });
  if (!written) {
    log_error("exec-once: cannot keep the result; it counts until the core restarts",
              {{"file", file_.string()}, {"error", written.error().describe()}});
  }
  deliver(orders);
}

Task<void> OnceServer::serve(std::shared_ptr<ByteStream> stream, HttpPeer peer) {
  std::size_t& connections = connections_by_peer_[peer.address];
  if (connections >= kMaxConnectionsPerPeer) {
    co_await stream->write_all(error_line("too many execOnce at a time in this container"),
                               kWriteLimit);
    co_return;
  }
  ++connections;
  auto client = std::make_shared<Client>();
  client->id = next_client_++;
  client->address = peer.address;
  client->stream = std::move(stream);
  clients_[client->id] = client;
  co_await talk(client);
  clients_.erase(client->id);
  deliver(book_.leave(client->id));
  client->stream->close();
  if (--connections_by_peer_[client->address] == 0) connections_by_peer_.erase(client->address);
}

Task<void> OnceServer::talk(std::shared_ptr<Client> client) {
  LineBuffer lines(kMaxLineBytes);
  bool asked = false;
  while (!lines.overfull()) {
    auto piece = co_await client->stream->read_some(1024, asked ? kNoLimit : kRequestLimit);
    if (!piece || piece->empty()) co_return;
    lines.add(*piece);
    while (const auto text = lines.next()) {
      if (asked) {
        const auto line = from_json_text<ExitLine>(*text);
        if (!line || line->exit_code < 0 || line->exit_code > 255) co_return;
        co_await finish(client, line->exit_code);
        continue;
      }
      const auto request = from_json_text<OnceRequest>(*text);
      if (!request || request->key.empty() || request->key.size() > kMaxOnceKeyBytes) {
        co_await client->stream->write_all(
            error_line(fmt::format("the key must have 1 to {} bytes", kMaxOnceKeyBytes)),
            kWriteLimit);
        co_return;
      }
      const std::string service = co_await service_of(client->address);
      if (service.empty()) {
        co_await client->stream->write_all(
            error_line("this container is not known as an instance of the project"), kWriteLimit);
        co_return;
      }
      asked = true;
      deliver({book_.ask(client->id, service, *request)});
    }
  }
}

Task<void> OnceServer::stop() {
  close();
  for (const auto& [id, client] : clients_) client->stream->close();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft
